"""The nouns of the talk, one file each."""

from posts.models.comment import Comment
from posts.models.draft import Draft
from posts.models.guest import GuestComment
from posts.models.helpful import Helpful
from posts.models.modlog import LogEntry
from posts.models.question import Question
from posts.models.reading import Reading
from posts.models.revision import Revision
from posts.models.site import SiteChoices
from posts.models.thread import Thread

__all__ = [
    "Comment", "Draft", "GuestComment", "Helpful", "LogEntry", "Question", "Reading", "Revision", "SiteChoices",
    "Thread",
]  # fmt: skip
