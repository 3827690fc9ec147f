"""Answers to forms for texts: with a draft, with a preview, and with a cookie after the text was sent."""

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from posts.forms import submission
from posts.forms.fields import BareForm
from posts.forms.submission import is_preview, told_to_wait
from posts.models import Draft
from posts.models.draft import PLACE
from posts.writing import drafts, previews


def answered(
    request: HttpRequest, form: BareForm, template: str, context: dict[str, Any], place: str = ""
) -> HttpResponse:
    """Return the page or fragment of a `form` that was not accepted.

    It has the member's draft for `place`, the preview, or the errors. See posts.forms.submission.answered.
    """
    context = dict(context)
    if is_preview(form) and form.status is None:
        # A preview shows no errors. They are shown when the text is sent.
        form.helper.form_show_errors = False
        made = previews.preview_of(request)
        return told_to_wait(render(request, template, {"form": form, "preview": made, **context}), made["wait"])
    if not form.is_bound and place and request.user.is_authenticated and not context.get("welcome_back"):
        context["draft"] = _filled_from_draft(request.user, form, place)
    return submission.answered(request, form, template, context)


def _filled_from_draft(person: User, form: BareForm, place: str) -> Draft | None:
    """Fill the unsent `form` from the draft and return the draft, or None if there is none."""
    draft = drafts.draft_at(person=person, place=place)
    if draft is None:
        return None
    # A question chosen by the link to this form is newer than the one in the draft.
    question = form.initial.get("question") or draft.fields.get("question")
    source = draft.fields.get("source", "")
    quote = form.initial.get("quote", "")
    if quote.strip() not in source:
        source = f"{source.rstrip()}\n\n{quote}"
    form.initial.update({**draft.fields, "question": question, "source": source})
    if draft.is_change:
        # The edit continues from the text that it started from, which may have changed since.
        form.initial["seen"] = draft.key
    return draft


# One day, so that a browser that was closed right after sending does not offer its own draft again the next day.
SENT, SENT_FOR = "sent", 60 * 60 * 24
KEY = re.compile(r"[\w-]{1,64}", re.A)


def told_sent(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add to `response` the cookie that tells scripts in the browser which of its drafts was sent, and return it."""
    place, key = request.POST.get("place", ""), request.POST.get("seen") or request.POST.get("key", "")
    if PLACE.fullmatch(place) and KEY.fullmatch(key):
        response.set_cookie(SENT, f"{place}~{key}", SENT_FOR, secure=settings.HTTPS, samesite="Lax")
    return response
