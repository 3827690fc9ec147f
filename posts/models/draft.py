"""A text that is not sent yet, kept for its writer."""

import re
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

KEPT_FOR = timedelta(days=180)
MOST_DRAFTS = 100
# of all fields of a draft together, as JSON; an opening post at its limit fits twice
MOST_CHARACTERS = 250_000
PLACE = re.compile(r"thread|(reply|edit):([1-9][0-9]{0,17})")


class DraftQuerySet(models.QuerySet):
    """Questions about many drafts."""

    def kept(self, person, at):
        """What `person` is offered at the moment `at`: nothing that should be forgotten by then."""
        return self.filter(person=person, saved_at__gt=at - KEPT_FOR)


class Draft(models.Model):
    """What a member typed and has not sent: at most one per person and place, for that person's eyes only.

    `place` is "reply:ID" or "edit:ID" of the `comment` it is about (in `thread`), or "thread" for a new one. `fields`
    are those of the form by name. `key` is the one-time key of that form, or for a change the mark of the text it
    began from: by it a draft that comes after its text was sent is known and refused (see posts.writing.drafts).
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

    def __str__(self):
        return f"{self.person_id} at {self.place}"

    def get_absolute_url(self):
        """The page of the form, where it can be gone on with."""
        return address_of(self.place)

    @property
    def is_change(self):
        """Of a comment of one's own, rather than something new."""
        return self.place.startswith("edit:")

    @property
    def can_be_sent(self):
        """Whether its form still opens: what it is about is there, in a thread that is open."""
        if self.comment is None:
            return True
        return self.comment.is_editable_by(self.person) if self.is_change else self.comment.accepts_replies()


def address_of(place):
    """The page of the form that writes at `place`."""
    kind, _colon, pk = place.partition(":")
    return f"/c/{pk}/{kind}/" if pk else "/t/new/"
