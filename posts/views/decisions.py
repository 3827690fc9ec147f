"""Doors for whom a decision concerns: what was decided and why, an appeal, and a warning that was read."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from posts.actions import appealing, notifying, sanctioning
from posts.forms import AppealForm
from posts.models import LogEntry, Revision
from posts.models.appeal import APPEAL_WITHIN
from posts.models.modlog import STATED
from posts.views import unsent
from posts.views.attempt import answered, attempted, sent

DECISIONS_PER_PAGE = 30
ABOUT = ["comment__thread", "thread", "rules", "appeal", "undone_by", "person"]

# What each act means to whom it concerns.
_A = LogEntry.Act
SAID = {
    _A.REMOVE: gettext_lazy("Your comment was removed."),
    _A.RESTORE: gettext_lazy("Your comment is back."),
    _A.HOLD: gettext_lazy("Your comment was taken out of sight until it is reviewed."),
    _A.HIDE: gettext_lazy("Your comment is out of sight until a moderator has looked at it."),
    _A.APPROVE: gettext_lazy("Your comment was looked at, and everybody can read it."),
    _A.EDIT_OUT: gettext_lazy("A passage was taken out of your comment."),
    _A.LOCK_BRANCH: gettext_lazy("Nobody can reply to your comment and below it any more."),
    _A.OPEN_BRANCH: gettext_lazy("People can reply to your comment again."),
    _A.WARN: gettext_lazy("You were warned."),
    _A.WATCH: gettext_lazy("What you write is read by a moderator first, until further notice."),
    _A.UNWATCH: gettext_lazy("What you write appears at once again."),
    _A.SUSPEND: gettext_lazy("You are suspended: you can read, but not write."),
    _A.BAN: gettext_lazy("You are banned: you can read, but not write any more."),
    _A.UNSUSPEND: gettext_lazy("Your suspension was ended."),
    _A.TRUST: gettext_lazy("You are a trusted member."),
    _A.VERIFY: gettext_lazy("You are verified as a clinician."),
    _A.REVOKE: gettext_lazy("Your verification as a clinician was revoked."),
    _A.UNTRUST: gettext_lazy("You are a member like others again."),
    _A.UNDO: gettext_lazy("A decision about you was taken back."),
    _A.UPHOLD: gettext_lazy("Your appeal was answered: the decision stands."),
    _A.CHANGE: gettext_lazy("Your appeal was answered: the decision was changed."),
    _A.REVERSE: gettext_lazy("Your appeal was answered: the decision was reversed."),
}


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
        return unsent.signed_out(request, AppealForm(sent(request), auto_id="appeal_%s"), "posts/appeal_kept.html", {})
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


def _taken_out(entry):
    """The passage that was taken out of the comment; it stands with the version that had it."""
    revision = (entry.details or {}).get("revision")
    return revision and Revision.objects.filter(pk=revision).values_list("taken_out", flat=True).first()


@login_required
@require_POST
def acknowledge(request):
    """The member has read what they were warned about, and can write again."""
    sanctioning.acknowledge(person=request.user)
    messages.success(request, _("Thank you. You can write again."))
    return redirect("decisions")


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
        "said": SAID.get(entry.act, entry.get_act_display()),
        "may_appeal": appealing.may_appeal(entry) and not hasattr(entry, "appeal"),
        "is_warning": entry.act == LogEntry.Act.WARN and person is not None and person.warned_at is not None,
        "is_by_link": person is None,
    }
    return answered(request, form, "posts/decision.html", context)
