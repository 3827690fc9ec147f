"""Doors for whom a decision concerns: what was decided and why, an appeal, and a warning that was read."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forum import unsent
from posts.actions import appealing, notifying, sanctioning
from posts.forms import AppealForm
from posts.models import LogEntry, Revision
from posts.models.appeal import APPEAL_WITHIN
from posts.models.modlog import STATED
from posts.statements import SAID
from posts.views.attempt import answered, attempted, sent
from posts.views.unsent import signed_out

DECISIONS_PER_PAGE = 30
ABOUT = ["comment__thread", "thread", "rules", "appeal", "undone_by", "person"]


@login_required
@require_safe
def mine(request):
    """The decisions about this member and what they wrote, the latest first."""
    before = request.GET.get("before", "")
    entries = LogEntry.objects.filter(person=request.user, act__in=STATED).select_related("thread", "comment")
    entries = entries.order_by("-id")
    if before.isascii() and before.isdigit() and len(before) < 19:
        entries = entries.filter(id__lt=int(before))
    rows = list(entries[: DECISIONS_PER_PAGE + 1])
    sanctioning.opened(person=request.user)
    shown = rows[:DECISIONS_PER_PAGE]
    for entry in shown:
        entry.said = SAID.get(entry.act, entry.get_act_display())
    context = {"entries": shown, "before": shown[-1].pk if len(rows) > len(shown) else None, "is_first": not before}
    return render(request, "posts/decisions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def statement(request, pk):
    """One decision about this member: what, which rule, why, by whom in role, and how to appeal."""
    if not request.user.is_authenticated:
        return signed_out(request, AppealForm(sent(request), auto_id="appeal_%s"), "posts/appeal_kept.html", {})
    entry = get_object_or_404(LogEntry.objects.select_related(*ABOUT), pk=pk, person=request.user, act__in=STATED)
    sanctioning.opened(person=request.user)
    return _statement(request, entry, request.user)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request, token):
    """The same for whoever has the link from the mail, without signing in, for as long as there is an appeal."""
    try:
        pk = signing.loads(token, salt=notifying.SALT, max_age=APPEAL_WITHIN)
    except signing.BadSignature:
        raise Http404 from None
    entry = get_object_or_404(LogEntry.objects.select_related(*ABOUT), pk=pk, act__in=STATED)
    return _statement(request, entry, None)


def _measures_of(entry):
    """What was decided about the person together with `entry`."""
    if entry.person_id is None:
        return []
    measures = list(LogEntry.objects.filter(person=entry.person_id, id__gt=entry.pk, details__decision=entry.pk))
    for measure in measures:
        measure.said = SAID[measure.act]
    return measures


def _taken_out(entry):
    """The passage that was taken out of the comment; it stands with the version that had it."""
    revision = (entry.details or {}).get("revision")
    return revision and Revision.objects.filter(pk=revision).values_list("taken_out", flat=True).first()


@login_required
@require_POST
def acknowledge(request):
    """The member has read what they were warned about, and can write again."""
    if not sanctioning.acknowledge(person=request.user, warned_at=_moment(request.POST.get("warned", ""))):
        messages.info(request, _("You were warned once more meanwhile. Please read that, too."))
        return redirect("decisions")
    said = _("Thank you.") if request.user.is_suspended else _("Thank you. You can write again.")
    messages.success(request, said)
    return redirect("decisions")


def _moment(text):
    """The moment that a page of ours told in its form; None for anything else."""
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def _statement(request, entry, person):
    form = AppealForm(sent(request), initial=unsent.waiting(request), auto_id="appeal_%s")
    made = attempted(
        request, form, "appeal", lambda data: appealing.appeal(entry=entry, text=data["text"], person=person)
    )  # fmt: skip
    if made:
        unsent.done(request)
        messages.success(request, _("Your appeal is with the moderators. The answer will stand here."))
        return redirect(request.path)
    context = {
        "entry": entry,
        "passage": _taken_out(entry),
        "measures": _measures_of(entry),
        "said": SAID.get(entry.act, entry.get_act_display()),
        "may_appeal": appealing.may_appeal(entry) and not hasattr(entry, "appeal"),
        "is_warning": entry.act == LogEntry.Act.WARN and person is not None and person.warned_at is not None,
        "is_by_link": person is None,
    }
    return answered(request, form, "posts/decision.html", context)
