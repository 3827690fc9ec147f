"""The nouns of the talk, one file each."""

from posts.models.comment import Comment
from posts.models.modlog import LogEntry
from posts.models.question import Question
from posts.models.revision import Revision
from posts.models.thread import Thread

__all__ = ["Comment", "LogEntry", "Question", "Revision", "Thread"]
