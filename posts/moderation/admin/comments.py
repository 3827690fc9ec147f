"""Comments in the admin."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from accounts.names import skeleton
from forum import markup
from forum.numbers import number_in
from posts.models import Case, Comment, LogEntry, Revision
from posts.models.visibility import PUBLISHED
from posts.moderation import actions as moderation_actions
from posts.moderation.admin.base import ApprovalForm, Attached, ModerationAdmin, RuledForm, admin_action
from posts.threads import publishing
from posts.threads.exceptions import CHANGED_MEANWHILE, Refused

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Act = LogEntry.Act


class StateFilter(admin.SimpleListFilter):
    """Filters comments by state. Each state has a small index of its own."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> "list[tuple[Any, StrOrPromise]]":
        """Return the states."""
        return list(Comment.State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Return the published comments, or those whose timestamp of the chosen state is set."""
        if self.value() == Comment.State.PUBLISHED:
            return queryset.filter(PUBLISHED)
        if self.value() in Comment.State.values:
            return queryset.filter(**{f"{self.value()}_at__isnull": False})
        return queryset


def is_masked(comment: Any) -> bool:
    """Return whether the texts of the comment are shown only when a moderator asks for them."""
    if not hasattr(comment, "is_masked"):
        comment.is_masked = bool(Case.objects.masked_among([comment.pk]))
    return comment.is_masked


def shown_or_masked(comment: Comment, text: str) -> SafeString:
    """Return the HTML of a text of the comment, inside a closed element if it is masked."""
    if not is_masked(comment):
        return format_html('<div class="words">{}</div>', text)
    shown = _("Show the text")
    return format_html('<details class="masked words"><summary>{}</summary>{}</details>', shown, text)


def version_as_html(comment: Comment, revision: Revision) -> SafeString:
    """Return the HTML of a version of the comment, with its line breaks."""
    return shown_or_masked(comment, format_html('<pre class="source" dir="auto">{}</pre>', revision.source))


class Revisions(Attached):
    """The earlier versions of a comment."""

    model = Revision
    fields = readonly_fields = ("number", "text", "replaced_at", "replaced_by", "withheld_at")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the versions with the people who replaced them."""
        return super().get_queryset(request).select_related("replaced_by")

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        """Return the formset, and keep the comment for `text`; Django makes an inline for each request."""
        self.comment: Comment = obj
        return super().get_formset(request, obj, **options)

    @admin.display(description=_("text"))
    def text(self, revision: Revision) -> SafeString:
        """Return the source of the version."""
        return version_as_html(self.comment, revision)


@admin.register(Revision)
class RevisionAdmin(ModerationAdmin):
    """Earlier versions of comments, latest first, with actions to withhold them from readers.

    There is no filter for withheld versions, because no index supports it. They can be found in the log by their
    action.
    """

    list_display = ["__str__", "comment", "replaced_at", "replaced_by", "withheld_at"]
    list_select_related = ["comment__author", "replaced_by"]
    ordering = ["-id"]
    fields = readonly_fields = ("comment", "number", "text", "replaced_at", "replaced_by", "withheld_at")
    actions = [
        admin_action(moderation_actions.withhold, "revision", _("Withhold from readers")),
        admin_action(moderation_actions.show_again, "revision", _("Show to readers again")),
    ]

    @admin.display(description=_("text"))
    def text(self, revision: Revision) -> SafeString:
        """Return the source of the version."""
        return version_as_html(revision.comment, revision)

    def prepare(self, rows: list[Any]) -> None:
        """Set on each version whether its text is masked."""
        masked = Case.objects.masked_among(revision.comment_id for revision in rows)
        for revision in rows:
            revision.is_masked = revision.comment_id in masked

    def describe(self, revision: Any, verb: Callable) -> tuple[str, str]:
        """Return the author and the text."""
        return f"{revision.comment.shown_author}:\n{revision.source[:1_500]}", ""


@admin.register(Comment)
class CommentAdmin(ModerationAdmin):
    """Comments, newest first. They can be searched by words, by author (`by:NAME`) or by number (`#12`)."""

    list_display = ["excerpt", "shown_author", "thread_link", "created_at", "state_label"]
    list_display_links = ["excerpt"]
    list_filter = [StateFilter]
    list_select_related = ["author", "thread"]
    ordering = ["-id"]
    search_fields = ["source"]
    search_help_text = _("Words of the text, by:NAME for an author, #12 for one comment.")
    inlines = [Revisions]
    fields = [
        "place",
        "shown_author",
        "standpoint",
        "verification",
        "text",
        "created_at",
        "edited_at",
        "held_at",
        "hidden_at",
        "removed_at",
        "deleted_at",
    ]
    readonly_fields = ["place", "shown_author", "text"]
    actions = [
        admin_action(moderation_actions.remove, "comment", _("Remove"), RuledForm, Act.REMOVE),
        admin_action(moderation_actions.restore, "comment", _("Restore"), tells=Act.RESTORE),
        admin_action(moderation_actions.hold, "comment", _("Hold for review"), RuledForm, Act.HOLD),
        admin_action(moderation_actions.approve, "comment", _("Approve"), ApprovalForm),
    ]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search by number, author or words. An index supports each of the three."""
        term = search_term.strip()
        number = number_in(term.removeprefix("#")) if term.startswith("#") else None
        if number is not None:
            return queryset.filter(pk=number), False
        if term.startswith("by:"):
            return queryset.filter(author__name_key=skeleton(term[3:])), False
        return (queryset.matching(term) if term else queryset), False

    def prepare(self, rows: list[Any]) -> None:
        """Set on each comment whether its text is masked, who has claimed its case, and a mark of its present state."""
        pks = [comment.pk for comment in rows]
        masked = Case.objects.masked_among(pks)
        cases = Case.objects.open().select_related("claimed_by").filter(comment__in=pks, appeal=None)
        case_of = {case.comment_id: case for case in cases}
        for comment in rows:
            case = case_of.get(comment.pk)
            comment.is_masked, comment.holder = comment.pk in masked, case and case.claimant()
            comment.mark = f"{comment.fingerprint}.{comment.state}.{case.version if case else 0}"

    def check_unchanged(self, row: Any, mark: str) -> None:
        """Raise Refused if text, state or case of the comment have changed since `prepare` set this `mark`."""
        comment = publishing.lock_comment(row)
        self.prepare([comment])
        if mark != comment.mark:
            raise Refused(CHANGED_MEANWHILE)

    def describe(self, comment: Any, verb: Callable) -> tuple[str, str]:
        """Return author and text, and warnings.

        They say that the thread is withdrawn with an opening post, and who has claimed the case.
        """
        words = f"{comment.shown_author}:\n{comment.source[:1_500]}{'…' if len(comment.source) > 1_500 else ''}"
        warnings = []
        if comment.depth == 0 and verb in (moderation_actions.remove, moderation_actions.hold):
            warning = _("This is an opening post: its whole thread, %(n)d comments, is withdrawn with it.")
            warnings.append(warning % {"n": comment.thread.comment_count})
        if comment.holder is not None:
            warnings.append(_("%(who)s is looking at its item in the queue.") % {"who": comment.holder})
        return words, " ".join(warnings)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the page of the list, with its rows prepared."""
        found = super().get_changelist_instance(request)
        found.result_list = list(found.result_list)
        self.prepare(found.result_list)
        return found

    @admin.display(description=_("text"))
    def excerpt(self, comment: Comment) -> "StrOrPromise":
        """Return the beginning of the text, unless it is masked."""
        if getattr(comment, "is_masked", False):
            return _("Open it: the text is shown when you ask for it")
        return markup.plain(comment.source, 90)

    @admin.display(description=_("thread"))
    def thread_link(self, comment: Comment) -> SafeString:
        """Return a link to the thread in the admin."""
        address = reverse("admin:posts_thread_change", args=[comment.thread_id])
        return format_html('<a href="{}">{}</a>', address, comment.thread_title(is_masked(comment)))

    @admin.display(description=_("state"))
    def state_label(self, comment: Comment) -> "StrOrPromise":
        """Return the name of the state."""
        return comment.state.label

    @admin.display(description=_("name shown"))
    def shown_author(self, comment: Comment) -> str:
        """Return the name that readers see, with a link to the account."""
        if comment.author_id is None:
            return comment.shown_author
        address = reverse("admin:accounts_user_change", args=[comment.author_id])
        return format_html('<a href="{}">{}</a>', address, comment.shown_author)

    @admin.display(description=_("place"))
    def place(self, comment: Comment) -> SafeString:
        """Return a link to the page where readers see the comment."""
        address = comment.get_absolute_url()
        return format_html('<a href="{}">{}</a>', address, comment.thread_title(is_masked(comment)))

    @admin.display(description=_("text"))
    def text(self, comment: Comment) -> SafeString:
        """Return the text as readers see it."""
        return shown_or_masked(comment, mark_safe(comment.html))  # noqa: S308  (made by markup)
