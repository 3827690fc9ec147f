"""Models of clinicians' verifications and of requests for them."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class VerificationQuerySet(models.QuerySet):
    """Queries on verifications."""

    def in_force(self, at: datetime) -> "VerificationQuerySet":
        """Return the verifications that are neither expired at `at` nor revoked."""
        return self.filter(expires_at__gt=at, revoked_at=None)


class Verification(models.Model):
    """The record that a person was verified as a clinician: what was checked, where, when, who did it, and its expiry.

    The registration number is not stored. Rows are never changed, except for `revoked_at`.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="verifications", verbose_name=_("person")
    )
    profession = models.CharField(
        _("profession"), max_length=80, help_text=_("As readers will see it: “Psychologist”.")
    )
    regulator = models.CharField(_("regulator"), max_length=120, help_text=_("Whose register was looked at."))
    region = models.CharField(_("country or state"), max_length=40, help_text=_("Such as GB, or US-MD for Maryland."))
    method = models.CharField(_("how it was checked"), max_length=200)
    checked_at = models.DateTimeField(_("checked"))
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("checked by")
    )
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("clinician’s verification")
        verbose_name_plural = _("clinicians’ verifications")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("checked_at")), name="verification_expires_after_check"
            ),
            models.CheckConstraint(condition=~models.Q(method=""), name="verification_has_method"),
        ]

    def __str__(self) -> str:
        return f"{self.profession}, {self.region}"

    def is_in_force(self, at: datetime) -> bool:
        """Return whether the verification is neither expired at `at` nor revoked."""
        return self.revoked_at is None and self.expires_at > at


class VerificationRequest(models.Model):
    """A person's request to be verified as a clinician, with the register that lists them.

    `number` (the registration number) and `evidence` (other details that help to find the person) are for the moderator
    who checks. Both are erased with the decision, which a constraint enforces. A person has at most one open request.
    """

    class Outcome(models.TextChoices):
        OPEN = "", _("waiting for a moderator")
        GRANTED = "granted", _("verified")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="verification_requests",
        verbose_name=_("person"),
    )
    profession = models.CharField(_("profession"), max_length=80)
    regulator = models.CharField(_("regulator"), max_length=120)
    region = models.CharField(_("country or state"), max_length=40)
    number = models.CharField(_("registration number"), max_length=60, blank=True)
    evidence = models.TextField(_("what else helps to find you"), blank=True)
    asked_at = models.DateTimeField(_("asked"))
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome, blank=True, default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("request for verification")
        verbose_name_plural = _("requests for verification")
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(outcome=""), name="verification_request_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="", decided_at=None)
                | (~models.Q(outcome="") & models.Q(decided_at__isnull=False, number="", evidence="")),
                name="verification_request_erased_when_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profession}, {self.region}"
