"""Threads, comments and moderation. docs/architecture.md lists the packages and their order."""
