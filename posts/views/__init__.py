"""The doors in a browser."""
