"""What all desks have in common: rows are read, never edited or deleted, and a verb asks for its reason first."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from forum import pending_form
from forum.admin_site import ReadOnlyAdmin
from posts.forms.fields import BareForm, VisibleCharField
from posts.models import LogEntry, Rules
from posts.moderation.admin.queue import ITEMS_PER_PAGE
from posts.moderation.statements import SAID
from posts.threads.exceptions import Refused

AT_ONCE = 200


class ReasonForm(BareForm):
    """Why: the person concerned may ask, and the log keeps it."""

    reason = VisibleCharField(
        label=_("Reason"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the moderation log. Plain words that you would say to the person."),
    )


def rule_choices(rules):
    """Of the Rules in force (None where there are none): one, or none."""
    return [("", _("none")), *((title, title) for title in (rules.titles if rules else []))]


class RuledForm(ReasonForm):
    """By which rule, and why."""

    rule = forms.ChoiceField(label=_("Rule"), required=False)
    field_order = ["rule", "reason"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["rule"].choices = rule_choices(Rules.in_force())


class ModerationAdmin(ReadOnlyAdmin):
    """A list and a page to read, with verbs as actions."""

    def has_moderate_permission(self, request):
        """May use the actions of the list."""
        return request.user.moderates

    def prepare(self, rows):
        """Learns, in a few queries for all of them, what `describe` tells of these rows."""

    def describe(self, row, verb):
        """What a moderator reads before deciding: the row in words, and a warning if `verb` does more than it says."""
        return str(row), ""


class Attached(admin.StackedInline):
    """Rows that belong to the one shown: to read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        """They come from the forum."""
        return False

    def has_change_permission(self, request, obj=None):
        """They stay as they are."""
        return False


def admin_action(verb, subject, label, form=ReasonForm, tells=None):
    """An admin action that asks for a reason and then calls `verb(moderator=…, SUBJECT=row, reason=…)` for each row.

    `form` may ask for more; its cleaned data become keywords of the verb. Rows that a verb refuses are told one by one.
    Asked for on the page of one row (`from_page`), it leads back there. `tells` is the log's act, or gives it for
    the cleaned data, whose statement the person will read: it can be looked at before.
    """

    @admin.action(description=label, permissions=["moderate"])
    def action(modeladmin, request, queryset):
        rows = list(queryset[: AT_ONCE + 1])
        if len(rows) > AT_ONCE:
            messages.error(request, _("At most %(n)d rows at once; nothing was done.") % {"n": AT_ONCE})
            return None
        page = _page_of(modeladmin, rows) if "from_page" in request.POST else None
        # a list has many forms at its address: what waits is for the act that it was typed for
        kept = pending_form.waiting(request)
        kept = kept if kept.get("action") == verb.__name__ else {}
        asked = form(request.POST if "confirmed" in request.POST else None, initial=kept)
        is_fine = asked.is_bound and asked.is_valid()

        def form_again(status, preview=None):
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
        for row in rows:
            try:
                made = verb(moderator=request.user, **{subject: row}, **asked.cleaned_data)
                done += bool(made)
                if isinstance(made, LogEntry) and made.before is not None:
                    entries.append(str(made.pk))
            except (Refused, PermissionDenied) as refusal:
                is_refused = is_refused or isinstance(refusal, Refused)
                messages.error(request, f"{row}: {str(refusal) or _('You may not do this.')}")
        if is_refused and not done:
            # another way may be found, and what was typed is there for it
            return form_again(409)
        if kept:
            pending_form.done(request)
        if done:
            said = ngettext("%(what)s: done.", "%(what)s: %(n)d done.", done) % {"what": label, "n": done}
            messages.success(request, said, extra_tags=_undo(entries))
        elif not messages.get_messages(request):
            messages.info(request, _("Nothing had to be changed."))
        return redirect(page) if page else None

    action.__name__ = verb.__name__
    return action


def _undo(entries):
    """What tells a message of the button that takes these entries of the log back."""
    if not 0 < len(entries) <= ITEMS_PER_PAGE:
        return ""
    if len(entries) == 1:
        return f"undo {reverse('admin:posts_case_undo', args=entries)}"
    return f"undo {reverse('admin:posts_case_undo_several')}?entries={'.'.join(entries)}"


def statement(acts, data):
    """What whom the `acts` concern will read of them, for posts/preview.html; `data` is what the form said, and an act
    may be given by what it makes of that."""
    about = {name: data.get(name) for name in ("rule", "reason", "until", "passage")}
    return about | {
        "sentences": [SAID[admin_action(data) if callable(admin_action) else admin_action] for admin_action in acts]
    }


def _page_of(modeladmin, rows):
    """The address of the one row, or None."""
    name = f"admin:{modeladmin.opts.app_label}_{modeladmin.opts.model_name}_change"
    return reverse(name, args=[rows[0].pk]) if len(rows) == 1 else None
