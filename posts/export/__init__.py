"""What somebody takes along (see posts.actions.exporting) as a file: one writer for each kind, piece by piece."""
