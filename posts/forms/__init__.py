"""Shared parts of all forms: text fields, and turning a submitted form into an action or an error.

Uses models, threads and reading. What only forms for writing need (drafts, previews) is in posts.writing.
"""
