"""The desk for people: the accounts' own page with the verbs of moderators."""

from datetime import timedelta

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin import PersonAdmin
from accounts.models import User
from posts.actions import sanctioning, verifying
from posts.admin.desk import Desk, ReasonForm, act


class SuspensionForm(ReasonForm):
    """For how long, and why."""

    days = forms.TypedChoiceField(
        label=_("For how long"), coerce=int, initial=7,
        choices=[
            (1, _("24 hours")), (3, _("72 hours")), (7, _("7 days")), (28, _("28 days")),
            (0, _("For good: a ban, until it is ended")),
        ],
    )  # fmt: skip
    field_order = ["days", "reason"]

    def clean(self):
        """`until`, the moment the suspension ends, in place of the number of days."""
        data = super().clean()
        days = data.pop("days", 0)
        data["until"] = timezone.now() + timedelta(days=days) if days else None
        return data


class VerificationForm(ReasonForm):
    """What was checked, as readers will see it, and how."""

    profession = forms.CharField(label=_("Profession"), max_length=80, help_text=_("As readers will see it."))
    regulator = forms.CharField(label=_("Regulator"), max_length=120, help_text=_("Whose register you looked at."))
    region = forms.CharField(label=_("Country or state"), max_length=12, help_text=_("Short: US-MD, GB."))
    method = forms.CharField(label=_("How you checked"), max_length=200)
    field_order = ["profession", "regulator", "region", "method", "reason"]


admin.site.unregister(User)


@admin.register(User)
class PersonDesk(PersonAdmin):
    """The accounts' desk with the verbs about people."""

    actions = [
        act(sanctioning.warn, "person", _("Warn")),
        act(sanctioning.watch, "person", _("Put under watch")),
        act(sanctioning.unwatch, "person", _("End the watch")),
        act(sanctioning.suspend, "person", _("Suspend or ban"), SuspensionForm),
        act(sanctioning.unsuspend, "person", _("End the suspension")),
        act(sanctioning.trust, "person", _("Trust")),
        act(sanctioning.untrust, "person", _("No longer trust")),
        act(verifying.grant, "person", _("Verify as a clinician"), VerificationForm),
        act(verifying.revoke, "person", _("Revoke the verification")),
    ]

    describe = Desk.describe

    def has_moderate_permission(self, request):
        """May use the actions of the list."""
        return request.user.can_moderate()
