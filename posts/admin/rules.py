"""The desk for what moderators rest on and have at hand: rules, reasons, watched words, notes."""

from django.contrib import admin
from django.utils import timezone

from posts.admin.desk import Desk
from posts.models import CannedReason, Note, Rules, WatchedWord


@admin.register(Rules)
class RulesDesk(admin.ModelAdmin):
    """Versions of the rules: a new one begins with the text in force, and none is ever changed."""

    list_display = ["published_at", "published_by"]
    ordering = ["-id"]
    fields = ["text"]

    def get_changeform_initial_data(self, request):
        """The text in force."""
        rules = Rules.in_force()
        return {"text": rules.text if rules else ""}

    def has_change_permission(self, request, obj=None):
        """Decisions point to a version: it stays as it is."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Decisions point to it."""
        return False

    def save_model(self, request, obj, form, change):
        """Published by whoever saved it, from now on."""
        obj.published_at, obj.published_by = timezone.now(), request.user
        super().save_model(request, obj, form, change)


@admin.register(CannedReason)
class CannedReasonDesk(admin.ModelAdmin):
    """Reasons at hand."""

    list_display = ["title", "text"]


@admin.register(WatchedWord)
class WatchedWordDesk(admin.ModelAdmin):
    """Watched words."""

    list_display = ["phrase", "language", "act", "advice"]
    list_filter = ["act"]
    search_fields = ["phrase"]


@admin.register(Note)
class NoteDesk(Desk):
    """Notes of moderators, to read; they are written beside an item."""

    list_display = ["noted_at", "noted_by", "person", "text"]
    list_select_related = ["noted_by", "person"]
    ordering = ["-id"]
    fields = readonly_fields = ["noted_at", "noted_by", "person", "comment", "text"]
