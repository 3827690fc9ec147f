"""The admin of mails that may not have arrived, and of the pages about the forum."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from forum import markup, outbox, pages
from forum.admin_site import ForumModelAdmin, ReadOnlyAdmin
from forum.models import OutboxMessage, Page

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


class PageForm(ModelForm):
    """The text of a page. Without a text of the owner's, it begins with the one that comes with the forum."""

    class Meta:
        model = Page
        fields = ("text",)
        widgets = {"text": AdminTextareaWidget({"rows": 30})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.text:
            self.initial["text"] = pages.shipped_text(self.instance.name)

    def clean_text(self) -> str:
        """Set the text and its HTML on the page; raises ValidationError for a text that is too complex."""
        try:
            pages.write(self.instance, self.cleaned_data["text"])
        except markup.TooComplex as error:
            raise ValidationError(error.sentence) from error
        return self.instance.text


@admin.register(Page)
class PageAdmin(ForumModelAdmin):
    """The pages about the forum. Moderators do not have the permission to change them by default."""

    list_display = ("__str__", "whose", "changed_at", "address")
    form = PageForm
    fields = ("address", "text")
    readonly_fields = ("address",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: the rows are made with the table."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Page | None = None) -> bool:
        """Return False: a page that is emptied shows the text that comes with the forum."""
        return False

    @admin.display(description=_("text"))
    def whose(self, page: Page) -> "StrOrPromise":
        """Return whether the text is the owner's or the one that comes with the forum."""
        return _("your own") if page.text else _("the one that comes with the forum")

    @admin.display(description=_("address"))
    def address(self, page: Page) -> SafeString:
        """Return a link to the page."""
        return format_html('<a href="{0}">{0}</a>', page.get_absolute_url())
