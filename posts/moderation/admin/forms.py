"""Forms of moderators: decisions, answers and notes."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User, VerificationRequest
from posts.forms.fields import BareForm, TextField, VisibleCharField
from posts.models import Appeal, CannedReason, Comment, LogEntry, Rules
from posts.moderation.admin.base import IT_FITS, rule_choices
from posts.moderation.admin.case import CaseItem
from posts.moderation.appeal_answers import STAYS, is_about_comment, milder_acts, milder_sanctions
from posts.moderation.sanctions import SANCTIONS, may_be_judged
from posts.moderation.verification import CHECKED
from posts.safety.redaction import LEFT_OUT

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Act, Asked = LogEntry.Act, VerificationRequest.Outcome
ACTS = [
    (Act.APPROVE, _("Approve: everybody can read it")),
    (Act.REMOVE, _("Remove")),
    (Act.HOLD, _("Hold: hide it until a decision")),
    (Act.EDIT_OUT, _("Redact a passage and show the rest")),
    (Act.LOCK_BRANCH, _("Lock the branch")),
]
SANCTION_CHOICES: "list[tuple[str, StrOrPromise]]" = [
    ("", _("Nothing more")),
    *((sanction.name, sanction.label) for sanction in SANCTIONS.values()),
]
IT_IS_SO = _("It was found in the register.")
NO_PASSAGE = _("Please say which passage.")
SEVERAL = format_lazy(
    _(
        "Copy it from the text as it was written. With an opening post, the title and the questions count, too. "
        "Between two passages, put a line with only {mark}."
    ),
    mark=LEFT_OUT,
)


class Seen(BareForm):
    """The state of the case that a form was filled in for.

    A decision on an earlier state is refused, and the page can show what has changed meanwhile.
    """

    # when the moderator saw the case, after `clean`
    saw_at: datetime | None = None
    # whether the decision was refused, and the form is shown again
    was_refused = False

    seen = forms.IntegerField(widget=forms.HiddenInput)
    seen_at = forms.DateTimeField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        """Move the time from the data to `saw_at`: the functions of posts.moderation need only the version."""
        data = super().clean()
        self.saw_at = data.pop("seen_at", None)
        return data


def state_of(item: CaseItem) -> dict[str, Any]:
    """Return the values of the fields of Seen for an item that is shown now."""
    return {"seen": item.case.version, "seen_at": timezone.now().isoformat()}


class DecisionForm(Seen):
    """A decision about one case or several: action, rule, sanction, and the reason, which the author reads."""

    needed_at_times = ("passage", "reason")
    act = forms.ChoiceField(label=_("Decision"), choices=ACTS, widget=forms.RadioSelect)
    passage = TextField(
        label=_("The passage to take out"),
        required=False,
        min_length=None,
        max_length=20_000,
        rows=2,
        help_text=SEVERAL,
    )
    rule = forms.ChoiceField(label=_("Rule"), required=False)
    canned = forms.ModelChoiceField(
        label=_("Saved reason"), queryset=CannedReason.objects.all(), required=False, empty_label=_("none")
    )
    reason = TextField(
        label=_("Reason"),
        required=False,
        min_length=None,
        max_length=2_000,
        rows=3,
        help_text=_("The author reads it. If it is empty, the saved reason is used. An approval needs none."),
    )
    sanction = forms.ChoiceField(label=_("And its author"), choices=SANCTION_CHOICES, required=False)

    def __init__(
        self,
        *args: Any,
        rules: Rules | None,
        canned: list[CannedReason],
        comment: Comment | None = None,
        moderator: User | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.rule_titles = rules.titles if rules else []
        self.set_choices("rule", rule_choices(rules))
        self.set_choices("canned", [("", _("none")), *((reason.pk, reason.title) for reason in canned)])
        # reasons for comments that break no rule: they cannot be the reason for a sanction
        self.fitting = {str(IT_FITS), *(each.text for each in canned if not each.rule)}
        self.fields["canned"].widget.attrs["data-reasons"] = json.dumps(
            {reason.pk: [reason.text, reason.rule] for reason in canned}
        )
        may_sanction = moderator and comment and comment.author and may_be_judged(moderator, comment.author)
        if comment is not None and not may_sanction:
            del self.fields["sanction"]

    def clean(self) -> dict[str, Any]:
        """Use the typed reason, or else the text of the canned reason.

        One of them is required, except for an approval without a sanction.
        """
        data = super().clean()
        canned = data.pop("canned", None)
        data["reason"] = (data.get("reason") or "").strip() or (canned.text if canned else "")
        if canned and not data.get("rule") and canned.rule in self.rule_titles:
            data["rule"] = canned.rule
        if not data["reason"] and data.get("act") == Act.APPROVE and not data.get("sanction"):
            data["reason"] = str(IT_FITS)
        if not data["reason"]:
            self.add_error("reason", _("Please give a reason: the author will read it."))
        if data.get("act") == Act.APPROVE and data.get("sanction") and data.get("reason") in self.fitting:
            self.add_error("reason", _("Please say why: the author reads it with what happens to them."))
        if data.get("act") == Act.EDIT_OUT and not (data.get("passage") or "").strip():
            self.add_error("passage", NO_PASSAGE)
        data.setdefault("sanction", "")
        return data


class BulkForm(DecisionForm):
    """One decision about several cases."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("passage", "seen", "seen_at"):
            del self.fields[name]
        # a passage is part of one text only
        self.set_choices("act", [choice for choice in ACTS if choice[0] != Act.EDIT_OUT])
        self.fields["sanction"].label = _("And their authors")
        self.fields["sanction"].help_text = _(
            "Each of them once; guests have no account, and nothing more happens to them."
        )


class AnswerForm(Seen):
    """The answer to an appeal, and the decision that replaces the first one if it is changed."""

    needed_at_times = ("act", "passage", "sanction")
    OUTCOMES = [
        (Appeal.Outcome.UPHELD, _("The decision stands")),
        (Appeal.Outcome.CHANGED, _("It is changed: something milder comes in its place")),
        (Appeal.Outcome.REVERSED, _("It is reversed: everything is as it was before")),
    ]
    outcome = forms.ChoiceField(label=_("Answer"), widget=forms.RadioSelect, choices=OUTCOMES)
    act = forms.ChoiceField(label=_("If it is changed: about the comment"), required=False)
    passage = TextField(
        label=_("The passage to take out"),
        required=False,
        min_length=None,
        max_length=20_000,
        rows=2,
        help_text=SEVERAL,
    )
    sanction = forms.ChoiceField(label=_("If it is changed: about its author"), required=False)
    answer = VisibleCharField(
        label=_("What you say to the person"), max_length=2_000, widget=forms.Textarea({"rows": 4})
    )

    def __init__(
        self, *args: Any, entry: LogEntry, moderator: User, standing: LogEntry | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        acts, milder = milder_acts(entry), milder_sanctions(entry, standing)
        if entry.person is None or not may_be_judged(moderator, entry.person):
            milder = []
        self.set_choices("act", [choice for choice in ACTS if choice[0] in acts])
        self.fields["act"].initial = acts[-1]
        choices = SANCTION_CHOICES[1:]
        if is_about_comment(entry):
            choices = SANCTION_CHOICES
            if standing is not None:
                choices = [(STAYS, _("It stays: %(what)s") % {"what": standing.get_act_display()}), *choices]
        self.set_choices("sanction", [each for each in choices if each[0] in ["", *milder]])
        self.fields["sanction"].initial = STAYS
        if not is_about_comment(entry):
            del self.fields["act"], self.fields["passage"]
        if not milder:
            del self.fields["sanction"]
        if not milder and len(acts) < 3:
            # there is nothing milder
            self.set_choices("outcome", [each for each in self.OUTCOMES if each[0] != Appeal.Outcome.CHANGED])

    def clean(self) -> dict[str, Any]:
        """Use the replacing decision only if the outcome is CHANGED."""
        data = super().clean()
        if data.get("outcome") != Appeal.Outcome.CHANGED:
            return data | {"act": "", "sanction": "", "passage": ""}
        if data.get("act") == Act.EDIT_OUT and not (data.get("passage") or "").strip():
            self.add_error("passage", NO_PASSAGE)
        return data


class CheckForm(BareForm):
    """What was checked about a clinician, as readers will see it, and how."""

    profession = VisibleCharField(label=_("Profession"), max_length=80, help_text=_("As readers will see it."))
    regulator = VisibleCharField(label=_("Regulator"), max_length=120, help_text=_("Whose register you looked at."))
    region = VisibleCharField(
        label=_("Country or state"), max_length=40, help_text=_("Such as GB, or US-MD for Maryland.")
    )
    method = VisibleCharField(
        label=_("How you checked"),
        max_length=200,
        help_text=_("Kept with your name and the date: “Register of the HCPC, by number”."),
    )


class VerificationAnswerForm(CheckForm, Seen):
    """The answer to a request for verification as a clinician."""

    outcome = forms.ChoiceField(
        label=_("Answer"),
        widget=forms.RadioSelect,
        choices=[(Asked.GRANTED, _("Verify: it is so")), (Asked.REFUSED, _("Refuse: it could not be confirmed"))],
    )
    reason = VisibleCharField(
        label=_("What you say to the person"),
        max_length=2_000,
        widget=forms.Textarea({"rows": 3}),
        required=False,
        help_text=_("Needed to refuse: what was missing, and that they can ask again."),
    )
    needed_at_times = (*CHECKED, "reason")
    field_order = ["outcome", *CHECKED, "reason"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in CHECKED:
            field = self.fields[name]
            field.required, field.help_text = False, format_lazy("{} {}", field.help_text, _("Needed to verify."))

    def clean(self) -> dict[str, Any]:
        """Require the checked fields to verify, and a reason to refuse."""
        data = super().clean()
        if data.get("outcome") == Asked.GRANTED:
            for name in CHECKED:
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("To verify, please say this, too."))
            data["reason"] = data.get("reason") or str(IT_IS_SO)
        elif not data.get("reason"):
            self.add_error("reason", _("Please give a reason: the person will read it."))
        return data


def form_of(item: CaseItem, data: Mapping[str, Any] | None, initial: dict[str, Any], moderator: User) -> Seen:
    """Return the form by which `moderator` decides about the `item` or answers it."""
    initial = initial | state_of(item)
    if item.case.appeal:
        entry = item.case.appeal.entry
        return AnswerForm(data, initial=initial, entry=entry, standing=item.sanction, moderator=moderator)
    if item.case.verification_request:
        asked = item.case.verification_request
        given = {name: getattr(asked, name) for name in ("profession", "regulator", "region")}
        return VerificationAnswerForm(data, initial=given | initial)
    return DecisionForm(
        data, initial=initial, rules=item.rules, canned=item.canned, comment=item.comment, moderator=moderator
    )


class NoteForm(BareForm):
    """A note for moderators."""

    text = VisibleCharField(
        label=_("A note for moderators"),
        max_length=2_000,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Nobody else reads it."),
    )
    # a decision can be sent with it while the note is empty
    use_required_attribute = False
