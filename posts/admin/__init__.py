"""The moderators' desk: Django's own admin over the talk. Its actions call the verbs; nothing is edited or deleted."""

from posts.admin import comments, log, people, site, threads

__all__ = ["comments", "log", "people", "site", "threads"]
