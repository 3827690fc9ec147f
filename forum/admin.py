"""The admin list of mails that were not sent."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from forum.admin_site import ReadOnlyAdmin
from forum.models import OutboxMessage


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """A read-only list of mails that failed, or failed so far and will be tried again, without their texts."""

    list_display = ("kind", "domain", "created_at", "attempts", "answer", "due_at", "failed_at")
    list_filter = (("failed_at", admin.EmptyFieldListFilter),)
    fields = list_display
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        """Return the mails with a failed attempt, without loading addresses and texts."""
        return super().get_queryset(request).exclude(answer="").defer("address", "subject", "body", "html")
