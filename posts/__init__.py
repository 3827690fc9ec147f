"""Threads, comments and moderation: the forum itself. The packages and their order are in docs/architecture.md."""
