"""Moderation: cases and the review queue, decisions, sanctions, appeals, undo, the audit log, and notices.

A reply is screened in the transaction that stores it, so posts.writing calls this package and never the other way.
"""
