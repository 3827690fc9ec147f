"""Decisions taken back: at once beside what is looked at, and from elsewhere after being asked."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from posts.actions import undoing
from posts.actions.refusals import Refused
from posts.admin import record

# where the button was: the name of its hidden field, and the page that this leads back to
PLACES = {
    "from_item": "admin:posts_case_change",
    "from_comment": "admin:posts_case_of",
    "from_person": "admin:accounts_user_change",
}


class UndoPages:
    """The doors that take decisions back, for the desk of cases."""

    def undo_view(self, request, pk):
        """Takes a decision back; asked for by a link, or after signing in again, it says first what that means."""
        self._check(request)
        entry = record.entry(pk)
        if entry is None:
            raise Http404
        said = request.POST if request.method == "POST" else request.GET
        way_back = _way_back(said)
        if request.method != "POST":
            context = self._context(request, _("Take this back?")) | {
                "entry": entry, "measures": undoing.measures_of(entry), "way_back": way_back,
                "place": [(name, said[name]) for name in PLACES if name in said],
            }  # fmt: skip
            return TemplateResponse(request, "admin/posts/case/undo.html", context)
        try:
            undoing.undo(moderator=request.user, entry=entry, reason=_("Taken back by a moderator."))
        except (Refused, PermissionDenied) as refusal:
            messages.error(request, str(refusal) or _("You may not do this."))
        else:
            messages.success(request, _("The decision is taken back."))
        return redirect(way_back)


def _way_back(said):
    """The address of the page that the button was on; of the queue where that is not said, or makes no sense."""
    for name, place in PLACES.items():
        pk = said.get(name, "")
        if pk.isascii() and pk.isdigit() and len(pk) < 19:
            return reverse(place, args=[pk])
    return reverse("admin:posts_case_changelist")
