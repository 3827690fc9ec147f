"""Template tags of every page: moments and the widgets of forms."""
