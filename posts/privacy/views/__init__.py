"""Pages to download one's own data."""
