"""The admin list of mails that may not have arrived."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from forum import outbox
from forum.admin_site import ReadOnlyAdmin
from forum.models import OutboxMessage

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class StateFilter(admin.SimpleListFilter):
    """A filter by what is known about the delivery."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> "list[tuple[str, StrOrPromise]]":
        """Return the choices as (value, label)."""
        return [("waiting", _("Tried again")), ("given_up", _("Given up")), ("perhaps", _("Perhaps delivered"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
        """Return the mails of the chosen state; all mails if none is chosen."""
        if self.value() == "waiting":
            return queryset.filter(failed_at=None)
        if self.value() == "given_up":
            return queryset.filter(failed_at__isnull=False)
        if self.value() == "perhaps":
            return queryset.filter(unconfirmed__gt=0)
        return queryset


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """A read-only list of mails that failed, or failed so far and will be tried again, without their texts."""

    list_display = ("kind_name", "domain", "created_at", "state", "attempts", "answer", "next_attempt", "failed_at")
    list_filter = (StateFilter,)
    fields = list_display
    ordering = ("-created_at",)
    actions = ("try_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        """Return the mails with a failed attempt, without loading addresses and texts."""
        return outbox.troubled().order_by(*self.ordering).defer("address", "subject", "body", "html")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may let mails be tried again at once."""
        return request.user.has_perm("forum.change_outboxmessage")

    @admin.action(description=_("Try again now"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        """Let the mails that wait be sent at once, and log it. The text of a mail that was given up is deleted."""
        chosen, rows = queryset.count(), outbox.try_now(queryset)
        if rows:
            LogEntry.objects.log_actions(
                str(request.user.pk),
                OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]),
                CHANGE,
                "Try again now",
            )
            said = ngettext("%(n)d mail is sent now.", "%(n)d mails are sent now.", len(rows)) % {"n": len(rows)}
            messages.success(request, said)
        if left := chosen - len(rows):
            said = ngettext(
                "%(n)d mail is being sent or was given up: the text of such a mail is deleted.",
                "%(n)d mails are being sent or were given up: the text of such a mail is deleted.",
                left,
            )
            messages.warning(request, said % {"n": left})

    @admin.display(description=_("kind"))
    def kind_name(self, row: OutboxMessage) -> "StrOrPromise":
        """Return what the kind of mail is called."""
        return outbox.KINDS.get(row.kind, row.kind)

    @admin.display(description=_("next attempt"))
    def next_attempt(self, row: OutboxMessage) -> datetime | None:
        """Return the time of the next attempt, None if there is none."""
        return row.due_at if row.failed_at is None else None

    @admin.display(description=_("state"))
    def state(self, row: OutboxMessage) -> "StrOrPromise":
        """Return what is known about the delivery."""
        if row.failed_at is None:
            return _("Perhaps delivered, tried again") if row.unconfirmed else _("Tried again")
        return _("Perhaps delivered, given up") if row.unconfirmed else _("Not delivered, given up")
