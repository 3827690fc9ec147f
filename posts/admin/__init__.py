"""The moderators' desk: Django's own admin over the talk. Its actions call the verbs; nothing is edited or deleted."""

from posts.admin import cases, comments, log, people, rules, site, threads

__all__ = ["cases", "comments", "log", "people", "rules", "site", "threads"]
