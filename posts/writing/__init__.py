"""What members and guests write: comments, threads, drafts, previews, and rendering stored texts anew.

Calls posts.moderation to screen a text. Knows nothing of search, export and importers.
"""
