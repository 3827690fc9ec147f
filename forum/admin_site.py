"""The admin site moderators work in: entered only by staff in a session that passed a second factor."""

from functools import update_wrapper

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import admin
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from forum import pending_form
from forum.errors import kept
from forum.pagination import BoundedPaginator
from forum.ratelimit import who
from forum.security_log import record

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class ForumAdminSite(admin.AdminSite):
    """Django's admin site; `has_permission` adds the second factor and `login` the forum's own sign-in."""

    site_header = _("The moderators’ desk")
    site_title = _("Two-Way Street")
    index_title = _("The desk")

    def has_permission(self, request):
        """Active, not suspended staff whose session passed a second factor."""
        user = request.user
        return user.is_active and user.is_staff and not user.is_suspended and user.has_proven_factor

    def admin_view(self, view, cacheable=False):
        """As Django's; but what is sent when one's session has ended is not thrown away on the way to the sign-in."""
        inner = super().admin_view(view, cacheable)

        def door(request, *args, **options):
            if request.method == "POST" and not request.user.is_authenticated:
                return _gone_already(request) if view == self.logout else _signed_out(request)
            if request.method == "POST" and request.user.is_staff and not self.has_permission(request):
                # it waits until the second factor is given
                pending_form.keep(request)
            return inner(request, *args, **options)

        return update_wrapper(door, inner)

    def login(self, request, extra_context=None):
        """Send a stranger to the forum's sign-in, and staff to the second factor that their session did not pass.

        Staff who have none are sent to a page that says so.
        """
        if not request.user.is_authenticated:
            target = request.GET.get("next", request.get_full_path())
            return redirect(f"/account/login/?{urlencode({'next': target})}")
        if self.has_permission(request):
            return redirect("admin:index")
        user = request.user
        if user.is_staff and not user.is_suspended and is_mfa_enabled(user, SECOND_FACTORS):
            target = request.GET.get("next", reverse("admin:index"))
            return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': target})}")
        record("refused", **who(request), reason="admin", route="admin/")
        return render(request, "accounts/admin_refused.html", status=403)

    def password_change(self, request, extra_context=None):
        """Passwords are changed where everybody changes theirs."""
        return redirect("account_change_password")


@never_cache
def _signed_out(request):
    """What was typed, to be found again at the same address, or to be copied from here."""
    way = f"/account/login/?{urlencode({'next': request.get_full_path()})}"
    context = {
        "way": way,
        "is_kept": pending_form.keep(request),
        "kept": kept(request),
        # the form of an act is not at an address of its own, but behind rows and the act
        "is_act": "action" in request.POST,
    }
    return render(request, "accounts/admin_signed_out.html", context, status=403)


@never_cache
def _gone_already(request):
    """Whoever signs out when their session has ended already is told that they are out, and nothing else."""
    way = f"/account/login/?{urlencode({'next': reverse('admin:index')})}"
    return render(request, "accounts/admin_signed_out.html", {"way": way, "is_meant": True})


class ReadOnlyAdmin(admin.ModelAdmin):
    """A list and a page to read; a bounded count instead of a full one; no adding, changing or deleting of rows."""

    paginator = BoundedPaginator
    show_full_result_count = False
    # counting every choice of a filter would read the whole table
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    # only the order that an index gives
    sortable_by = ()
    list_max_show_all = 50

    def has_add_permission(self, request):
        """Rows come from the forum."""
        return False

    def has_change_permission(self, request, obj=None):
        """State changes through verbs."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Rows stay."""
        return False
