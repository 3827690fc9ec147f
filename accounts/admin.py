"""Admin pages of users and verifications, mostly read-only.

A user's state is changed by actions, which the app posts adds in a subclass of PersonAdmin.
"""

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.addresses import canonical
from accounts.models import User, Verification
from accounts.names import skeleton
from accounts.security_events import record_right
from forum.admin_site import ForumModelAdmin, ReadOnlyAdmin
from forum.pagination import BoundedPaginator
from forum.templatetags.moments import moment

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FOUND_AT_MOST = 1_000
UNCONFIRMED = _(
    "This person has not confirmed their address yet, so anybody may have made the account. No right was given. Let "
    "them sign in first, or use make_moderator, which erases what others set."
)


class StandingFilter(admin.SimpleListFilter):
    """A filter for staff or suspended users; each of the two lists has its own index."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> "list[tuple[str, StrOrPromise]]":
        """Return the two choices as (value, label)."""
        return [("staff", _("Staff")), ("suspended", _("Suspended now"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Return the users of the chosen list; all users if none is chosen."""
        if self.value() == "staff":
            return queryset.filter(is_staff=True)
        if self.value() == "suspended":
            people = queryset.filter(suspended_at__isnull=False)
            return people.exclude(suspended_until__lte=timezone.now())
        return queryset


class PersonForm(ModelForm):
    """The form of a user's rights. It gives no rights to an account with an unconfirmed address."""

    def clean(self) -> dict[str, Any]:
        """Return the data; raises ValidationError if they give a right to an unconfirmed account."""
        data = super().clean() or self.cleaned_data
        had = set(self.instance.groups.all()) if "groups" in data else set()
        is_more = set(data.get("groups", ())) - had or any(
            data.get(right) and not self.initial.get(right) for right in ("is_staff", "is_superuser")
        )
        if is_more and not self.instance.has_confirmed_address():
            raise ValidationError(UNCONFIRMED, code="unconfirmed")
        return data


class PersonAdmin(ForumModelAdmin):
    """The admin of users: search by the beginning of an address or name. Only superusers may change rights.

    Users are neither added nor deleted here. To add actions, subclass it and register the subclass instead.
    """

    form = PersonForm
    list_display = ["display_name", "email", "joined_at", "is_staff", "standing"]
    list_filter = [StandingFilter, "joined_at"]
    search_fields = ["email"]  # shows the search box; get_search_results does the search
    search_help_text = _("The beginning of a name or of an e-mail address")
    ordering = ["-joined_at", "-id"]
    list_per_page = 50
    sortable_by = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    filter_horizontal = ["groups"]
    rights = ("is_staff", "is_superuser", "groups")
    fieldsets = [
        (_("Account"), {"fields": ["display_name", "email", "address", "joined_at", "last_login"]}),
        (
            _("Standing"),
            {
                "fields": [
                    "is_active",
                    "trust",
                    "trust_set_at",
                    "watched_at",
                    "warning",
                    "suspended_at",
                    "suspended_until",
                ]
            },
        ),
        (_("Rights"), {"fields": rights}),
    ]
    readonly_fields = [
        "display_name",
        "email",
        "address",
        "joined_at",
        "last_login",
        "is_active",
        "trust",
        "trust_set_at",
        "watched_at",
        "warning",
        "suspended_at",
        "suspended_until",
    ]

    @admin.display(description=_("state of the address"))
    def address(self, person: Any) -> "StrOrPromise":
        """Return whether the user has confirmed their address."""
        if person.is_confirmed:
            return _("confirmed")
        return _("not confirmed: anybody may have made this account")

    @admin.display(description=_("warning not read yet"))
    def warning(self, person: User) -> "StrOrPromise":
        """Return when the user was warned, if they have not acknowledged it yet; a read warning is in the decisions."""
        return moment(person.warned_at) if person.warned_at else _("none")

    @admin.display(description=_("standing"))
    def standing(self, person: User) -> "StrOrPromise":
        """Return "closed", "suspended" or "trusted" in the reader's language; "" otherwise."""
        if not person.is_active:
            return _("closed")
        if person.is_suspended:
            return _("suspended")
        return _("trusted") if person.is_trusted else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the users with `is_confirmed`, so that the page of one takes no further query for it."""
        confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
        return super().get_queryset(request).annotate(is_confirmed=Exists(confirmed))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """Return the users whose address or name begins with the term, at most FOUND_AT_MOST, and False.

        Each of the two searches uses an index. Names are compared by their skeleton (see accounts.names).
        """
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term:
            whole_or_part = Q(address__startswith=term.lower()) | Q(address=canonical(term))
            return queryset.alias(address=Lower("email")).filter(whole_or_part), False
        found = User.objects.alias(address=Lower("email")).filter(address__startswith=term.lower()).values_list("pk")
        if key := skeleton(term):
            # a union and not OR, so that each half uses its index
            found = found.union(User.objects.filter(name_key__startswith=key).values_list("pk"), all=True)
        return queryset.filter(pk__in=[pk for (pk,) in found[:FOUND_AT_MOST]]), False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Return the read-only fields. Only superusers change rights, and never their own, so one always remains."""
        may_change = request.user.is_superuser and (obj is None or obj.pk != request.user.pk)
        return self.readonly_fields if may_change else [*self.readonly_fields, *self.rights]

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Save the user, and write changes of `is_staff` and `is_superuser` to the security log.

        Changes of groups are logged by a signal receiver (see accounts.security_events).
        """
        super().save_model(request, obj, form, change)
        for right in ("is_staff", "is_superuser"):
            if right in form.changed_data:
                record_right(obj, right, is_given=getattr(obj, right))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: people sign up themselves, and `manage.py make_moderator` makes moderators."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return False: users are not deleted in the admin."""
        return False


class VerificationAdmin(ReadOnlyAdmin):
    """A read-only list of clinicians' verifications; posts has the actions that grant and revoke them."""

    list_display = ["user", "profession", "regulator", "region", "checked_at", "checked_by", "expires_at", "revoked_at"]
    list_select_related = ["user", "checked_by"]
    list_filter = ["expires_at"]
    ordering = ["-id"]


# allauth's admin pages show the secrets of second factors and let them be edited. Without the group of moderators
# nobody could moderate, and migrations set its rights.
admin.site.unregister([Authenticator, EmailAddress, Group])
admin.site.register(User, PersonAdmin)
admin.site.register(Verification, VerificationAdmin)
