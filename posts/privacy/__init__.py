"""What a member can take along: everything they wrote, as a page and as JSON."""
