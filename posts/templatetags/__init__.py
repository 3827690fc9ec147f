"""Template tags of the review queue."""
