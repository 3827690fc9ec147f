"""The desk for what the owner decides about the site."""

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import reverse

from posts.models import SiteChoices


@admin.register(SiteChoices)
class SiteChoicesAdmin(admin.ModelAdmin):
    """One row, to change; for whoever has the right, which moderators do not have by themselves."""

    def has_add_permission(self, request):
        """There is one row, made with the table."""
        return False

    def has_delete_permission(self, request, obj=None):
        """The choices stay."""
        return False

    def changelist_view(self, request, extra_context=None):
        """Leads to the one row."""
        if not self.has_change_permission(request):
            return super().changelist_view(request, extra_context)
        return HttpResponseRedirect(reverse("admin:posts_sitechoices_change", args=[1]))
