"""Admin pages for moderators: the review queue, lists of comments, people and the log, rules and settings.

Lists and rows are read-only. Changes are made by actions that call functions of posts.moderation.
"""

from posts.moderation.admin import cases, comments, log, people, rules, site_choices, threads

__all__ = ["cases", "comments", "log", "people", "rules", "site_choices", "threads"]
