"""What all forms of the forum share: fields for text, and how a submitted form becomes an act or an error.

Knows models, threads and reading. What is special to writing a text (drafts, previews) is in posts.writing.
"""
