"""Where a new comment stands in the tree."""

from django.core.exceptions import PermissionDenied
from django.db import connection

from posts import tree
from posts.models import Comment


def settle(comment, parent, question):
    """Gives `comment` its thread, its place under `parent`, and the question it answers; it is not saved yet."""
    comment.thread = parent.thread
    comment.question_id = _question_of_branch(parent, question)
    find_place(comment, parent)


def _question_of_branch(parent, question):
    """The id of the question a reply to `parent` answers: its branch’s, or under the opening post the one given."""
    if parent.depth > 0:
        return parent.question_id
    if question is not None and question.thread_id != parent.thread_id:
        raise PermissionDenied
    return question and question.pk


def find_place(comment, parent):
    """Gives `comment` its id, path and place under `parent`; it is not saved yet.

    The id is drawn first, because the path ends in it. Below the deepest level the index allows, a reply becomes its
    parent's neighbour.
    """
    if parent is not None and parent.depth >= tree.DEEPEST:
        parent = parent.parent
        parent.thread = comment.thread
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Comment._meta.db_table])
        comment.pk = cursor.fetchone()[0]
    comment.parent = parent
    comment.path = tree.child_path(parent.path if parent else "", comment.pk)
    comment.depth = tree.depth_of(comment.path)
