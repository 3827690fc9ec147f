"""One decision about several cases of the review queue."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from forum import pending_form
from forum.errors import kept
from forum.numbers import numbers_in
from posts.models import CannedReason, Case, Rules
from posts.moderation import decisions
from posts.moderation.admin import previews, queue
from posts.moderation.admin.base import QueuePages, offer_undo
from posts.moderation.admin.forms import BulkForm
from posts.threads.exceptions import Refused


class BulkPages(QueuePages):
    """The view to decide about several cases; a mixin of CaseAdmin."""

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form for the cases that were ticked in the queue, and decide about each of them.

        Cases that could not be decided stay on the page in their present state, with the typed text.
        """
        moderator = self.moderator_of(request)
        waiting = pending_form.waiting(request)
        # from the queue, from the form of this page, or from that form kept while signing in again
        said = request.POST.get("seen", waiting.get("seen", ""))
        chosen = queue.versions(request.POST.getlist("item") or said.split())
        if not chosen:
            messages.info(request, _("Please tick at least one item."))
            return redirect("admin:posts_case_changelist")
        data = request.POST if "confirmed" in request.POST else None
        at_hand = {"rules": Rules.in_force(), "canned": list(CannedReason.objects.all())}
        form = BulkForm(data, initial=waiting, **at_hand)
        found = Case.objects.filter(pk__in=chosen, appeal=None, verification_request=None).order_by("kind", "id")
        cases = Case.objects.label_masked(list(found.select_related("comment__author", "comment__thread")))
        status, preview = 200, None
        measured = request.POST.get("measured", "")
        if form.is_bound and not form.is_valid():
            status = 422
        elif form.is_bound and "preview" in request.POST:
            preview = previews.of(form.cleaned_data)
            previews.fill(form)
        elif form.is_bound:
            done, cases, measured = self._decide_each(request, moderator, form, cases, chosen)
            pending_form.done(request)
            if done and not cases:
                part = queue.Part.of(request.GET)
                way = reverse("admin:posts_case_changelist")
                return redirect(f"{way}?{part.query}" if part.query else way)
            status = 409
            chosen = {case.pk: case.version for case in cases}
        context = self.page_context(request, _("Decide about several")) | {
            "form": form,
            "cases": cases,
            "preview": preview,
            "measured": measured,
            "seen": " ".join(f"{case.pk}:{chosen[case.pk]}" for case in cases),
            # all cases were decided by others meanwhile: show the typed text, so that it is not lost
            "kept": kept(request) if not cases else [],
            "welcome_back": request.method == "GET" and waiting and pending_form.WELCOME_BACK,
        }
        return TemplateResponse(request, "posts/moderation/admin/bulk.html", context, status=status)

    def _decide_each(
        self, request: HttpRequest, moderator: User, form: BulkForm, cases: list[Case], chosen: dict[int, int]
    ) -> tuple[int, list[Case], str]:
        """Decide about each case, and add messages about what was done and what was refused.

        Returns (number of decided cases, remaining cases in their present state, ids of the sanctioned people joined by
        dots).
        """
        # people whom this decision has sanctioned already, also in an earlier attempt: each gets one sanction
        done: list[int] = []
        left: list[int] = []
        people = set(numbers_in(request.POST.get("measured", "").split(".")))
        for case in cases:
            author = case.comment.author_id if case.comment else None
            decision = form.cleaned_data | {"seen": chosen[case.pk]}
            if author is None or author in people:
                decision["sanction"] = ""
            try:
                entry = decisions.decide(moderator=moderator, case=case, **decision)
                done.append(entry.pk)
                if author is not None and decision["sanction"]:
                    people.add(author)
            except (Refused, PermissionDenied) as refusal:
                left.append(case.pk)
                messages.error(request, f"{case.name}: {str(refusal) or _('You may not do this.')}")
        if done:
            said = ngettext("%(n)d item decided.", "%(n)d items decided.", len(done)) % {"n": len(done)}
            messages.success(request, said)
            offer_undo(request, done)
        open_ones = Case.objects.open().select_related("comment__author", "comment__thread")
        waiting = Case.objects.label_masked(list(open_ones.filter(pk__in=left))) if left else []
        return len(done), waiting, ".".join(map(str, sorted(people)))
