"""The pages of one case of the review queue: decide, answer, pass on, take over, and add a note."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from forum import pending_form
from forum.errors import kept
from posts.models import Case, Comment, LogEntry
from posts.models.case import own_cause_of
from posts.moderation import appeal_answers, decisions, undo, verification
from posts.moderation.admin import previews
from posts.moderation.admin.base import QueuePages, offer_undo
from posts.moderation.admin.case import CaseItem
from posts.moderation.admin.changes_since import Change, changes
from posts.moderation.admin.forms import NoteForm, Seen, form_of, state_of
from posts.moderation.admin.queue import Part
from posts.moderation.admin.undo import REOPENED
from posts.threads.exceptions import CHANGED_MEANWHILE, Refused

ANSWERED = _lazy("Answered. The person is told.")
# keyboard shortcuts of the page, shown beside the buttons
KEYS = [
    ("approve", "a", _lazy("approve")),
    ("remove", "r", _lazy("remove")),
    ("hold", "h", _lazy("hold")),
    ("edit_out", "e", _lazy("take out a passage")),
    ("lock_branch", "l", _lazy("lock the branch")),
]


class ItemPages(QueuePages):
    """The pages of one case; a mixin of CaseAdmin."""

    def item_view(
        self,
        request: HttpRequest,
        pk: int,
        note_form: NoteForm | None = None,
        decides: bool = True,
        asks_to_take_over: bool = False,
    ) -> HttpResponse:
        """Show one case, claim it, and decide about it by its form.

        A GET request writes the claim. That is acceptable, because only moderators open the page and a claim expires.
        """
        moderator = self.moderator_of(request)
        has_claimed = request.method != "HEAD" and decisions.claim(moderator=moderator, case_id=pk)
        item = CaseItem.of(pk)
        if item is None:
            raise Http404
        case, holder = item.case, item.case.claimant()
        is_sent = decides and request.method == "POST" and note_form is None
        form, since = self._form(request, item, is_sent), list[Change]()
        if is_sent and request.POST.get("text", "").strip():
            note_form = NoteForm(request.POST, auto_id="note_%s")
        is_fine = form.is_valid() and (note_form is None or note_form.is_valid())
        if is_sent and "preview" not in request.POST and is_fine:
            if self._decided(request, item, form):
                if note_form is not None:
                    # a note that was typed but not sent is stored with the decision
                    self._note(request, case, note_form)
                pending_form.done(request, *_places(pk))
                return self._next(request, pk)
            item = CaseItem.of(pk) or item
            since = changes(item, form.saw_at, moderator)
            form = _anew(form, item)
        typed = request.POST if request.method == "POST" else _waiting(request, pk)
        note = note_form or NoteForm(initial={"text": typed.get("text", "")}, auto_id="note_%s")
        # the note is a field of the form of the decision, so that sending one does not lose the other
        note.fields["text"].widget.attrs["form"] = "decide"
        if is_sent and form.errors and request.POST.get("seen") != str(item.case.version):
            # an error may come from a choice that has gone since, so show first what has changed
            messages.error(request, CHANGED_MEANWHILE)
            since = changes(item, form.saw_at, moderator)
            form = _anew(form, item)
        preview = None
        if is_sent and "preview" in request.POST and form.is_valid():
            preview = self._preview(request, item, form)
        title = _("%(kind)s: %(name)s") % {"kind": case.get_kind_display(), "name": item.case.name}
        context = self.page_context(request, title) | {
            "item": item,
            "case": item.case,
            "comment": item.comment,
            "form": form,
            # nobody can claim their own cause
            "is_own_cause": case.closed_at is None and not has_claimed and _is_own_cause(moderator, case),
            "holder": holder if holder != request.user else None,
            "asks_to_take_over": asks_to_take_over,
            "preview": preview,
            "since": since,
            "note_form": note,
            "welcome_back": request.method == "GET" and _waiting(request, pk) and pending_form.WELCOME_BACK,
            # decided by another moderator meanwhile: show the typed text, so that it is not lost
            "kept": kept(request) if request.method == "POST" and item.case.closed_at else [],
            "keys": KEYS,
            "part": Part.of(request.GET),
        }
        return TemplateResponse(
            request, "posts/moderation/admin/case.html", context, status=_status_of(form, note_form)
        )

    def pass_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Pass the case on to other moderators."""
        case = self._case(request, pk)
        if request.method == "POST":
            decisions.pass_on(moderator=self.moderator_of(request), case=case)
            messages.info(request, _("Other moderators are offered this case now. They are not told who passed it on."))
        return self._next(request, pk)

    def take_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take over a case that another moderator has claimed, after a confirmation.

        The typed decision is kept in the form, and nothing is decided yet. After signing in again, the moderator finds
        the typed text on the page of the case.
        """
        case = self._case(request, pk)
        if request.method != "POST":
            return redirect("admin:posts_case_change", pk)
        takes_over = "takes_over" in request.POST
        if takes_over:
            decisions.claim(moderator=self.moderator_of(request), case_id=case.pk, takes_over=True)
        return self.item_view(request, pk, decides=False, asks_to_take_over=not takes_over)

    def note_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Add a note about the comment or its author.

        After signing in again, the moderator finds the typed text on the page of the case.
        """
        case = self._case(request, pk)
        if request.method != "POST":
            return redirect("admin:posts_case_change", pk)
        form = NoteForm(request.POST, auto_id="note_%s")
        if not form.is_valid():
            return self.item_view(request, pk, note_form=form, decides=False)
        self._note(request, case, form)
        pending_form.done(request, *_places(pk))
        if "seen" not in request.POST:
            return redirect("admin:posts_case_change", pk)
        # show the typed decision again, too
        return self.item_view(request, pk, note_form=NoteForm(auto_id="note_%s"), decides=False)

    def _note(self, request: HttpRequest, case: Case, form: NoteForm) -> None:
        is_about_person = case.person and ("person" in request.POST or case.comment is None)
        about = {"person": case.person} if is_about_person else {"comment": case.comment}
        decisions.note(moderator=self.moderator_of(request), text=form.cleaned_data["text"], **about)
        messages.success(request, _("The note is kept."))

    def _form(self, request: HttpRequest, item: CaseItem, is_sent: bool) -> Seen:
        """Return the form as it was sent, or a new form with the text that was typed but not sent."""
        if is_sent:
            return form_of(item, request.POST, {}, self.moderator_of(request))
        is_taking_over = request.method == "POST" and ("seen" in request.POST)
        typed = request.POST.dict() if is_taking_over else _waiting(request, item.case.pk)
        return form_of(item, None, typed, self.moderator_of(request))

    def _decided(self, request: HttpRequest, item: CaseItem, form: Seen) -> bool:
        """Make the decision. If it is refused, add a message and return False."""
        try:
            entry = _verb_of(item.case)(moderator=self.moderator_of(request), case=item.case, **form.cleaned_data)
        except (Refused, PermissionDenied) as refusal:
            messages.error(request, str(refusal) or _("You may not do this."))
            return False
        if item.case.is_about_comment:
            self._tell(request, entry)
        elif item.case.appeal_id:
            self._tell_answer(request, entry)
        else:
            messages.success(request, ANSWERED)
        return True

    def _preview(self, request: HttpRequest, item: CaseItem, form: Seen) -> dict[str, Any]:
        """Return the preview of the statement, with the refusal ("fault") if the decision would be refused.

        The decision is made and rolled back.
        """
        fault = ""
        try:
            with transaction.atomic():
                # on a separate copy of the rows, because the decision changes them in memory
                case = Case.objects.get(pk=item.case.pk)
                _verb_of(case)(moderator=self.moderator_of(request), case=case, **form.cleaned_data)
                transaction.set_rollback(True)
        except (Refused, PermissionDenied) as refusal:
            fault = str(refusal) or _("You may not do this.")
        return previews.of_item(form, item.case) | {"fault": fault}

    def _tell(self, request: HttpRequest, entry: LogEntry) -> None:
        """Add a message about the decision and its sanctions, with a button to undo them."""
        acts = [entry.act, *(sanction.act for sanction in undo.sanctions_of(entry))]
        what = ", ".join(str(LogEntry.Act(act).label) for act in acts)
        said = _("%(name)s: %(what)s.") % {"name": entry.comment and entry.comment.shown_author, "what": what}
        messages.success(request, said)
        offer_undo(request, [entry.pk])

    def _tell_answer(self, request: HttpRequest, answer: LogEntry) -> None:
        """Add messages about the answer to an appeal, and offer to undo the replacing decision if there is one."""
        messages.success(request, ANSWERED)
        offer_undo(request, [each.pk for each in appeal_answers.instead_of(answer)[:1]])
        if answer.parts.filter(act=LogEntry.Act.REOPEN).exists():
            messages.info(request, REOPENED)
        comment = answer.comment and Comment.objects.get(pk=answer.comment.pk)
        if answer.act == LogEntry.Act.REVERSE and comment is not None and not comment.is_published:
            messages.info(request, _("The comment stays hidden: another decision stands, or another case is open."))

    def _next(self, request: HttpRequest, done: int) -> HttpResponse:
        """Redirect to the next case of the part of the queue that the moderator works through, or to the queue.

        The case `done` is left out, because it may still be in the queue.
        """
        part = Part.of(request.GET)
        case = part.among(Case.objects.offered_to(self.moderator_of(request), timezone.now())).exclude(pk=done).first()
        way = reverse("admin:posts_case_change", args=[case.pk]) if case else reverse("admin:posts_case_changelist")
        return redirect(f"{way}?{part.query}" if part.query else way)

    def _case(self, request: HttpRequest, pk: int) -> Case:
        self.moderator_of(request)
        about = ["comment__author", "claimed_by", "appeal__person", "verification_request__person"]
        case = Case.objects.select_related(*about).filter(pk=pk).first()
        if case is None:
            raise Http404
        return case


def _verb_of(case: Case) -> Callable[..., LogEntry]:
    """Return the function that decides or answers the case."""
    if case.is_about_comment:
        return decisions.decide
    return appeal_answers.answer_appeal if case.appeal_id else verification.answer


def _is_own_cause(moderator: User, case: Case) -> bool:
    """Return whether the moderator cannot decide the case (see own_cause_of).

    Except for a request for verification, that applies only if there is another moderator.
    """
    is_own = Case.objects.filter(own_cause_of(moderator), pk=case.pk).exists()
    return is_own and (case.verification_request is not None or User.objects.others_moderate(moderator))


def _place(way: str, pk: int) -> str:
    return reverse(f"admin:posts_case_{way}", args=[pk])


def _places(pk: int) -> list[str]:
    """Return the addresses at which text typed into the forms of a case may be kept."""
    return [_place(way, pk) for way in ("change", "take", "note")]


def _waiting(request: HttpRequest, pk: int) -> dict[str, str]:
    """Return the values that were typed into the forms of the case and kept while signing in again."""
    return {name: value for place in _places(pk) for name, value in pending_form.waiting(request, place).items()}


def _anew(form: Seen, item: CaseItem) -> Seen:
    """Return the refused form with the typed values, and with the present version of the case.

    If it is sent again, it decides about the case as it is shown now.
    """
    form.change_data({name: str(value) for name, value in state_of(item).items()})
    form.was_refused = True
    return form


def _status_of(form: Seen, note_form: NoteForm | None) -> int:
    """Return the status code: 200, 422 for invalid input, or 409 if the decision was refused."""
    if form.was_refused:
        return 409
    return 422 if any(each is not None and each.is_bound and each.errors for each in (form, note_form)) else 200
