"""People at the desk: to look up, not to alter. What changes a person’s state is a verb; posts adds the actions."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Verification
from accounts.names import skeleton
from accounts.security_events import record_right
from forum.admin_site import ReadOnlyAdmin
from forum.pagination import BoundedPaginator
from forum.templatetags.moments import moment

FOUND_AT_MOST = 1_000


class StandingFilter(admin.SimpleListFilter):
    """Staff, or people suspended at some time: two short lists, each with its own index."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request, model_admin):
        """The two lists."""
        return [("staff", _("Staff")), ("suspended", _("Suspended now"))]

    def queryset(self, request, queryset):
        """The people of the chosen list."""
        if self.value() == "staff":
            return queryset.filter(is_staff=True)
        if self.value() == "suspended":
            people = queryset.filter(suspended_at__isnull=False)
            return people.exclude(suspended_until__lte=timezone.now())
        return queryset


class PersonAdmin(admin.ModelAdmin):
    """Looks people up by the beginning of their address or name; rights are given by superusers only.

    Nobody is added or deleted here. To add actions, subclass it and register the subclass instead.
    """

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
    rights = ["is_staff", "is_superuser", "groups"]
    fieldsets = [
        (_("Account"), {"fields": ["display_name", "email", "joined_at", "last_login"]}),
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

    @admin.display(description=_("warning not read yet"))
    def warning(self, person):
        """Since when; one that was read is among the decisions."""
        return moment(person.warned_at) if person.warned_at else _("none")

    @admin.display(description=_("standing"))
    def standing(self, person):
        """In a word: closed, suspended, trusted, or nothing to say."""
        if not person.is_active:
            return _("closed")
        if person.is_suspended:
            return _("suspended")
        return _("trusted") if person.is_trusted else ""

    def get_search_results(self, request, queryset, search_term):
        """Two prefix searches, each answered by an index; the name as it looks, not as it is spelt."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term:
            return queryset.alias(address=Lower("email")).filter(address__startswith=term.lower()), False
        by_address = User.objects.alias(address=Lower("email")).filter(address__startswith=term.lower())
        matches = [by_address.values("pk")]
        if key := skeleton(term):
            matches.append(User.objects.filter(name_key__startswith=key).values("pk"))
        # a union, not OR: each half keeps its index
        found = matches[0].union(*matches[1:], all=True) if len(matches) > 1 else matches[0]
        return queryset.filter(pk__in=[row["pk"] for row in found[:FOUND_AT_MOST]]), False

    def get_readonly_fields(self, request, obj=None):
        """Rights are read-only to everybody but superusers."""
        return self.readonly_fields if request.user.is_superuser else [*self.readonly_fields, *self.rights]

    def save_model(self, request, obj, form, change):
        """Save, and write to the security log which rights were given or taken; groups tell by themselves."""
        super().save_model(request, obj, form, change)
        for right in ("is_staff", "is_superuser"):
            if right in form.changed_data:
                record_right(obj, right, is_given=getattr(obj, right))

    def has_add_permission(self, request):
        """People join by themselves; moderators are made by `manage.py make_moderator`."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Rows are never deleted here."""
        return False


class VerificationAdmin(ReadOnlyAdmin):
    """What was checked about a clinician, to read; granting and revoking are verbs."""

    list_display = ["user", "profession", "regulator", "region", "checked_at", "checked_by", "expires_at", "revoked_at"]
    list_select_related = ["user", "checked_by"]
    list_filter = ["expires_at"]
    ordering = ["-id"]


# allauth's pages show seeds of second factors and let them be edited
admin.site.unregister([Authenticator, EmailAddress])
admin.site.register(User, PersonAdmin)
admin.site.register(Verification, VerificationAdmin)
