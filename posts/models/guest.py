"""What is known of a guest: somebody who commented without an account."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class GuestCommentQuerySet(models.QuerySet):
    """Questions about many comments of guests."""

    def written_from(self, addresses):
        """Those whose guest gave one of these e-mail addresses; a claim erases it, so nobody has claimed them."""
        mine = [address.lower() for address in addresses]
        return self.alias(address=Lower("email")).filter(address__in=mine).exclude(email="")


class GuestComment(models.Model):
    """A comment of a guest, and the e-mail address they gave with it, if any: nobody sees it, and it serves to claim.

    The comment itself has no author, and the guest's name as its byline.
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

    def __str__(self):
        return str(self.comment_id)
