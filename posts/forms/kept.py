"""The form fields of this app whose values are kept if a form cannot be accepted. See forum.form_fields."""

from django.utils.translation import gettext_lazy as _

TYPED = {
    "source": _("Your text"),
    "title": _("Title"),
    "question_1": _("First question"),
    "question_2": _("Second question"),
    "text": _("Your text"),
    "note": _("Note"),
    "answer": _("Answer"),
    "passage": _("Passage"),
    "evidence": _("Evidence"),
    "reason": _("Reason"),
    "method": _("How you checked"),
    "profession": _("Profession"),
    "regulator": _("Regulator"),
    "region": _("Country or state"),
    "number": _("Registration number"),
}
SENT_ALONG = (
    "place",
    "writer",
    "question",
    "standpoint",
    "asks_1",
    "asks_2",
    "key",
    "seen",
    "name",
    "email",
    "began",
    "again",
    "sure",
    "act",
    "rule",
    "canned",
    "sanction",
    "outcome",
    "action",
    "length",
)
# Erased when a verification request is decided.
NEVER_KEPT = ("number", "evidence")
