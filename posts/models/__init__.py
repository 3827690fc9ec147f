"""Database models of the app, one file per model."""

from posts.models.appeal import Appeal
from posts.models.case import Case
from posts.models.comment import Comment
from posts.models.draft import Draft
from posts.models.flag import Flag
from posts.models.guest import GuestComment
from posts.models.helpful import Helpful
from posts.models.log_entry import LogEntry
from posts.models.question import Question
from posts.models.reading import Reading
from posts.models.revision import Revision
from posts.models.rules import CannedReason, Note, Rules, WatchedWord
from posts.models.site_choices import SiteChoices
from posts.models.thread import Thread

__all__ = [
    "Appeal",
    "CannedReason",
    "Case",
    "Comment",
    "Draft",
    "Flag",
    "GuestComment",
    "Helpful",
    "LogEntry",
    "Note",
    "Question",
    "Reading",
    "Revision",
    "Rules",
    "SiteChoices",
    "Thread",
    "WatchedWord",
]
