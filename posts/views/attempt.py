"""How a form's text reaches a verb, and what of the verb's answer becomes an error beside the kept text."""

import re

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from forum import markup
from posts.actions import drafting
from posts.actions.refusals import Refused
from posts.forms import TOO_COMPLEX
from posts.models.draft import PLACE
from posts.views import previews

KEPT = _("%(reason)s Nothing was sent; your text is still in the box, so that you can copy it.")
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
    if _is_preview(form) or not (form.is_bound and form.is_valid()):
        return None
    try:
        return verb(form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, KEPT % {"reason": refusal.sentence})
    except markup.TooComplex:
        form.add_error("source", TOO_COMPLEX)
    return None


def shown(request, form, template, place, **context):
    """The page of a `form` that was not sent: with the member's draft for this `place`, or with what came in the form
    and its preview, or with its errors (422)."""
    context["form"] = form
    if _is_preview(form):
        return render(request, template, {"preview": previews.of(form.data.get("source", "")), **context})
    if not form.is_bound and (draft := drafting.of(person=request.user, place=place)):
        # a question that was just chosen is the newer choice
        form.initial |= {**draft.fields, "question": form.initial.get("question") or draft.fields.get("question")}
        context["draft"] = draft
    return render(request, template, context, status=422 if form.is_bound else 200)


def _is_preview(form):
    return form.is_bound and "preview" in form.data


# a day: whoever closes the page at once finds nothing to be sent again tomorrow
SENT_FOR = 60 * 60 * 24
KEY = re.compile(r"[\w-]{1,64}", re.A)


def told_sent(request, response):
    """`response`, which also tells the browser (a cookie that scripts read) which draft of its own has been sent."""
    place, key = request.POST.get("place", ""), request.POST.get("began") or request.POST.get("key", "")
    if PLACE.fullmatch(place) and KEY.fullmatch(key):
        response.set_cookie("sent", f"{place}~{key}", SENT_FOR, secure=settings.HTTPS, samesite="Lax")
    return response
