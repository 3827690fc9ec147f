"""The rules, canned reasons, watched words and notes in the admin."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.requests import member_of
from forum import markup
from forum.admin_site import ForumModelAdmin
from posts.models import CannedReason, LogEntry, Note, Rules, WatchedWord
from posts.models.rules import rendered
from posts.moderation.admin.base import ModerationAdmin

TITLE_MAX_LENGTH = LogEntry._meta.get_field("rule").max_length or 0


class RulesForm(ModelForm):
    """A new version of the rules."""

    class Meta:
        model = Rules
        fields = ("text", "in_numbers")

    def clean_text(self) -> str:
        """Refuse a text without rules, one that cannot be shown, or a title that is too long for the log entry."""
        text = self.cleaned_data["text"]
        try:
            rendered(text)
        except markup.TooComplex as fault:
            raise ValidationError(fault.sentence, code="too_complex") from fault
        if not Rules(text=text).titles:
            raise ValidationError(_("There is no rule in it yet: a line that begins with ## begins one."))
        if any(len(title) > TITLE_MAX_LENGTH for title in Rules(text=text).titles):
            raise ValidationError(_("A rule’s title may have %(n)d characters at most.") % {"n": TITLE_MAX_LENGTH})
        return text

    def clean_in_numbers(self) -> str:
        """Refuse titles that no rule in the text has."""
        rules = Rules(text=self.cleaned_data.get("text", ""), in_numbers=self.cleaned_data["in_numbers"])
        unknown = [title for title in rules.titles_in_numbers if title not in rules.titles]
        if unknown:
            raise ValidationError(_("No rule has this title: %(titles)s.") % {"titles": ", ".join(unknown)})
        return rules.in_numbers


@admin.register(Rules)
class RulesAdmin(ForumModelAdmin):
    """Versions of the rules. A new version starts with the text in force, and versions are never changed."""

    list_display = ["published_at", "published_by"]
    ordering = ["-id"]
    form = RulesForm

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, str | list[str]]:
        """Return the rules in force."""
        rules = Rules.in_force()
        return {"text": rules.text, "in_numbers": rules.in_numbers} if rules else {}

    def has_change_permission(self, request: HttpRequest, obj: Rules | None = None) -> bool:
        """Return False: decisions refer to the version, so it must not change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Rules | None = None) -> bool:
        """Return False: decisions refer to the version."""
        return False

    def save_model(self, request: HttpRequest, obj: Rules, form: ModelForm, change: bool) -> None:
        """Publish the version now, by the user who saves it."""
        obj.write(obj.text)
        obj.published_at, obj.published_by = timezone.now(), member_of(request)
        super().save_model(request, obj, form, change)


@admin.register(CannedReason)
class CannedReasonAdmin(ForumModelAdmin):
    """Canned reasons."""

    list_display = ["title", "rule", "text"]


@admin.register(WatchedWord)
class WatchedWordAdmin(ForumModelAdmin):
    """Watched words."""

    list_display = ["phrase", "language", "act", "advice"]
    list_filter = ["act"]
    search_fields = ["phrase"]


@admin.register(Note)
class NoteAdmin(ModerationAdmin):
    """Notes of moderators, read-only. They are written on the pages of cases and people."""

    list_display = ["noted_at", "noted_by", "person", "text"]
    list_select_related = ["noted_by", "person"]
    ordering = ["-id"]
    fields = readonly_fields = ("noted_at", "noted_by", "person", "comment", "text")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Leave out what other moderators noted about the user and their comments."""
        moderator = member_of(request)
        about_oneself = Q(person=moderator) | Q(comment__author=moderator)
        return super().get_queryset(request).exclude(about_oneself & ~Q(noted_by=moderator))
