"""Settings that the owner of the site changes in the admin."""

from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class SiteChoices(models.Model):
    """The single row of the owner's settings."""

    guests_may_comment = models.BooleanField(
        _("Guests may comment"),
        default=True,
        help_text=_(
            "Without an account, under a name of their own. Each of these comments waits for a moderator’s review."
        ),
    )
    visitors_may_flag = models.BooleanField(
        _("Visitors may flag"),
        default=True,
        help_text=_("Without an account. Flags of visitors never hide a comment by themselves."),
    )
    hide_at = models.PositiveSmallIntegerField(
        _("Flags hide a comment from this weight on"),
        default=10,
        validators=[MinValueValidator(1)],
        help_text=_(
            "A member’s flag weighs 2, a trusted member’s 3; so 10 is as much as five ordinary members. All flags of "
            "newcomers and visitors together weigh 1, and one member alone hides nothing; a moderator’s flag does."
        ),
    )
    first_held = models.PositiveSmallIntegerField(_("How many first comments of a new member are held"), default=2)
    links_let_through = models.PositiveSmallIntegerField(
        _("Links in a comment that are let through"), default=2, help_text=_("A comment with more is held for review.")
    )

    class Meta:
        verbose_name = _("choices for the site")
        verbose_name_plural = _("choices for the site")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="site_choices_are_one_row")]

    def __str__(self) -> str:
        return str(_("Choices for the site"))

    @classmethod
    def present(cls) -> Self:
        """Return the current settings, or the defaults if none are stored.

        Makes one query.
        """
        return cls.objects.filter(pk=1).first() or cls(pk=1)
