"""The administrator's list of mails that were not sent."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from forum.admin_site import ReadOnlyAdmin
from forum.models import OutboxMessage


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """Mails that failed, and those that failed at least once and wait for the next attempt; never their texts."""

    list_display = ("kind", "domain", "created_at", "attempts", "answer", "due_at", "failed_at")
    list_filter = (("failed_at", admin.EmptyFieldListFilter),)
    fields = list_display
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        """Return the mails that a mail server did not take; a mail that is new is nobody's concern yet."""
        return super().get_queryset(request).exclude(answer="").defer("address", "subject", "body", "html")
