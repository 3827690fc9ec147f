"""How a form's text reaches a verb, and what of the verb's answer becomes an error beside the kept text."""

from django.contrib.auth.views import redirect_to_login
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from forum import markup
from posts.actions.refusals import Refused

KEPT = _("%(reason)s Nothing was sent; your text is still in the box, so that you can copy it.")
STILL_THERE = _("%(reason)s Your text is still in the box: change it and send it again.")
SIGNED_OUT = _(
    'You have been signed out. Your text is kept here: <a href="{}" target="_blank">sign in in another tab</a>, then '
    "come back and send it."
)


def sent(request):
    """What a form was sent with, also when that is nothing; None for a form that is only asked for."""
    return request.POST if request.method == "POST" else None


def signed_out(request, form, template, **context):
    """A visitor at a member's form: asked to sign in; what came with an ended session is kept in the form."""
    if not form.is_bound:
        return redirect_to_login(request.get_full_path())
    form.add_error(None, format_html(SIGNED_OUT, reverse("account_login")))
    return render(request, template, {"form": form, **context}, status=422)


def attempted(form, verb):
    """What `verb(cleaned_data)` gives for a valid bound `form`; None if it was not sent, not valid, or refused.

    A refusal becomes an error of the form, which keeps the text.
    """
    if not (form.is_bound and form.is_valid()):
        return None
    try:
        return verb(form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, KEPT % {"reason": refusal.sentence})
    except markup.TooComplex as fault:
        form.add_error("source", STILL_THERE % {"reason": fault.sentence})
    return None
