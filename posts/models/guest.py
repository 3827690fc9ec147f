"""Data about guests, who comment without an account."""

from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class GuestCommentQuerySet(models.QuerySet):
    """Queries on comments of guests."""

    def written_from(self, addresses: Iterable[str]) -> Self:
        """Return the unclaimed comments whose guest gave one of these e-mail `addresses`, except removed ones.

        A claim erases the address, so claimed comments are never found.
        """
        mine = [address.lower() for address in addresses]
        return self.alias(address=Lower("email")).filter(address__in=mine, comment__removed_at=None).exclude(email="")


class GuestComment(models.Model):
    """A comment of a guest with the e-mail address the guest gave, if any.

    The address is never shown. It only serves to claim the comment later. The comment itself has no author and has the
    guest's name as its byline.
    """

    comment = models.OneToOneField("posts.Comment", primary_key=True, on_delete=models.CASCADE, related_name="guest")
    email = models.EmailField(max_length=254, blank=True)
    written_at = models.DateTimeField(_("written"))

    objects = GuestCommentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(Lower("email"), name="guest_comment_email", condition=~models.Q(email="")),
            models.Index(fields=["written_at"], name="guest_comment_by_age", condition=~models.Q(email="")),
        ]

    def __str__(self) -> str:
        return str(self.comment_id)
