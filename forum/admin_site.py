"""The admin site, open only to staff in a session that passed a second factor, and a base class of read-only admins."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import BadRequest, ValidationError
from django.db import IntegrityError
from django.db.models import DateTimeField, Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from psycopg2.errors import UniqueViolation

from forum import outbox, pending_form
from forum.errors import kept
from forum.numbers import number_in
from forum.pagination import BoundedPaginator
from forum.ratelimit import who
from forum.security_log import record


class ForumAdminSite(admin.AdminSite):
    """Django's admin site with a second factor (`has_permission`) and the forum's own sign-in (`login`)."""

    site_header = _("Moderation")
    site_title = _("Two-Way Street")
    index_title = _("Moderation")

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the user is proven staff."""
        return request.user.is_authenticated and request.user.is_proven_staff

    def get_urls(self) -> list[Any]:
        """Return Django's addresses except `admin/r/TYPE/ID/`, which leads to rows of any table, and fails for some.

        Pages that have an address for readers show it themselves.
        """
        return [each for each in super().get_urls() if getattr(each, "name", None) != "view_on_site"]

    # the stub promises a result of the type of `view`, but Django returns a wrapper
    def admin_view(  # type: ignore[override]
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        """Return Django's wrapper of the view, which also keeps a form that is sent after the session has ended."""
        inner = super().admin_view(view, cacheable)

        def wrapped(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
            if request.method == "POST" and not request.user.is_authenticated:
                return _gone_already(request) if view == self.logout else _signed_out(request)
            if request.method == "POST" and request.user.is_staff and not self.has_permission(request):
                # kept until the user has passed the second factor
                pending_form.keep(request)
            return inner(request, *args, **options)

        return update_wrapper(wrapped, inner)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect a visitor to the forum's sign-in, and staff to the second factor that their session did not pass.

        Users without a second factor or without rights get a page with status 403 that says what is missing.
        """
        if not request.user.is_authenticated:
            target = request.GET.get("next", request.get_full_path())
            return redirect(f"/account/login/?{urlencode({'next': target})}")
        if self.has_permission(request):
            return redirect("admin:index")
        user = request.user
        if user.is_staff and not user.is_suspended and user.has_second_factor():
            target = request.GET.get("next", reverse("admin:index"))
            return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': target})}")
        record("refused", **who(request), reason="admin", route="admin/")
        return render(request, "accounts/admin_refused.html", status=403)

    # the stub promises a page that can be changed later, as Django's own view does
    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Show the index, with the number of mails in trouble for people who may see them."""
        mails = outbox.count_troubled() if request.user.has_perm("forum.view_outboxmessage") else None
        return super().index(request, (extra_context or {}) | {"mails": mails})

    # the stub promises a page, but Django's own view also redirects
    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the forum's page that changes the password."""
        return redirect("account_change_password")


@never_cache
def _signed_out(request: HttpRequest) -> HttpResponse:
    """Answer a form sent after the session ended: keep it in the new session if possible, and show its texts."""
    way = f"/account/login/?{urlencode({'next': request.get_full_path()})}"
    context = {
        "way": way,
        "is_kept": pending_form.keep(request),
        "kept": kept(request),
        # the form of an action has no address of its own: it follows the choice of rows and action
        "is_act": "action" in request.POST,
    }
    return render(request, "accounts/admin_signed_out.html", context, status=403)


@never_cache
def _gone_already(request: HttpRequest) -> HttpResponse:
    """Answer a sign-out after the session has ended."""
    way = f"/account/login/?{urlencode({'next': reverse('admin:index')})}"
    return render(request, "accounts/admin_signed_out.html", {"way": way, "is_meant": True})


# The years, months and days for which a list may be asked.
DATE_PARTS = {"year": range(1900, 3000), "month": range(1, 13), "day": range(1, 32)}
# What Django's filters and the dates above a list put behind the name of a field.
LOOKUPS = ("", "exact", "id__exact", "isnull", "isempty", "gte", "lt", "year", "month", "day")


class ForumModelAdmin(admin.ModelAdmin):
    """The base of all admins: lists are filtered by their filters only, and broken or repeated requests are refused.

    Django accepts filters by any field in the address of a list (`?password__startswith=…`), so a person who may see a
    list could find out the values of fields that are not shown.
    """

    view_on_site = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list; raises BadRequest for values that no row can have, of which Django makes an error."""
        if any("\0" in value for _name, values in request.GET.lists() for value in values):
            raise BadRequest
        for value in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                key = self.opts.pk.to_python(value)
            except ValidationError as error:
                raise BadRequest from error
            if key is None:
                raise BadRequest
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show and save the form; lead to the list if the same form was sent twice at once and saved already.

        Raises BadRequest for a parameter without a value, of which Django makes an error.
        """
        if request.GET.get(TO_FIELD_VAR) == "":
            raise BadRequest
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation):
                raise
            messages.error(request, _("There is one like this already. Nothing was changed."))
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Return whether `lookup` is one that a filter of the list makes, with a `value` that such a filter may have.

        Django refuses other lookups with status 400. It would make errors of dates and years that cannot be computed.
        """
        allowed: set[object] = set()
        for each in self.get_list_filter(request):
            if isinstance(each, type):
                if issubclass(each, admin.SimpleListFilter):
                    allowed.add(each.parameter_name)
            else:
                allowed.add(each[0] if isinstance(each, tuple) else each)
        name, _separator, how = lookup.partition("__")
        return name in allowed and how in LOOKUPS and self._may_have(name, how, value)

    def _may_have(self, name: str, how: str, value: str) -> bool:
        """Return whether a date with that `name` can be compared with the `value`; True for all other fields."""
        field = next((field for field in self.opts.get_fields() if field.name == name), None)
        if not isinstance(field, DateTimeField) or how in ("isnull", "isempty"):
            return True
        if how in DATE_PARTS:
            return number_in(value) in DATE_PARTS[how]
        try:
            moment = parse_datetime(value)
        except ValueError:
            return False
        return moment is not None and moment.tzinfo is not None and moment.year in DATE_PARTS["year"]


class ReadOnlyAdmin(ForumModelAdmin):
    """An admin in which rows are read but not added, changed or deleted, with a bounded count of rows."""

    paginator = BoundedPaginator
    show_full_result_count = False
    # counting the rows for each choice of a filter would read the whole table
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    # no other order has an index
    sortable_by = ()
    list_max_show_all = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: the forum adds the rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: actions change state, not forms of rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: rows are not deleted in the admin."""
        return False
