"""Template tags for all pages: dates with times, and widgets of forms."""
