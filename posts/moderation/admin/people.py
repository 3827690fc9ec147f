"""People in the admin: the page of an account with the actions of moderators."""

from copy import copy
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin import PersonAdmin
from accounts.models import User
from accounts.requests import member_of, moderates
from forum import pending_form
from posts.models import LogEntry
from posts.moderation import alternate_accounts, decisions, sanctions, verification
from posts.moderation.admin.base import ModerationAdmin, ReasonForm, RuledForm, admin_action
from posts.moderation.admin.forms import CheckForm, NoteForm
from posts.moderation.admin.person import Person
from posts.moderation.sanctions import SANCTIONS
from posts.threads.exceptions import CHANGED_MEANWHILE, NOT_STAFF, Refused

Act = LogEntry.Act


class SuspensionForm(RuledForm):
    """The length of a suspension, a rule, and a reason."""

    length = forms.ChoiceField(
        label=_("For how long"),
        initial="suspend_7",
        choices=[(each.name, each.label) for each in SANCTIONS.values() if each.apply is sanctions.suspend],
    )
    field_order = ["length", "rule", "reason"]

    def clean(self) -> dict[str, Any]:
        """Replace the length by `until`, the moment when the suspension ends (None for a ban)."""
        data = super().clean()
        if "length" in data:
            data["until"] = SANCTIONS[data.pop("length")].ends_at(timezone.now())
        return data


class VerificationForm(CheckForm, ReasonForm):
    """What was checked about a clinician, and the reason for the verification."""

    field_order = [*verification.CHECKED, "reason"]


admin.site.unregister(User)


@admin.register(User)
class ModeratedPersonAdmin(PersonAdmin):
    """The admin of accounts, with actions on people and, for moderators, a person's history."""

    change_form_template = "posts/moderation/admin/person.html"
    actions = [
        admin_action(sanctions.warn, "person", _("Warn"), RuledForm, Act.WARN),
        admin_action(sanctions.watch, "person", _("Put under watch"), RuledForm, Act.WATCH),
        admin_action(sanctions.unwatch, "person", _("End the watch"), tells=Act.UNWATCH),
        admin_action(
            sanctions.suspend,
            "person",
            _("Suspend or ban"),
            SuspensionForm,
            lambda data: Act.SUSPEND if data["until"] else Act.BAN,
        ),
        admin_action(sanctions.unsuspend, "person", _("End the suspension"), tells=Act.UNSUSPEND),
        admin_action(sanctions.trust, "person", _("Trust"), tells=Act.TRUST),
        admin_action(sanctions.untrust, "person", _("No longer trust"), tells=Act.UNTRUST),
        admin_action(verification.grant, "person", _("Verify as a clinician"), VerificationForm, Act.VERIFY),
        admin_action(verification.revoke, "person", _("Revoke the verification"), tells=Act.REVOKE),
    ]

    describe = ModerationAdmin.describe

    def prepare(self, rows: list[Any]) -> None:
        """Set on each person a mark of the latest decision about them, so that a form sent twice is refused."""
        pks = [person.pk for person in rows]
        about = LogEntry.objects.filter(person__in=pks).order_by().values_list("person")
        latest = dict(about.annotate(latest=Max("id")))
        for person in rows:
            person.mark = str(latest.get(person.pk, 0))

    def check_unchanged(self, row: Any, mark: str) -> None:
        """Raise Refused if there was another decision about the person since `prepare` set this `mark`."""
        person: Any = User.objects.select_for_update(no_key=True).get(pk=row.pk)
        self.prepare([person])
        if mark != person.mark:
            raise Refused(CHANGED_MEANWHILE)

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may use the actions of the list."""
        return moderates(request)

    def get_urls(self) -> list[URLPattern]:
        """Return the pages of the admin, with those for a note and for other accounts."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/note/", view(self.note_view), name="accounts_user_note"),
            path("<int:pk>/others/", view(self.others_view), name="accounts_user_others"),
            *super().get_urls(),
        ]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: User | None = None,
    ) -> HttpResponse:
        """Show the account and, to moderators, the person's history."""
        if obj is not None and moderates(request):
            person = Person(obj)
            context |= {
                "person": person,
                "sanctions": person.sanctions(filter(None, self.get_actions(request).values())),
                "may_look": sanctions.may_be_judged(member_of(request), obj),
                "note_form": context.get("note_form") or NoteForm(auto_id="note_%s"),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def note_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Add a note about the person. If it is invalid, show the page again with the typed text."""
        person = self._person(request, pk)
        data = request.POST if request.method == "POST" else None
        form = NoteForm(data, initial=pending_form.waiting(request), auto_id="note_%s")
        if form.is_valid():
            decisions.note(moderator=member_of(request), text=form.cleaned_data["text"], person=person)
            pending_form.done(request)
            messages.success(request, _("The note is kept."))
            # to the part of the page that shows the note
            return redirect(f"{reverse('admin:accounts_user_change', args=[pk])}#record")
        # as a GET request: the admin would treat the POST data as a change of the account
        reading = copy(request)
        reading.method = "GET"
        response = self.change_view(reading, str(pk), extra_context={"note_form": form})
        response.status_code = 422 if form.is_bound else 200
        return response

    def others_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a reason, and then show other accounts that wrote from the same origin as the person."""
        person = self._person(request, pk)
        form = ReasonForm(request.POST if request.method == "POST" else None, initial=pending_form.waiting(request))
        others = None
        if form.is_valid():
            try:
                others = alternate_accounts.find_alternate_accounts(
                    moderator=member_of(request), person=person, **form.cleaned_data
                )
                pending_form.done(request)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
        context = self.admin_site.each_context(request) | {
            "title": _("Other accounts"),
            "opts": self.model._meta,
            "person": person,
            "form": form,
            "others": others,
            "may_look": sanctions.may_be_judged(member_of(request), person),
            "may_not": NOT_STAFF,
        }
        status = 422 if form.is_bound and form.errors else 200
        return TemplateResponse(request, "posts/moderation/admin/alternate_accounts.html", context, status=status)

    def _person(self, request: HttpRequest, pk: int) -> User:
        if not (moderates(request) and self.has_view_permission(request)):
            raise PermissionDenied
        return get_object_or_404(User, pk=pk)
