"""Pages on which members download their own data."""
