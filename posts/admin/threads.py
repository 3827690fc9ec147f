"""The desk for threads."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from posts.actions import moderating
from posts.admin.desk import Attached, Desk, act
from posts.models import Question, Thread


class Questions(Attached):
    """What the thread asks."""

    model = Question
    fields = readonly_fields = ["position", "text", "asks", "comment_count"]


@admin.register(Thread)
class ThreadDesk(Desk):
    """Threads, the newest first."""

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
        "place", "author", "source_url", "source_date", "created_at", "last_activity_at", "comment_count",
        "pinned_at", "locked_at", "withdrawn_at",
    ]  # fmt: skip
    readonly_fields = ["place"]
    actions = [
        act(moderating.lock, "thread", _("Lock")),
        act(moderating.unlock, "thread", _("Unlock")),
        act(moderating.pin, "thread", _("Pin")),
        act(moderating.unpin, "thread", _("Unpin")),
    ]

    def get_search_results(self, request, queryset, search_term):
        """By words of the title; an index answers."""
        term = search_term.strip()
        return (queryset.matching(term) if term else queryset), False

    @admin.display(description=_("title"))
    def place(self, thread):
        """Where readers see it."""
        return format_html('<a href="{}">{}</a>', thread.get_absolute_url(), thread)
