"""Every change of a stored comment: who may make it, how it is stored and counted, and what it was before.

Knows models and pure functions only; nothing of pages, moderation or mails.
"""
