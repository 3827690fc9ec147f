"""The review queue in the admin."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.requests import moderates
from posts.models import Case
from posts.moderation import bar_chart, decisions, statistics
from posts.moderation.admin import queue
from posts.moderation.admin.bulk import BulkPages
from posts.moderation.admin.case import Item
from posts.moderation.admin.case_pages import ItemPages
from posts.moderation.admin.undo import UndoPages


@admin.register(Case)
class CaseAdmin(ItemPages, BulkPages, UndoPages):
    """The review queue, and the pages of its cases."""

    def has_view_permission(self, request: HttpRequest, obj: Case | None = None) -> bool:
        """Return whether the user is a moderator."""
        return moderates(request)

    has_module_permission = has_view_permission

    def get_urls(self) -> list[URLPattern]:
        """Return the pages of the queue, which replace those of Django's admin."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="posts_case_changelist"),
            path("bulk/", view(self.bulk_view), name="posts_case_bulk"),
            path("figures/", view(self.figures_view), name="posts_case_figures"),
            path("of/<int:pk>/", view(self.of_comment_view), name="posts_case_of"),
            path("undo/", view(self.undo_several_view), name="posts_case_undo_several"),
            path("undo/<int:pk>/", view(self.undo_view), name="posts_case_undo"),
            path("<int:pk>/change/", view(self.item_view), name="posts_case_change"),
            path("<int:pk>/pass/", view(self.pass_view), name="posts_case_pass"),
            path("<int:pk>/take/", view(self.take_view), name="posts_case_take"),
            path("<int:pk>/note/", view(self.note_view), name="posts_case_note"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the queue, most pressing first. `?kind=` selects one kind, `?after=` is the position of the page."""
        self.moderator_of(request)
        context = self.page_context(request, _("Queue")) | queue.shown(request)
        return TemplateResponse(request, "posts/moderation/admin/queue.html", context)

    def of_comment_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Redirect to the case of a comment. If there is none, show the comment with a button (POST) that opens one."""
        moderator = self.moderator_of(request)
        if request.method == "POST":
            case = decisions.open_or_begin(moderator=moderator, comment_id=pk)
            if case is None:
                raise Http404
            return redirect("admin:posts_case_change", case.pk)
        case = Case.objects.open().filter(comment=pk, appeal=None).first()
        if case is not None:
            return redirect("admin:posts_case_change", case.pk)
        item = Item.of_comment(pk)
        if item is None:
            raise Http404
        context = self.page_context(request, _("A comment")) | {"item": item, "comment": item.comment}
        return TemplateResponse(request, "posts/moderation/admin/comment.html", context)

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Show the numbers of opened and decided cases, time to decision and undone decisions, by month."""
        self.moderator_of(request)
        found = statistics.by_month()
        months = [
            (date_format(month, "M Y"), row or (0, 0, None)) for month, row in statistics.in_order(found["cases"])
        ]
        titles = [_("Items that came"), _("Items decided"), _("Hours until half were decided")]
        charts = [(title, [(month, row[index]) for month, row in months]) for index, title in enumerate(titles)]
        context = self.page_context(request, _("Figures")) | {
            "charts": [{"title": title, "drawn": bar_chart.chart_of(rows)} for title, rows in charts],
            "tables": [statistics.table_of_acts(found["acts"]), statistics.table_of_rules(found["rules"])],
        }
        return TemplateResponse(request, "posts/moderation/admin/statistics.html", context)
