"""Changes of stored comments: who may make them, how they are stored and counted, and how to undo them.

Uses models and pure functions only. Must not know of pages, moderation or mails.
"""
