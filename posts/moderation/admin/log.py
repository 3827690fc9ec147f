"""The moderation log in the admin, read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.names import skeleton
from posts.models import LogEntry
from posts.moderation import decisions, undo
from posts.moderation.admin.base import ModerationAdmin, admin_action


@admin.register(LogEntry)
class LogEntryAdmin(ModerationAdmin):
    """The entries of the moderation log, latest first."""

    list_display = ["at", "moderator", "act", "subject", "reason"]
    list_filter = ["act"]
    list_select_related = ["moderator", "person", "thread", "comment__author"]
    ordering = ["-id"]
    fields = readonly_fields = ("at", "moderator", "act", "reason", "rule", "person", "thread", "comment", "corrects")
    actions = [
        admin_action(decisions.annotate, "entry", _("Annotate")),
        admin_action(undo.undo, "entry", _("Take back")),
    ]
    search_fields = ["moderator__email"]
    search_help_text = _("The name or the e-mail address of a moderator.")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Search by the full name or e-mail address of the moderator."""
        term = search_term.strip()
        if not term:
            return queryset, False
        people = User.objects.with_address(term) if "@" in term else User.objects.filter(name_key=skeleton(term))
        return queryset.filter(moderator__in=people), False
