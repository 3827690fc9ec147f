"""What whom a decision concerns will read, shown to the moderator before it is made."""

from django.utils import timezone
from django.utils.safestring import mark_safe

from accounts.models import VerificationRequest
from forum import markup
from posts.models import LogEntry, Revision
from posts.moderation import appeal_answers, decisions
from posts.moderation.admin.base import statement
from posts.moderation.statements import SAID
from posts.safety.redaction import cut, passages_of, put_back

ACT_OF = {
    **dict.fromkeys(decisions.SUSPENSIONS, LogEntry.Act.SUSPEND),
    "warn": LogEntry.Act.WARN,
    "watch": LogEntry.Act.WATCH,
    "ban": LogEntry.Act.BAN,
}
Asked = VerificationRequest.Outcome
OUTCOMES = appeal_answers.ACT_OF | {Asked.GRANTED: LogEntry.Act.VERIFY, Asked.REFUSED: LogEntry.Act.REFUSE}


def of_item(form, case):
    """What the statements will say of one item."""
    data = form.cleaned_data
    reason = data.get("reason") or data.get("answer")
    fill(form)
    rule = data.get("rule") or (case.appeal_id and case.appeal.entry.rule)
    is_kept = data.get("act") == LogEntry.Act.APPROVE and case.comment.is_published
    return of(data | {"rule": rule, "reason": reason}, is_kept=is_kept) | _left_of(case, data)


def fill(form):
    """The reason that will be said, and its rule, are in their boxes from now on, to be changed there."""
    if "canned" in form.fields:
        form.data = form.data.copy()
        form.data.update({name: form.cleaned_data[name] for name in ("reason", "rule")} | {"canned": ""})


def of(data, *, is_kept=False):
    """What the statements will say of what a form said; nothing of an approval of what is in sight and `is_kept`: the
    log has that somebody looked, and its author hears nothing."""
    acts = [OUTCOMES.get(data.get("outcome")), not is_kept and data.get("act"), ACT_OF.get(data.get("sanction"))]
    lasts = decisions.SUSPENSIONS.get(data.get("sanction"))
    return statement([act for act in acts if act in SAID], data | {"until": lasts and timezone.now() + lasts})


def _left_of(case, data):
    """What readers will see of a text that passages are taken out of."""
    if data.get("act") != LogEntry.Act.EDIT_OUT:
        return {}
    source = cut(_before(case), passages_of(data["passage"]))
    if source is None:
        return {}
    return {"left": mark_safe(markup.render(source, case.comment.limits))}  # noqa: S308  (made by markup)


def _before(case):
    """The text that passages are taken out of: on appeal the one in which those that were taken out are again."""
    taken_out = case.appeal_id and (case.appeal.entry.details or {}).get("revision")
    revision = taken_out and Revision.objects.filter(pk=taken_out).first()
    if not revision:
        return case.comment.source
    return put_back(case.comment.source, revision.source, passages_of(revision.taken_out))
