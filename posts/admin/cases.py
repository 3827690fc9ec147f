"""The queue: what waits for a moderator, one item after the other."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from accounts.models import User
from forum import unsent
from posts import bars, figures
from posts.actions import answering, deciding, verifying
from posts.actions.refusals import Refused
from posts.admin import queue
from posts.admin.caseforms import BulkForm, NoteForm, form_of
from posts.admin.desk import Desk
from posts.admin.item import Item
from posts.models import CannedReason, Case, LogEntry, Rules
from posts.statements import SAID

ACT_OF = {
    **dict.fromkeys(deciding.SUSPENSIONS, LogEntry.Act.SUSPEND),
    "warn": LogEntry.Act.WARN, "watch": LogEntry.Act.WATCH, "ban": LogEntry.Act.BAN,
}  # fmt: skip
# keys of an item's page; told beside the buttons
KEYS = [
    ("approve", "a", _lazy("approve")),
    ("remove", "r", _lazy("remove")),
    ("hold", "h", _lazy("hold")),
    ("edit_out", "e", _lazy("take out a passage")),
    ("lock_branch", "l", _lazy("lock the branch")),
]


@admin.register(Case)
class CaseDesk(Desk):
    """The queue, and a page for each item of it."""

    def has_view_permission(self, request, obj=None):
        """Moderators."""
        return request.user.can_moderate()

    has_module_permission = has_view_permission

    def get_urls(self):
        """Its own pages in place of the admin's."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="posts_case_changelist"),
            path("bulk/", view(self.bulk_view), name="posts_case_bulk"),
            path("figures/", view(self.figures_view), name="posts_case_figures"),
            path("of/<int:pk>/", view(self.of_comment_view), name="posts_case_of"),
            path("undo/<int:pk>/", view(self.undo_view), name="posts_case_undo"),
            path("<int:pk>/change/", view(self.item_view), name="posts_case_change"),
            path("<int:pk>/pass/", view(self.pass_view), name="posts_case_pass"),
            path("<int:pk>/take/", view(self.take_view), name="posts_case_take"),
            path("<int:pk>/note/", view(self.note_view), name="posts_case_note"),
        ]

    def changelist_view(self, request, extra_context=None):
        """The queue, as pressing as it is; `?kind=` shows one kind, `?after=` goes on."""
        self._check(request)
        context = self._context(request, _("Queue")) | queue.shown(request)
        return TemplateResponse(request, "admin/posts/case/queue.html", context)

    def item_view(self, request, pk, note_form=None, decides=True):
        """One item: claimed on opening, and decided by the form on it.

        Opening it writes: a moderator's page, which no robot reads, and a claim that ends by itself.
        """
        self._check(request)
        if request.method != "HEAD":
            deciding.claim(moderator=request.user, case_id=pk)
        item = Item.of(pk)
        if item is None:
            raise Http404
        case, holder = item.case, item.case.claimant()
        form = self._form(request, item, note_form)
        decides = decides and request.method == "POST" and note_form is None and "preview" not in request.POST
        if decides and form.is_valid():
            if self._decided(request, item, form):
                unsent.done(request)
                return self._next(request, pk)
            item = Item.of(pk)
            form = _anew(form, item.case)
        title = _("%(kind)s: %(name)s") % {"kind": case.get_kind_display(), "name": item.case.name}
        context = self._context(request, title) | {
            "item": item,
            "case": item.case,
            "comment": item.comment,
            "form": form,
            "is_own_cause": _is_own_cause(request.user, case),
            "holder": holder if holder != request.user else None,
            "preview": _previewed(form, case) if "preview" in request.POST and form.is_valid() else None,
            "note_form": note_form or NoteForm(auto_id="note_%s"),
            "welcome_back": request.method == "GET" and unsent.waiting(request) and unsent.WELCOME_BACK,
            "keys": KEYS,
        }
        return TemplateResponse(request, "admin/posts/case/item.html", context, status=_status_of(form, note_form))

    def bulk_view(self, request):
        """One decision for the items that were ticked in the queue: asked for first, then made for each."""
        self._check(request)
        chosen = queue.versions(request.POST.getlist("item"))
        if not chosen:
            messages.info(request, _("Please tick at least one item."))
            return redirect("admin:posts_case_changelist")
        form = BulkForm(request.POST if "confirmed" in request.POST else None, **_at_hand())
        cases = Case.objects.filter(pk__in=chosen, appeal=None, verification_request=None).select_related(
            "comment__author", "comment__thread"
        )
        if not (form.is_bound and form.is_valid()):
            context = self._context(request, _("Decide about several")) | {
                "form": form, "rows": [(case, chosen[case.pk]) for case in cases.order_by("kind", "id")]
            }  # fmt: skip
            return TemplateResponse(
                request, "admin/posts/case/bulk.html", context, status=422 if form.is_bound else 200
            )
        done = 0
        for case in cases.order_by("kind", "id"):
            try:
                entry = deciding.decide(moderator=request.user, case=case, seen=chosen[case.pk], **form.cleaned_data)
                done += 1
                self._tell(request, entry)
            except (Refused, PermissionDenied) as refusal:
                messages.error(request, f"{case.comment.shown_author}: {refusal}")
        if done:
            messages.success(request, ngettext("%(n)d item decided.", "%(n)d items decided.", done) % {"n": done})
        return redirect("admin:posts_case_changelist")

    def of_comment_view(self, request, pk):
        """The item of a comment; where there is none, one is begun, so that it can be decided about."""
        self._check(request)
        if request.method == "POST":
            case = deciding.begin(moderator=request.user, comment_id=pk)
            if case is None:
                raise Http404
            return redirect("admin:posts_case_change", case.pk)
        case = Case.objects.open().filter(comment=pk, appeal=None).first()
        if case is not None:
            return redirect("admin:posts_case_change", case.pk)
        item = Item.of_comment(pk)
        if item is None:
            raise Http404
        context = self._context(request, _("A comment")) | {"item": item, "comment": item.comment}
        return TemplateResponse(request, "admin/posts/case/comment.html", context)

    def undo_view(self, request, pk):
        """Takes a decision back."""
        self._check(request)
        entry = LogEntry.objects.select_related("comment__thread", "thread", "person").filter(pk=pk).first()
        if entry is None or request.method != "POST":
            raise Http404
        try:
            deciding.undo(moderator=request.user, entry=entry, reason=_("Taken back by a moderator."))
        except (Refused, PermissionDenied) as refusal:
            messages.error(request, str(refusal) or _("You may not do this."))
        else:
            messages.success(request, _("The decision is taken back."))
        if "from_person" in request.POST and entry.person_id:
            return redirect("admin:accounts_user_change", entry.person_id)
        return redirect("admin:posts_case_changelist")

    def figures_view(self, request):
        """Arrivals, decisions, time to decision, reversals, by month."""
        self._check(request)
        found = figures.by_month()
        months = list(reversed(found["cases"]))
        label = dict(LogEntry.Act.choices)
        charts = [
            (_("Items that came"), [(date_format(row[0], "M Y"), row[1]) for row in months]),
            (_("Items decided"), [(date_format(row[0], "M Y"), row[2]) for row in months]),
            (_("Hours until half were decided"), [(date_format(row[0], "M Y"), row[3] or 0) for row in months]),
        ]
        context = self._context(request, _("Figures")) | {
            "charts": [{"title": title, "bars": bars.of(rows)} for title, rows in charts],
            "acts": [(month, label.get(act, act), *numbers) for month, act, *numbers in found["acts"]],
            "rules": found["rules"],
        }
        return TemplateResponse(request, "admin/posts/case/figures.html", context)

    def pass_view(self, request, pk):
        """Not for me."""
        case = self._case(request, pk)
        if request.method == "POST":
            deciding.pass_on(moderator=request.user, case=case)
            messages.info(request, _("Handed on. Nobody is told who did."))
        return self._next(request, pk)

    def take_view(self, request, pk):
        """Takes an item over from somebody else."""
        case = self._case(request, pk)
        if request.method == "POST":
            deciding.claim(moderator=request.user, case_id=case.pk, takes_over=True)
        # with what was typed into it, which decides nothing yet
        return self.item_view(request, pk, decides=False)

    def note_view(self, request, pk):
        """A note about the comment or its author; asked for after signing in again, the item with what was typed."""
        case = self._case(request, pk)
        data = request.POST if request.method == "POST" else None
        form = NoteForm(data, initial=unsent.waiting(request), auto_id="note_%s")
        if form.is_valid():
            is_about_person = case.person and ("person" in request.POST or case.comment is None)
            about = {"person": case.person} if is_about_person else {"comment": case.comment}
            deciding.note(moderator=request.user, text=form.cleaned_data["text"], **about)
            unsent.done(request)
            messages.success(request, _("The note is kept."))
            return redirect("admin:posts_case_change", pk)
        return self.item_view(request, pk, note_form=form)

    def _form(self, request, item, note_form):
        data = request.POST if request.method == "POST" and note_form is None else None
        # what was decided about is what is shown now, whatever was seen before
        return form_of(item, data, {**unsent.waiting(request), "seen": item.case.version})

    def _decided(self, request, item, form):
        """Makes the decision; False, and a message, where it was refused."""
        about = {"moderator": request.user, "case": item.case, **form.cleaned_data}
        try:
            if item.case.is_about_comment:
                self._tell(request, deciding.decide(**about), form.cleaned_data["measure"])
                return True
            answer = answering.answer_appeal if item.case.appeal_id else verifying.answer
            answer(**about)
        except (Refused, PermissionDenied) as refusal:
            messages.error(request, str(refusal) or _("You may not do this."))
            return False
        messages.success(request, _("Answered. The person is told."))
        return True

    def _tell(self, request, entry, measure=""):
        """What was done to whose comment, and to whom, with the button that takes both back."""
        acts = [entry.act, ACT_OF[measure]] if measure else [entry.act]
        what = ", ".join(str(LogEntry.Act(act).label) for act in acts)
        said = _("%(name)s: %(what)s.") % {"name": entry.comment.shown_author, "what": what}
        messages.success(request, said, extra_tags=f"undo {reverse('admin:posts_case_undo', args=[entry.pk])}")

    def _next(self, request, done):
        """The next item follows by itself, behind the one that is done, which may be in the queue still; where there is
        none, the queue says so."""
        case = Case.objects.offered_to(request.user, timezone.now()).exclude(pk=done).first()
        return redirect("admin:posts_case_change", case.pk) if case else redirect("admin:posts_case_changelist")

    def _case(self, request, pk):
        self._check(request)
        about = ["comment__author", "claimed_by", "appeal__person", "verification_request__person"]
        case = Case.objects.select_related(*about).filter(pk=pk).first()
        if case is None:
            raise Http404
        return case

    def _check(self, request):
        if not request.user.can_moderate():
            raise PermissionDenied

    def _context(self, request, title):
        return self.admin_site.each_context(request) | {"title": title, "opts": self.model._meta}


def _is_own_cause(moderator, case):
    """What they ask for themselves, or an appeal against what they decided, which another moderator answers."""
    if case.is_about_comment or case.closed_at is not None:
        return False
    if case.verification_request_id:
        return case.verification_request.person_id == moderator.pk
    concerned = moderator.pk in (case.appeal.entry.moderator_id, case.appeal.person_id)
    return concerned and User.objects.others_moderate(moderator)


def _previewed(form, case):
    """What the statements will say; None for an answer, which is what is written."""
    data = form.cleaned_data
    if not case.is_about_comment:
        return None
    acts = [data["act"], ACT_OF.get(data.get("measure"))]
    return {
        "sentences": [SAID[act] for act in acts if act], "rule": data["rule"], "reason": data["reason"],
        "passage": data["passage"],
    }  # fmt: skip


def _anew(form, case):
    """The form that was refused, with what was typed; sent again, it decides about the item as it is shown now."""
    form.data = form.data.copy()
    form.data["seen"] = case.version
    form.was_refused = True
    return form


def _status_of(form, note_form):
    """What the answer says: fine, not valid, or in conflict with what became of the item meanwhile."""
    if getattr(form, "was_refused", False):
        return 409
    return 422 if any(each is not None and each.is_bound and each.errors for each in (form, note_form)) else 200


def _at_hand():
    return {"rules": Rules.in_force(), "canned": list(CannedReason.objects.all())}
