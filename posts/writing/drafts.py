"""Save and discard drafts, and delete those that were sent or have expired.

A browser's request to save a draft may arrive after the text was sent. `save` and `delete_sent` therefore wait for each
other, and `save` refuses a draft whose form was already sent.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from forum.form_fields import TYPED
from posts.models import Comment, Draft
from posts.models.draft import KEPT_FOR, MOST_BYTES, MOST_CHARACTERS, MOST_DRAFTS, PLACE
from posts.threads import exceptions
from posts.threads.exceptions import Refused

# The form fields that a draft keeps, and the text fields among all fields. A draft without any text is not stored.
FIELDS = ("source", "standpoint", "question", "title", "question_1", "asks_1", "question_2", "asks_2")
TEXTS = TYPED

KEEP = """
INSERT INTO posts_draft (person_id, place, comment_id, thread_id, fields, key, saved_at)
SELECT %(person)s, %(place)s, %(comment)s, %(thread)s, %(fields)s::jsonb, %(key)s, %(at)s
WHERE NOT EXISTS (SELECT 1 FROM posts_comment WHERE {sent})
ON CONFLICT (person_id, place) DO UPDATE SET fields = excluded.fields, key = excluded.key, saved_at = excluded.saved_at
RETURNING xmax = 0
"""
# A new text was sent if there is a comment with the key of its form. An edit was sent if the comment no longer has the
# text that the edit started from.
SENT = KEEP.format(sent="author_id = %(person)s AND key = %(key)s")
CHANGED = KEEP.format(
    sent="id = %(comment)s AND left(encode(sha256(convert_to(source, 'UTF8')), 'hex'), 40) <> %(key)s"
)


@transaction.atomic
def save(*, person: User, place: str, fields: Mapping[str, str], key: str, at: datetime | None = None) -> bool:
    """Store `fields` as the only draft of `person` at `place`, and return whether it was stored.

    It is not stored if the text was sent meanwhile. If it has no text left, the existing draft is deleted. Raises
    Comment.DoesNotExist for a comment that the person may not know of, Refused if it is too long or the
    person's drafts together have more than MOST_BYTES, or PermissionDenied.
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
    # Drafts that are saved at the same moment do not see each other, so one for each thread may exceed the limit.
    others = Draft.objects.kept(person, at).exclude(place=place)
    if others.size() + len(written.encode()) > MOST_BYTES:
        raise Refused(exceptions.TOO_MANY_DRAFTS)
    _wait_for_others(person, place)
    with connection.cursor() as cursor:
        cursor.execute(
            CHANGED if place.startswith("edit:") else SENT,
            {
                "person": person.pk,
                "place": place,
                "comment": comment.pk if comment else None,
                "thread": comment.thread_id if comment else None,
                "fields": written,
                "key": _clean(key)[:40],
                "at": at,
            },
        )
        row = cursor.fetchone()
    if row and row[0]:
        _make_room(person, at)
    return row is not None


def discard(*, person: User, place: str) -> None:
    """Delete the draft of `person` at `place`."""
    Draft.objects.filter(person=person, place=place).delete()


def delete_sent(*, person: User, place: str) -> None:
    """Delete the draft of the text that `person` sends at `place` in this transaction.

    A draft of the same form that arrives later is refused by `save`.
    """
    _wait_for_others(person, place)
    discard(person=person, place=place)


def delete_expired(at: datetime) -> int:
    """Delete all drafts that have expired at the time `at`, and return how many."""
    return Draft.objects.filter(saved_at__lte=at - KEPT_FOR).delete()[0]


def draft_at(*, person: User, place: str, at: datetime | None = None) -> Draft | None:
    """Return the draft of `person` at `place`, or None if there is none or it has expired."""
    return Draft.objects.kept(person, at or timezone.now()).filter(place=place).first()


def _about(person: User, place: str) -> Comment | None:
    """Return the Comment that `place` is about, or None for a new thread. Raises Comment.DoesNotExist."""
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


def _clean(text: str) -> str:
    """Return `text` with line ends as browsers show them, without characters that PostgreSQL cannot store."""
    return text.replace("\r\n", "\n").replace("\0", "").encode("utf-8", "ignore").decode()


def _wait_for_others(person: User, place: str) -> None:
    """Wait for other transactions that change the draft of `person` at `place`."""
    # An advisory lock, because the row may not exist yet.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"posts_draft {person.pk} {place}"])


def _make_room(person: User, at: datetime) -> None:
    """Delete the person's oldest drafts beyond MOST_DRAFTS and the expired ones."""
    latest = Draft.objects.kept(person, at).order_by("-saved_at", "-id").values_list("pk", flat=True)[:MOST_DRAFTS]
    Draft.objects.filter(person=person).exclude(pk__in=list(latest)).delete()
