"""The settings of the site in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from forum.admin_site import ForumModelAdmin
from posts.models import SiteChoices


@admin.register(SiteChoices)
class SiteChoicesAdmin(ForumModelAdmin):
    """The one row of settings. Moderators do not have the permission to change it by default."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: there is one row, created with the table."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SiteChoices | None = None) -> bool:
        """Return False: the row is never deleted."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect to the page of the one row."""
        if not self.has_change_permission(request):
            return super().changelist_view(request, extra_context)
        return HttpResponseRedirect(reverse("admin:posts_sitechoices_change", args=[1]))
