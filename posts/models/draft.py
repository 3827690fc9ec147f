"""Drafts: texts that members have not sent yet."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Func, Q, Sum
from django.db.models.functions import Cast, Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User

KEPT_FOR = timedelta(days=180)
MOST_DRAFTS = 100
# Of all fields of a draft together, as JSON. This is twice the limit of an opening post.
MOST_CHARACTERS = 250_000
# Bytes of all drafts of a person together, as JSON. A draft of MOST_CHARACTERS has at most 1,000,000.
MOST_BYTES = 5 * 1024 * 1024
PLACE = re.compile(r"thread|(reply|edit):([1-9][0-9]{0,17})")


class DraftQuerySet(models.QuerySet):
    """Queries on drafts."""

    def kept(self, person: "User", at: datetime) -> Self:
        """Return the drafts of `person` that have not expired at the time `at`."""
        return self.filter(person=person, saved_at__gt=at - KEPT_FOR)

    def size(self) -> int:
        """Return how many bytes the fields of these drafts have together, as JSON."""
        octets = Func(Cast("fields", models.TextField()), function="octet_length", output_field=models.IntegerField())
        return self.aggregate(size=Sum(octets, default=0))["size"]


class Draft(models.Model):
    """A text that a member typed and has not sent, visible only to that member.

    There is at most one draft per person and place. `place` is "reply:ID" or "edit:ID" of the `comment` it is about (in
    `thread`), or "thread" for a new thread. `fields` has the values of the form by field name.

    `key` is the one-time key of the form, or for an edit the fingerprint of the text that the edit started from. With
    it, a draft that arrives after its text was sent is recognised and refused (see posts.writing.drafts).
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    place = models.CharField(max_length=30)
    comment = models.ForeignKey("posts.Comment", null=True, on_delete=models.CASCADE, related_name="+")
    thread = models.ForeignKey("posts.Thread", null=True, on_delete=models.CASCADE, related_name="+")
    fields = models.JSONField()
    key = models.CharField(max_length=40, blank=True)
    saved_at = models.DateTimeField()

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint(fields=["person", "place"], name="draft_one_per_person_and_place"),
            models.CheckConstraint(
                condition=Q(place="thread", comment=None, thread=None)
                | Q(place__regex=r"^(reply|edit):[1-9]", comment__isnull=False, thread__isnull=False),
                name="draft_place_is_what_it_is_about",
            ),
            models.CheckConstraint(
                condition=Q(LessThanOrEqual(Length(Cast("fields", models.TextField())), MOST_CHARACTERS)),
                name="draft_not_too_long",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-saved_at", "-id"], name="draft_of_person_latest"),
            models.Index(fields=["person", "thread"], name="draft_of_person_in_thread"),
            models.Index(fields=["saved_at"], name="draft_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} at {self.place}"

    def get_absolute_url(self) -> str:
        """Return the address of the form in which the member can continue the draft."""
        return address_of(self.place)

    @property
    def is_change(self) -> bool:
        """Return whether the draft is an edit of the member's own comment."""
        return self.place.startswith("edit:")

    @property
    def can_be_sent(self) -> bool:
        """Return whether the form still opens, because its comment accepts replies or edits."""
        if self.comment is None:
            return True
        return self.comment.is_editable_by(self.person) if self.is_change else self.comment.accepts_replies()


def address_of(place: str) -> str:
    """Return the address of the form for `place`."""
    kind, _colon, pk = place.partition(":")
    return f"/c/{pk}/{kind}/" if pk else "/t/new/"
