"""An item of the queue: opened, decided or answered, handed on, taken over, noted about."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
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
from posts.moderation import appeal_answers, decisions, undo, verification
from posts.moderation.admin import previews
from posts.moderation.admin.case import Item
from posts.moderation.admin.changes_since import changes
from posts.moderation.admin.forms import NoteForm, form_of, state_of
from posts.moderation.admin.queue import Part
from posts.moderation.admin.undo import LEFT
from posts.threads.exceptions import CHANGED_MEANWHILE, Refused

ANSWERED = _lazy("Answered. The person is told.")
# keys of an item's page; told beside the buttons
KEYS = [
    ("approve", "a", _lazy("approve")),
    ("remove", "r", _lazy("remove")),
    ("hold", "h", _lazy("hold")),
    ("edit_out", "e", _lazy("take out a passage")),
    ("lock_branch", "l", _lazy("lock the branch")),
]


class ItemPages:
    """The pages of one item, for the desk of cases."""

    def item_view(self, request, pk, note_form=None, decides=True, asks_to_take_over=False):
        """One item: claimed on opening, and decided by the form on it.

        Opening it writes: a moderator's page, which no robot reads, and a claim that ends by itself.
        """
        self._check(request)
        if request.method != "HEAD":
            decisions.claim(moderator=request.user, case_id=pk)
        item = Item.of(pk)
        if item is None:
            raise Http404
        case, holder = item.case, item.case.claimant()
        is_sent = decides and request.method == "POST" and note_form is None
        form, since = self._form(request, item, is_sent), []
        if is_sent and request.POST.get("text", "").strip():
            note_form = NoteForm(request.POST, auto_id="note_%s")
        is_fine = form.is_valid() and (note_form is None or note_form.is_valid())
        if is_sent and "preview" not in request.POST and is_fine:
            if self._decided(request, item, form):
                if note_form is not None:
                    # it was begun and not sent; what somebody typed is not thrown away
                    self._note(request, case, note_form)
                pending_form.done(request, *_places(pk))
                return self._next(request, pk)
            item = Item.of(pk)
            since = changes(item, *form.saw, request.user) if form.saw[0] else []
            form = _anew(form, item)
        typed = request.POST if request.method == "POST" else _waiting(request, pk)
        note = note_form or NoteForm(initial={"text": typed.get("text", "")}, auto_id="note_%s")
        # it goes along with the decision, so that neither is lost by sending the other
        note.fields["text"].widget.attrs["form"] = "decide"
        if is_sent and form.errors and request.POST.get("seen") != str(item.case.version):
            # what was chosen may not be there any more: what has changed is told first
            messages.error(request, CHANGED_MEANWHILE)
            since = changes(item, *form.saw, request.user) if form.saw[0] else []
            form = _anew(form, item)
        preview = None
        if is_sent and "preview" in request.POST and form.is_valid():
            preview = self._preview(request, item, form)
        title = _("%(kind)s: %(name)s") % {"kind": case.get_kind_display(), "name": item.case.name}
        context = self._context(request, title) | {
            "item": item,
            "case": item.case,
            "comment": item.comment,
            "form": form,
            "is_own_cause": case.closed_at is None and _is_own_cause(request.user, case),
            "holder": holder if holder != request.user else None,
            "asks_to_take_over": asks_to_take_over,
            "preview": preview,
            "since": since,
            "note_form": note,
            "welcome_back": request.method == "GET" and _waiting(request, pk) and pending_form.WELCOME_BACK,
            # decided by somebody else meanwhile: there is no form any more, and nothing typed is lost
            "kept": kept(request) if request.method == "POST" and item.case.closed_at else [],
            "keys": KEYS,
            "part": Part.of(request.GET),
        }
        return TemplateResponse(
            request, "posts/moderation/admin/case.html", context, status=_status_of(form, note_form)
        )

    def pass_view(self, request, pk):
        """Not for me."""
        case = self._case(request, pk)
        if request.method == "POST":
            decisions.pass_on(moderator=request.user, case=case)
            messages.info(request, _("Handed on. Nobody is told who did."))
        return self._next(request, pk)

    def take_view(self, request, pk):
        """Take an item over from the moderator who has it, after asking; what was typed decides nothing yet.

        Who has to sign in again first finds there what they typed.
        """
        case = self._case(request, pk)
        if request.method != "POST":
            return redirect("admin:posts_case_change", pk)
        takes_over = "takes_over" in request.POST
        if takes_over:
            decisions.claim(moderator=request.user, case_id=case.pk, takes_over=True)
        return self.item_view(request, pk, decides=False, asks_to_take_over=not takes_over)

    def note_view(self, request, pk):
        """A note about the comment or its author; after signing in again, one finds at the item what was typed."""
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
        # with the decision as far as it was typed
        return self.item_view(request, pk, note_form=NoteForm(auto_id="note_%s"), decides=False)

    def _note(self, request, case, form):
        is_about_person = case.person and ("person" in request.POST or case.comment is None)
        about = {"person": case.person} if is_about_person else {"comment": case.comment}
        decisions.note(moderator=request.user, text=form.cleaned_data["text"], **about)
        messages.success(request, _("The note is kept."))

    def _form(self, request, item, is_sent):
        """The form as it was sent; or with what was typed and not sent, for the item as it is shown now."""
        if is_sent:
            return form_of(item, request.POST, {}, request.user)
        is_taking_over = request.method == "POST" and ("seen" in request.POST)
        typed = request.POST.dict() if is_taking_over else _waiting(request, item.case.pk)
        return form_of(item, None, typed, request.user)

    def _decided(self, request, item, form):
        """Makes the decision; False, and a message, where it was refused."""
        try:
            entry = _verb_of(item.case)(moderator=request.user, case=item.case, **form.cleaned_data)
        except (Refused, PermissionDenied) as refusal:
            messages.error(request, str(refusal) or _("You may not do this."))
            return False
        if item.case.is_about_comment:
            self._tell(request, entry)
        elif item.case.appeal_id:
            self._tell_answer(request, entry, item.case.appeal.entry)
        else:
            messages.success(request, ANSWERED)
        return True

    def _preview(self, request, item, form):
        """What will be read; with the refusal, if it would be refused: it is made, and nothing of it is kept."""
        fault = ""
        try:
            with transaction.atomic():
                # on rows of its own: what is shown knows nothing of it
                case = Item.of(item.case.pk).case
                _verb_of(case)(moderator=request.user, case=case, **form.cleaned_data)
                transaction.set_rollback(True)
        except (Refused, PermissionDenied) as refusal:
            fault = str(refusal) or _("You may not do this.")
        return previews.of_item(form, item.case) | {"fault": fault}

    def _tell(self, request, entry):
        """What was done to whose comment, and to whom, with the button that takes both back."""
        acts = [entry.act, *(sanction.act for sanction in undo.sanctions_of(entry))]
        what = ", ".join(str(LogEntry.Act(act).label) for act in acts)
        said = _("%(name)s: %(what)s.") % {"name": entry.comment.shown_author, "what": what}
        messages.success(request, said, extra_tags=f"undo {reverse('admin:posts_case_undo', args=[entry.pk])}")

    def _tell_answer(self, request, answer, entry):
        """That it was answered, with the button that takes back what came instead; and what could not be put back."""
        instead = (answer.details or {}).get("instead")
        tags = f"undo {reverse('admin:posts_case_undo', args=[instead[0]])}" if instead else ""
        messages.success(request, ANSWERED, extra_tags=tags)
        if LogEntry.objects.filter(undoes=entry, details__has_key="left").exists():
            messages.info(request, LEFT)
        comment = entry.comment and Comment.objects.get(pk=entry.comment_id)
        if answer.act == LogEntry.Act.REVERSE and comment is not None and not comment.is_published:
            messages.info(request, _("The comment stays out of sight: something else about it was decided, or waits."))

    def _next(self, request, done):
        """The next item of the part that one works through follows by itself, behind the one that is done, which may be
        in the queue still; where there is none, the queue says so."""
        part = Part.of(request.GET)
        case = part.among(Case.objects.offered_to(request.user, timezone.now())).exclude(pk=done).first()
        way = reverse("admin:posts_case_change", args=[case.pk]) if case else reverse("admin:posts_case_changelist")
        return redirect(f"{way}?{part.query}" if part.query else way)

    def _case(self, request, pk):
        self._check(request)
        about = ["comment__author", "claimed_by", "appeal__person", "verification_request__person"]
        case = Case.objects.select_related(*about).filter(pk=pk).first()
        if case is None:
            raise Http404
        return case

    def _check(self, request):
        if not request.user.moderates:
            raise PermissionDenied

    def _context(self, request, title):
        return self.admin_site.each_context(request) | {"title": title, "opts": self.model._meta}


def _verb_of(case):
    """What decides about it, or answers it."""
    if case.is_about_comment:
        return decisions.decide
    return appeal_answers.answer_appeal if case.appeal_id else verification.answer


def _is_own_cause(moderator, case):
    """What is about themselves, or an appeal against what they decided, where another moderator sees to it."""
    if case.verification_request_id:
        return case.verification_request.person_id == moderator.pk
    is_own_decision = case.appeal_id is not None and case.appeal.entry.moderator_id == moderator.pk
    return (is_own_decision or case.person == moderator) and User.objects.others_moderate(moderator)


def _place(way, pk):
    return reverse(f"admin:posts_case_{way}", args=[pk])


def _places(pk):
    """Where what was typed into an item's form may wait for its writer."""
    return [_place(way, pk) for way in ("change", "take", "note")]


def _waiting(request, pk):
    """What was typed into the item's form and not sent."""
    return {name: value for place in _places(pk) for name, value in pending_form.waiting(request, place).items()}


def _anew(form, item):
    """The form that was refused, with what was typed; sent again, it decides about the item as it is shown now."""
    form.data = form.data.copy()
    form.data.update({name: str(value) for name, value in state_of(item).items()})
    form.was_refused = True
    return form


def _status_of(form, note_form):
    """What the answer says: fine, not valid, or in conflict with what became of the item meanwhile."""
    if getattr(form, "was_refused", False):
        return 409
    return 422 if any(each is not None and each.is_bound and each.errors for each in (form, note_form)) else 200
