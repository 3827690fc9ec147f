"""The desk for what moderators rest on and have at hand: rules, reasons, watched words, notes."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from posts.models import CannedReason, LogEntry, Note, Rules, WatchedWord
from posts.moderation.admin.base import ModerationAdmin

TITLE_MAX_LENGTH = LogEntry._meta.get_field("rule").max_length


def _clean_text(form):
    """Refuses a title that is longer than the log's entry has room for."""
    text = form.cleaned_data["text"]
    if not Rules(text=text).titles:
        raise ValidationError(_("There is no rule in it yet: a line that begins with ## begins one."))
    if any(len(title) > TITLE_MAX_LENGTH for title in Rules(text=text).titles):
        raise ValidationError(_("A rule’s title may have %(n)d characters at most.") % {"n": TITLE_MAX_LENGTH})
    return text


def _clean_in_numbers(form):
    """Refuses what is no title of a rule in the text."""
    rules = Rules(text=form.cleaned_data.get("text", ""), in_numbers=form.cleaned_data["in_numbers"])
    unknown = [title for title in rules.titles_in_numbers if title not in rules.titles]
    if unknown:
        raise ValidationError(_("No rule has this title: %(titles)s.") % {"titles": ", ".join(unknown)})
    return rules.in_numbers


@admin.register(Rules)
class RulesAdmin(admin.ModelAdmin):
    """Versions of the rules: a new one begins with the text in force, and none is ever changed."""

    list_display = ["published_at", "published_by"]
    ordering = ["-id"]
    fields = ["text", "in_numbers"]

    def get_changeform_initial_data(self, request):
        """What is in force."""
        rules = Rules.in_force()
        return {"text": rules.text, "in_numbers": rules.in_numbers} if rules else {}

    def get_form(self, request, obj=None, **options):
        """With titles that fit into the log."""
        form = super().get_form(request, obj, **options)
        form.clean_text, form.clean_in_numbers = _clean_text, _clean_in_numbers
        return form

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
class CannedReasonAdmin(admin.ModelAdmin):
    """Reasons at hand."""

    list_display = ["title", "rule", "text"]


@admin.register(WatchedWord)
class WatchedWordAdmin(admin.ModelAdmin):
    """Watched words."""

    list_display = ["phrase", "language", "act", "advice"]
    list_filter = ["act"]
    search_fields = ["phrase"]


@admin.register(Note)
class NoteAdmin(ModerationAdmin):
    """Notes of moderators, to read; they are written beside an item."""

    list_display = ["noted_at", "noted_by", "person", "text"]
    list_select_related = ["noted_by", "person"]
    ordering = ["-id"]
    fields = readonly_fields = ["noted_at", "noted_by", "person", "comment", "text"]

    def get_queryset(self, request):
        """What colleagues noted about oneself is for them."""
        about_oneself = Q(person=request.user) | Q(comment__author=request.user)
        return super().get_queryset(request).exclude(about_oneself & ~Q(noted_by=request.user))
