"""The verbs of those who have not sent yet: keep what is typed, discard it, forget what was sent or is old.

Whoever types is faster than the line: what was kept on the way may arrive when the text is sent already. `keep` and
`forget_sent` wait for each other, and `keep` takes nothing whose form has done its work.
"""

import json

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from forum.form_fields import TYPED
from posts.models import Comment, Draft
from posts.models.draft import KEPT_FOR, MOST_CHARACTERS, MOST_DRAFTS, PLACE
from posts.threads import exceptions
from posts.threads.exceptions import Refused

# What of a form is kept, and which of it are words: a draft without any is none.
FIELDS = ("source", "standpoint", "question", "title", "question_1", "asks_1", "question_2", "asks_2")
TEXTS = TYPED

KEEP = """
INSERT INTO posts_draft (person_id, place, comment_id, thread_id, fields, key, saved_at)
SELECT %(person)s, %(place)s, %(comment)s, %(thread)s, %(fields)s::jsonb, %(key)s, %(at)s
WHERE NOT EXISTS (SELECT 1 FROM posts_comment WHERE {sent})
ON CONFLICT (person_id, place) DO UPDATE SET fields = excluded.fields, key = excluded.key, saved_at = excluded.saved_at
RETURNING xmax = 0
"""
# A new text is sent when a comment came of its form; a change, when its comment is not what it began from any more.
SENT = KEEP.format(sent="author_id = %(person)s AND key = %(key)s")
CHANGED = KEEP.format(
    sent="id = %(comment)s AND left(encode(sha256(convert_to(source, 'UTF8')), 'hex'), 40) <> %(key)s"
)


@transaction.atomic
def save(*, person, place, fields, key, at=None):
    """Keeps `fields` as the one draft of `person` at `place`; gives whether that was done.

    It is not where the text was sent meanwhile, and where nothing is left of it the draft goes. Raises
    Comment.DoesNotExist for a comment they cannot know of, Refused for too much, PermissionDenied.
    """
    comment = _about(person, place)
    fields = {name: _clean(fields[name]) for name in FIELDS if fields.get(name)}
    if not any(fields.get(name, "").strip() for name in TEXTS):
        discard(person=person, place=place)
        return False
    written = json.dumps(fields, ensure_ascii=False)
    if len(written) > MOST_CHARACTERS:
        raise Refused(exceptions.DRAFT_TOO_LONG)
    at = at or timezone.now()
    _wait_for_others(person, place)
    with connection.cursor() as cursor:
        cursor.execute(
            CHANGED if place.startswith("edit:") else SENT,
            {
                "person": person.pk,
                "place": place,
                "comment": comment and comment.pk,
                "thread": comment and comment.thread_id,
                "fields": written,
                "key": key[:40],
                "at": at,
            },
        )
        row = cursor.fetchone()
    if row and row[0]:
        _make_room(person, at)
    return row is not None


def discard(*, person, place):
    """`person` does not want the draft at `place` any more."""
    Draft.objects.filter(person=person, place=place).delete()


def delete_sent(*, person, place):
    """What `person` wrote at `place` is being sent, in this transaction: its draft goes, and so will a late one."""
    _wait_for_others(person, place)
    discard(person=person, place=place)


def delete_expired(at):
    """Deletes every draft that nobody is offered any more at the moment `at`; gives how many."""
    return Draft.objects.filter(saved_at__lte=at - KEPT_FOR).delete()[0]


def draft_at(*, person, place, at=None):
    """The draft that `person` is offered at `place`, or None."""
    return Draft.objects.kept(person, at or timezone.now()).filter(place=place).first()


def _about(person, place):
    """The Comment that is written about at `place`, None for a new thread; raises Comment.DoesNotExist."""
    if not person.is_active:
        raise PermissionDenied
    found = PLACE.fullmatch(place)
    if found is None:
        raise Comment.DoesNotExist
    kind, pk = found.groups()
    if kind is None:
        return None
    known = Comment.objects.visible_to(person)
    if kind == "edit":
        known = known.filter(author=person)
    if not person.moderates:
        known = known.filter(thread__withdrawn_at=None)
    return known.only("thread_id").get(pk=pk)


def _clean(text):
    """`text` as a browser shows it, without what PostgreSQL cannot keep."""
    return text.replace("\r\n", "\n").replace("\0", "").encode("utf-8", "ignore").decode()


def _wait_for_others(person, place):
    # a lock on a row would do, but there may be none yet
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"posts_draft {person.pk} {place}"])


def _make_room(person, at):
    """For a new draft the oldest beyond MOST_DRAFTS go, and what is old anyway."""
    latest = Draft.objects.kept(person, at).order_by("-saved_at", "-id").values_list("pk", flat=True)[:MOST_DRAFTS]
    Draft.objects.filter(person=person).exclude(pk__in=list(latest)).delete()
