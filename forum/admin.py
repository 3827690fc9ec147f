"""The admin list of mails that may not have arrived."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from forum.admin_site import ReadOnlyAdmin
from forum.models import OutboxMessage

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """A read-only list of mails that failed, or failed so far and will be tried again, without their texts."""

    list_display = ("kind", "domain", "created_at", "state", "attempts", "answer", "due_at", "failed_at")
    list_filter = (("failed_at", admin.EmptyFieldListFilter),)
    fields = list_display
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        """Return the mails with a failed attempt, without loading addresses and texts."""
        return super().get_queryset(request).exclude(answer="").defer("address", "subject", "body", "html")

    @admin.display(description=_("state"))
    def state(self, row: OutboxMessage) -> "StrOrPromise":
        """Return what is known about the delivery."""
        if row.failed_at is None:
            return _("Perhaps delivered, tried again") if row.unconfirmed else _("Tried again")
        return _("Perhaps delivered, given up") if row.unconfirmed else _("Not delivered, given up")
