"""Threads in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from posts.models import Question, Thread
from posts.moderation import actions as moderation_actions
from posts.moderation.admin.base import Attached, ModerationAdmin, admin_action


class Questions(Attached):
    """The questions of the thread."""

    model = Question
    fields = readonly_fields = ("position", "text", "asks", "comment_count")


@admin.register(Thread)
class ThreadAdmin(ModerationAdmin):
    """Threads, newest first."""

    list_display = ["title", "author", "comment_count", "last_activity_at", "pinned_at", "locked_at", "withdrawn_at"]
    list_select_related = ["author"]
    list_filter = [
        ("locked_at", admin.EmptyFieldListFilter),
        ("pinned_at", admin.EmptyFieldListFilter),
        ("withdrawn_at", admin.EmptyFieldListFilter),
    ]
    ordering = ["-id"]
    search_fields = ["title"]
    inlines = [Questions]
    fields = [
        "place",
        "author",
        "source_url",
        "source_date",
        "created_at",
        "last_activity_at",
        "comment_count",
        "pinned_at",
        "locked_at",
        "withdrawn_at",
    ]
    readonly_fields = ["place"]
    actions = [
        admin_action(moderation_actions.lock, "thread", _("Lock")),
        admin_action(moderation_actions.unlock, "thread", _("Unlock")),
        admin_action(moderation_actions.pin, "thread", _("Pin")),
        admin_action(moderation_actions.unpin, "thread", _("Unpin")),
    ]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search by words of the title. An index supports it."""
        term = search_term.strip()
        return (queryset.matching(term) if term else queryset), False

    @admin.display(description=_("title"))
    def place(self, thread: Thread) -> SafeString:
        """Return a link to the page where readers see the thread."""
        return format_html('<a href="{}">{}</a>', thread.get_absolute_url(), thread)
