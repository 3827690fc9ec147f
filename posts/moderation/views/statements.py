"""Views for the person that a decision is about: its statement, an appeal, and a warning to acknowledge."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.requests import MemberRequest
from forum import markup, pending_form
from forum.numbers import number_in
from forum.pagecache import Store
from posts.forms.pending_form import signed_out
from posts.forms.submission import answered, attempted, sent
from posts.models import Appeal, LogEntry, Revision
from posts.models.appeal import APPEAL_WITHIN
from posts.models.comment import mark_of
from posts.models.log_entry import STATED
from posts.moderation import appeal_answers, appeals, notices, sanctions
from posts.moderation.forms import AppealForm
from posts.moderation.statements import SAID

DECISIONS_PER_PAGE = 30
# Earlier texts as HTML, in at most 4 MB. A long text takes half a second, and anybody with the link can ask for it.
_kept_texts = Store(4_000_000)
ABOUT = [
    "comment__thread",
    "thread",
    "rules",
    "appeal__case__closed_by",
    "undone_by",
    "undoes",
    "person",
    "part_of__part_of",
]


@login_required
@require_safe
def mine(request: MemberRequest) -> HttpResponse:
    """List the decisions about this member and their comments, latest first."""
    before = number_in(request.GET.get("before", ""))
    entries = LogEntry.objects.filter(person=request.user, act__in=STATED).order_by("-id")
    # a reversal that is part of an answer or of another reversal is told with that
    entries = entries.exclude(act=LogEntry.Act.UNDO, part_of__isnull=False)
    entries = entries.select_related("thread", "comment", "undone_by", "undoes")
    if before is not None:
        entries = entries.filter(id__lt=before)
    rows = list(entries[: DECISIONS_PER_PAGE + 1])
    sanctions.opened(person=request.user)
    shown = rows[:DECISIONS_PER_PAGE]
    answered_by = _answered_by(shown)
    for entry in shown:
        _speak(entry, request.user)
        entry.thread_title = entry.thread.title_for(request.user) if entry.thread else ""
        entry.earlier = entry.undoes or answered_by.get(entry.pk)
        if entry.earlier:
            _speak(entry.earlier, request.user)
    context = {"entries": shown, "before": shown[-1].pk if len(rows) > len(shown) else None, "is_first": before is None}
    return render(request, "posts/moderation/statements.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one decision about this member: what, by which rule, why, by which role, and how to appeal."""
    if not request.user.is_authenticated:
        return signed_out(
            request, AppealForm(sent(request), auto_id="appeal_%s"), "posts/moderation/appeal_sent.html", {}
        )
    entry = get_object_or_404(LogEntry.objects.select_related(*ABOUT), pk=pk, person=request.user, act__in=STATED)
    sanctions.opened(person=request.user)
    return _statement(request, entry, request.user)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show a decision to a person who has the link from the mail, without signing in, until the link expires."""
    opened = notices.read_token(token)
    if opened is None:
        raise Http404
    pk, until = opened
    entry = get_object_or_404(LogEntry.objects.select_related(*ABOUT), pk=pk, act__in=STATED)
    return _statement(request, entry, None, until)


def _speak(entry: LogEntry, person: User | None, until: float | None = None) -> LogEntry:
    """Set on `entry` its sentence, whether it is over for `person`, and the address of its statement; return it.

    If the page was opened by a link that is valid until `until`, the address is a link that expires at the same time.
    """
    entry.over = person is not None and entry.is_over(person)
    entry.said = SAID.get(entry.act, entry.get_act_display())
    entry.address = reverse("decision", args=[entry.pk])
    if until is not None:
        entry.address = reverse("decision_by_link", args=[notices.token_of(entry, until)])
    return entry


def _answered_by(answers: list[LogEntry]) -> dict[int, LogEntry]:
    """Return {id of the entry that answers an appeal: the decision it was about}, with one query."""
    appeals = Appeal.objects.filter(case__closed_by__in=answers).select_related("entry", "case")
    return {appeal.case.closed_by_id: appeal.entry for appeal in appeals if appeal.case.closed_by_id is not None}


def _instead_of(entry: LogEntry) -> list[LogEntry]:
    """Return the decisions that replaced `entry` after an appeal."""
    answer = entry.appeal.case.closed_by if hasattr(entry, "appeal") else None
    return appeal_answers.instead_of(answer) if answer else []


def _replaced_by(entry: LogEntry) -> LogEntry | None:
    """Return the decision that `entry` replaced after an appeal, or None."""
    answer = entry.part_of and (entry.part_of.part_of or entry.part_of)
    if answer is None or answer.act != LogEntry.Act.CHANGE:
        return None
    return _answered_by([answer])[answer.pk]


def _written(entry: LogEntry) -> tuple[SafeString | None, str]:
    """Return (text of the comment when `entry` was made, as HTML, and the passages that `entry` took out).

    Returns (None, "") if the text has not changed since.
    """
    redaction = entry.before_image.redaction
    found = Revision.objects.filter(comment=entry.comment_id).order_by("number")
    found = found.filter(pk=redaction.revision) if redaction else found.filter(replaced_at__gt=entry.at)
    revision = found.first() if entry.comment else None
    if revision is None or entry.comment is None:
        return None, ""
    key = (mark_of(revision.source), entry.comment.limits)
    html = _kept_texts.get(key)
    if html is None:
        html = _shown(revision.source, entry.comment.limits)
        _kept_texts.keep(key, html, 2 * len(html))
    return html, revision.taken_out if redaction else ""


def _shown(source: str, limits: markup.Limits) -> SafeString:
    """Return the earlier text as HTML, or as it was typed if the present limits do not let it be rendered."""
    try:
        return mark_safe(markup.render(source, limits))  # noqa: S308  (made by markup)
    except markup.TooComplex:
        return format_html("<pre>{}</pre>", source)


@login_required
@require_POST
def acknowledge(request: MemberRequest) -> HttpResponse:
    """Note that the member has read a warning, so that they can write again."""
    if not sanctions.acknowledge(person=request.user, warned_at=_moment(request.POST.get("warned", ""))):
        messages.info(request, _("You were warned once more meanwhile. Please read that, too."))
        return redirect("decisions")
    said = _("Thank you.") if request.user.is_suspended else _("Thank you. You can write again.")
    messages.success(request, said)
    return redirect("decisions")


def _moment(text: str) -> datetime | None:
    """Return the moment that the form of a statement sent, or None if it is malformed."""
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def _statement(request: HttpRequest, entry: LogEntry, person: User | None, until: float | None = None) -> HttpResponse:
    """Show the statement of `entry` with the form to appeal, and take an appeal.

    `person` is None if the page was opened by a link that is valid until `until`.
    """
    form = AppealForm(sent(request), initial=pending_form.waiting(request), auto_id="appeal_%s")
    made = attempted(
        request, form, "appeal", lambda data: appeals.appeal(entry=entry, text=data["text"], person=person)
    )
    if made:
        pending_form.done(request)
        messages.success(request, _("Your appeal is with the moderators. The answer will stand here."))
        return redirect(request.path)
    written, passage = _written(entry)
    replaced = _replaced_by(entry)
    earlier = entry.undoes or replaced or _answered_by([entry]).get(entry.pk)
    # including sanctions that were undone since, which the page marks
    sanctions = LogEntry.objects.sanctions_with(entry).select_related("undone_by")
    context = {
        "entry": _speak(entry, entry.person),
        "thread_title": entry.thread.title_for(entry.person) if entry.thread else "",
        "written": written,
        "passage": passage,
        "is_reopened": hasattr(entry, "undone_by") and entry.undone_by.act == LogEntry.Act.REOPEN,
        "sanctions": [_speak(each, entry.person, until) for each in sanctions],
        "instead": [_speak(each, entry.person, until) for each in _instead_of(entry)],
        "replaces_another": replaced is not None,
        "earlier": earlier and _speak(earlier, entry.person, until),
        "appeal_until": entry.at + APPEAL_WITHIN,
        "may_appeal": appeals.may_appeal(entry) and not hasattr(entry, "appeal"),
        "is_warning": entry.act == LogEntry.Act.WARN and person is not None and person.warned_at is not None,
        "is_by_link": until is not None,
    }
    return answered(request, form, "posts/moderation/statement.html", context)
