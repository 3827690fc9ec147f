"""The pages to undo decisions, at once or after a confirmation."""

from collections.abc import Mapping

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from forum import pending_form
from forum.numbers import number_in, numbers_in
from posts.models import Case, LogEntry
from posts.moderation import undo
from posts.moderation.admin import record
from posts.moderation.admin.base import QueuePages, ReasonForm
from posts.moderation.admin.queue import ITEMS_PER_PAGE
from posts.threads.exceptions import Refused

# the page that the button was on: the name of its hidden field, and the view to return to
PLACES = {
    "from_item": "admin:posts_case_change",
    "from_comment": "admin:posts_case_of",
    "from_person": "admin:accounts_user_change",
}


REOPENED = _lazy("The comment has changed since, so it stays as it is. It is in the queue again, to be decided anew.")
HELD = _lazy("What concerns somebody’s privacy or safety stays hidden until a decision. It is in the queue.")


class UndoPages(QueuePages):
    """The views to undo decisions; a mixin of CaseAdmin."""

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Undo a decision.

        For a GET request (a link, or after signing in again), show first what that means, and ask for a confirmation.
        """
        return self._undo(request, [pk])

    def undo_several_view(self, request: HttpRequest) -> HttpResponse:
        """Undo several decisions, each on its own. Their ids are in `?entries=`, joined by dots."""
        pks = request.GET.get("entries", "").split(".")
        return self._undo(request, numbers_in(pks[:ITEMS_PER_PAGE]))

    def _undo(self, request: HttpRequest, pks: list[int]) -> HttpResponse:
        moderator = self.moderator_of(request)
        entries = record.entries_by(pks)
        if not entries:
            raise Http404
        said = request.POST if request.method == "POST" else request.GET
        way_back = _way_back(said)
        # comments that stay hidden until there is a new decision
        pressing = undo.pressing_among([entry for entry in entries if entry.may_be_undone])
        form = ReasonForm(request.POST if "reason" in request.POST else None, initial=pending_form.waiting(request))
        is_asked = bool(pressing) and not (form.is_bound and form.is_valid())
        if request.method != "POST" or is_asked:
            title = ngettext("Take this back?", "Take these %(n)d decisions back?", len(entries)) % {"n": len(entries)}
            context = self.page_context(request, title) | {
                "asked": undo.each_with_sanctions(entries),
                "way_back": way_back or reverse("admin:posts_case_changelist"),
                "place": [(name, said[name]) for name in PLACES if name in said],
                "may_be_undone": any(entry.may_be_undone for entry in entries),
                "pressing": pressing,
                "form": form,
            }
            status = 422 if form.is_bound and is_asked else 200
            return TemplateResponse(request, "posts/moderation/admin/undo.html", context, status=status)
        reason = form.cleaned_data["reason"] if pressing else ""
        pending_form.done(request)
        done = []
        for entry in entries:
            try:
                back = undo.undo(moderator=moderator, entry=entry, reason=reason)
                done.append(back)
            except (Refused, PermissionDenied) as refusal:
                whose = f"{_whose(entry)}: " if len(entries) > 1 else ""
                messages.error(request, f"{whose}{str(refusal) or _('You may not do this.')}")
        if done:
            told = ngettext("The decision is reversed.", "%(n)d decisions are reversed.", len(done))
            messages.success(request, told % {"n": len(done)})
        if any(back.act == LogEntry.Act.REOPEN for back in done):
            messages.info(request, REOPENED)
        elif pressing & {back.undoes_id for back in done}:
            messages.info(request, HELD)
        return redirect(way_back or _reopened(entries))


def _reopened(entries: list[LogEntry]) -> str:
    """Return the address of the case that is open again, or of the queue."""
    case = None
    if len(entries) == 1 and entries[0].comment_id:
        case = Case.objects.open().filter(comment=entries[0].comment_id, appeal=None).first()
    return reverse("admin:posts_case_change", args=[case.pk]) if case else reverse("admin:posts_case_changelist")


def _whose(entry: LogEntry) -> str:
    return entry.comment.shown_author if entry.comment else str(entry.subject)


def _way_back(said: Mapping[str, str]) -> str | None:
    """Return the address of the page that the button was on, or None if it is missing or malformed."""
    for name, place in PLACES.items():
        pk = number_in(said.get(name, ""))
        if pk is not None:
            return reverse(place, args=[pk])
    return None
