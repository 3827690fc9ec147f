"""Base classes and helpers of the moderation admin.

Rows are read-only, and an action asks for a reason before it is done.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.requests import member_of, moderates
from forum import pending_form, undo_offer
from forum.admin_site import ReadOnlyAdmin
from posts.forms.fields import BareForm, VisibleCharField
from posts.models import LogEntry, Rules
from posts.moderation.admin.queue import ITEMS_PER_PAGE
from posts.moderation.statements import SAID
from posts.threads.exceptions import Refused

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

AT_ONCE = 200
IT_FITS = _("It keeps to the rules.")


class ReasonForm(BareForm):
    """A reason, which is stored in the audit log and which the person concerned may ask for."""

    reason = VisibleCharField(
        label=_("Reason"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the moderation log. Plain words that you would say to the person."),
    )


class ApprovalForm(ReasonForm):
    """An optional reason."""

    needed_at_times = ("reason",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].required = False

    def clean(self) -> dict[str, Any]:
        """Use a default reason if none was typed."""
        data = super().clean()
        return data | {"reason": data.get("reason") or str(IT_FITS)}


def rule_choices(rules: Rules | None) -> "list[tuple[str, StrOrPromise]]":
    """Return the choices of a field for a rule: none, or one of the Rules in force (None if there are none)."""
    return [("", _("none")), *((title, title) for title in (rules.titles if rules else []))]


class RuledForm(ReasonForm):
    """A rule and a reason."""

    rule = forms.ChoiceField(label=_("Rule"), required=False)
    field_order = ["rule", "reason"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.set_choices("rule", rule_choices(Rules.in_force()))


class ModerationAdmin(ReadOnlyAdmin):
    """A read-only list and page, with actions for moderators."""

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may use the actions of the list."""
        return moderates(request)

    def prepare(self, rows: list[Any]) -> None:
        """Read what `describe` needs for these rows, with a few queries for all of them."""

    def check_unchanged(self, row: Any, mark: str) -> None:
        """Raise Refused if `row` is not as it was when the moderator saw it with this `mark`."""

    def describe(self, row: Any, verb: Callable) -> tuple[str, str]:
        """Return what a moderator reads before the action: (the row in words, a warning or "").

        There is a warning if `verb` has further effects on this row.
        """
        return str(row), ""


class QueuePages(ModerationAdmin):
    """What the pages of the review queue have in common."""

    def moderator_of(self, request: HttpRequest) -> User:
        """Return the moderator; raises PermissionDenied for other users."""
        if not moderates(request):
            raise PermissionDenied
        return member_of(request)

    def page_context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        """Return the context of every page."""
        return self.admin_site.each_context(request) | {"title": title, "opts": self.model._meta}


class Attached(admin.StackedInline):
    """Read-only rows that belong to the row shown."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: the rows are created by the forum."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: the rows are read-only."""
        return False


def admin_action(
    verb: Callable,
    subject: str,
    label: "StrOrPromise",
    form: type[ReasonForm] = ReasonForm,
    tells: str | Callable[[dict[str, Any]], str] | None = None,
) -> Callable:
    """Return an admin action that asks for a reason and then calls a function of posts.moderation for each row.

    The call is `verb(moderator=…, SUBJECT=row, reason=…)`.

    `form` may have further fields, which are passed to the function as keyword arguments. For each row that the
    function refuses there is a message. If the action was started on the page of one row (`from_page`), it leads back
    to that page. `tells` is the log action whose statement the person will read, or a function that returns it for the
    cleaned data; it can be previewed.
    """

    @admin.action(description=label, permissions=["moderate"])
    def action(modeladmin: ModerationAdmin, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        rows = list(queryset[: AT_ONCE + 1])
        if len(rows) > AT_ONCE:
            messages.error(request, _("At most %(n)d rows at once; nothing was done.") % {"n": AT_ONCE})
            return None
        page = _page_of(modeladmin, rows) if "from_page" in request.POST else None
        # all actions of a list share its address: use a kept form only for the action it was typed for
        kept = pending_form.waiting(request)
        kept = kept if kept.get("action") == verb.__name__ else {}
        asked = form(request.POST if "confirmed" in request.POST else None, initial=kept)
        is_fine = asked.is_bound and asked.is_valid()

        def form_again(status: int, preview: dict[str, Any] | None = None) -> TemplateResponse:
            modeladmin.prepare(rows)
            context = modeladmin.admin_site.each_context(request) | {
                "title": label,
                "opts": modeladmin.model._meta,
                "rows": [(row, *modeladmin.describe(row, verb)) for row in rows],
                "form": asked,
                "action": verb.__name__,
                "index": request.POST.get("index", "0"),
                "page": page,
                "welcome_back": not asked.is_bound and kept and pending_form.WELCOME_BACK,
                "tells": tells is not None,
                "preview": preview,
            }
            return TemplateResponse(request, "posts/moderation/admin/act.html", context, status=status)

        if not is_fine:
            return form_again(422 if asked.is_bound else 200)
        if tells and "preview" in request.POST:
            return form_again(200, statement([tells], asked.cleaned_data))
        done, entries, is_refused = 0, [], False
        marks = {pk: mark for pk, _colon, mark in (each.partition(":") for each in request.POST.getlist("mark"))}
        for row in rows:
            try:
                with transaction.atomic():
                    modeladmin.check_unchanged(row, marks.get(str(row.pk), ""))
                    made = verb(moderator=request.user, **{subject: row}, **asked.cleaned_data)
                done += bool(made)
                if isinstance(made, LogEntry) and made.is_undoable:
                    entries.append(made.pk)
            except (Refused, PermissionDenied) as refusal:
                is_refused = is_refused or isinstance(refusal, Refused)
                messages.error(request, f"{row}: {str(refusal) or _('You may not do this.')}")
        if is_refused and not done:
            # show the form again, so that the typed text is not lost
            return form_again(409)
        if kept:
            pending_form.done(request)
        if done:
            said = ngettext("%(what)s: done.", "%(what)s: %(n)d done.", done) % {"what": label, "n": done}
            messages.success(request, said)
            offer_undo(request, entries)
        elif not messages.get_messages(request):
            messages.info(request, _("Nothing had to be changed."))
        return redirect(page) if page else None

    action.__name__ = verb.__name__
    return action


def offer_undo(request: HttpRequest, entries: Sequence[int]) -> None:
    """Offer to undo the log entries with these ids, unless there are none or too many for one page."""
    if 0 < len(entries) <= ITEMS_PER_PAGE:
        address = reverse("admin:posts_case_undo_several")
        if len(entries) == 1:
            address = reverse("admin:posts_case_undo", args=entries)
        else:
            address += f"?entries={'.'.join(map(str, entries))}"
        undo_offer.offer(request, address, is_several=len(entries) > 1)


def statement(acts: Iterable, data: dict[str, Any]) -> dict[str, Any]:
    """Return the context of posts/preview.html: what the person concerned will read about these actions.

    `data` is the cleaned data of the form. An action may be a function that returns the action for `data`.
    """
    about = {name: data.get(name) for name in ("rule", "reason", "until", "passage")}
    return about | {"sentences": [SAID[act(data) if callable(act) else act] for act in acts]}


def _page_of(modeladmin: ModerationAdmin, rows: list[Model]) -> str | None:
    """Return the address of the page of the row if there is exactly one, or None."""
    name = f"admin:{modeladmin.opts.app_label}_{modeladmin.opts.model_name}_change"
    return reverse(name, args=[rows[0].pk]) if len(rows) == 1 else None
