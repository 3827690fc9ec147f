"""Forms by which members and visitors contact moderators: a flag, an appeal, a request for verification."""

from django import forms
from django.utils.translation import gettext_lazy as _

from posts.forms.fields import BareForm, TextField, VisibleCharField
from posts.models import Flag
from posts.models.appeal import APPEAL_MAX_LENGTH
from posts.models.flag import NOTE_MAX_LENGTH


class FlagForm(BareForm):
    """The reason for flagging a comment, and a note."""

    reason = forms.ChoiceField(label=_("What is it?"), choices=Flag.Reason.choices, widget=forms.RadioSelect)
    note = TextField(
        label=_("Anything a moderator should know"),
        required=False,
        min_length=None,
        max_length=NOTE_MAX_LENGTH,
        rows=4,
        help_text=_("Only moderators read it."),
    )


class AppealForm(BareForm):
    """The text of an appeal against a decision."""

    text = TextField(
        label=_("Why do you think that this was wrong?"),
        min_length=10,
        max_length=APPEAL_MAX_LENGTH,
        rows=8,
        help_text=_("Another moderator reads it, if there is one. You can appeal once against a decision."),
    )


class ClinicianForm(BareForm):
    """The data by which a moderator can find a clinician in a register."""

    profession = VisibleCharField(
        label=_("Your profession"), max_length=80, help_text=_("As readers will see it: “Psychologist”.")
    )
    regulator = VisibleCharField(
        label=_("Licensing or registration body"), max_length=120, help_text=_("The body that keeps the register.")
    )
    region = VisibleCharField(
        label=_("Country or state"), max_length=40, help_text=_("Such as GB, or US-MD for Maryland.")
    )
    number = VisibleCharField(
        label=_("Registration number"),
        max_length=60,
        required=False,
        help_text=_("If your register has numbers. Erased with the answer."),
    )
    evidence = TextField(
        label=_("What else helps to find you"),
        required=False,
        min_length=None,
        max_length=2_000,
        rows=4,
        help_text=_("Such as the name you are registered under, or the address of your entry. Erased with the answer."),
    )
