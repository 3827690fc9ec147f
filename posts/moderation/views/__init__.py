"""Views about moderation for members and readers: flags, statements, appeals, the public log and its numbers."""
