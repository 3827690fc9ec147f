"""Previews of statements: a moderator sees what the person will read before the decision is made."""

from typing import Any

from django.utils import timezone
from django.utils.safestring import mark_safe

from accounts.models import VerificationRequest
from forum import markup
from posts.forms.fields import BareForm
from posts.models import Case, Comment, LogEntry, Revision
from posts.moderation import appeal_answers
from posts.moderation.admin.base import statement
from posts.moderation.sanctions import SANCTIONS
from posts.moderation.statements import SAID
from posts.safety.redaction import cut, passages_of
from posts.threads.exceptions import TOO_COMPLEX_WITHOUT
from posts.threads.text import headings_of

Asked = VerificationRequest.Outcome
OUTCOMES = appeal_answers.ACT_OF | {Asked.GRANTED: LogEntry.Act.VERIFY, Asked.REFUSED: LogEntry.Act.REFUSE}


def of_item(form: BareForm, case: Case) -> dict[str, Any]:
    """Return the preview for the form of one case."""
    data = form.cleaned_data
    reason = data.get("reason") or data.get("answer")
    fill(form)
    rule = data.get("rule") or (case.appeal.entry.rule if case.appeal else "")
    is_published = case.comment is not None and case.comment.is_published
    is_kept = data.get("act") == LogEntry.Act.APPROVE and is_published
    return of(data | {"rule": rule, "reason": reason}, is_kept=is_kept) | _left_of(case, data)


def fill(form: BareForm) -> None:
    """Put the reason and the rule of a canned reason into their fields, so that they can be changed there."""
    if "canned" in form.fields:
        form.change_data({name: form.cleaned_data[name] for name in ("reason", "rule")} | {"canned": ""})


def of(data: dict[str, Any], *, is_kept: bool = False) -> dict[str, Any]:
    """Return the preview for the cleaned `data` of a form.

    If an approved comment is published anyway (`is_kept`), the approval is left out: it is logged, but the author is
    not informed.
    """
    # an answer to an appeal may leave the sanction as it is
    sanction = SANCTIONS.get(data.get("sanction", ""))
    acts = [OUTCOMES.get(data.get("outcome", "")), not is_kept and data.get("act"), sanction and sanction.act]
    until = sanction and sanction.ends_at(timezone.now())
    return statement([act for act in acts if act in SAID], data | {"until": until})


def _left_of(case: Case, data: dict[str, Any]) -> dict[str, Any]:
    """Return what readers will see after passages were taken out: the text, and the title and questions with it."""
    if data.get("act") != LogEntry.Act.EDIT_OUT or case.comment is None:
        return {}
    texts = cut(_before(case, case.comment), passages_of(data["passage"]))
    if texts is None:
        return {}
    source, *headings = texts
    try:
        html = markup.render(source, case.comment.limits)
    except markup.TooComplex:
        return {"fault": TOO_COMPLEX_WITHOUT}
    return {"left": mark_safe(html), "headings": headings}  # noqa: S308  (made by markup)


def _before(case: Case, comment: Comment) -> list[str]:
    """Return the texts that passages are taken out of: that of the comment, and the headings of an opening post.

    For an appeal, these are the texts as they were before a redaction.
    """
    redaction = case.appeal.entry.before_image.redaction if case.appeal else None
    revision = redaction and Revision.objects.filter(pk=redaction.revision).first()
    headings = headings_of(comment.thread) if comment.parent_id is None else []
    return [revision.source, *(revision.headings or headings)] if revision else [comment.source, *headings]
