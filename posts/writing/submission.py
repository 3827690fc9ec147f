"""Forms of a text: with a draft, a preview, and a note to the browser when the text was sent."""

import re

from django.conf import settings
from django.shortcuts import render

from posts.forms import submission
from posts.forms.submission import is_preview, told_to_wait
from posts.models.draft import PLACE
from posts.writing import drafts, previews


def answered(request, form, template, context, place=""):
    """Return the page or fragment of a `form` that was not accepted: with the member's draft for this `place`, with the
    preview that was asked for, or with its errors (see posts.forms.submission.answered)."""
    context = dict(context)
    if is_preview(form) and not hasattr(form, "status"):
        # it was looked at and not sent: what is wrong with it is told when it is
        form.helper.form_show_errors = False
        made = previews.preview_of(request)
        return told_to_wait(render(request, template, {"form": form, "preview": made, **context}), made["wait"])
    if not form.is_bound and place and not context.get("welcome_back"):
        context["draft"] = _filled_from_draft(request, form, place)
    return submission.answered(request, form, template, context)


def _filled_from_draft(request, form, place):
    """The draft that the unsent `form` now shows, or None."""
    draft = drafts.draft_at(person=request.user, place=place)
    if draft is None:
        return None
    # a question that was just chosen is the newer choice
    form.initial |= {**draft.fields, "question": form.initial.get("question") or draft.fields.get("question")}
    if draft.is_change:
        # it goes on from the text that it began with, which may be another one by now
        form.initial["seen"] = draft.key
    return draft


# a day: whoever closes the page at once finds nothing to be sent again tomorrow
SENT_FOR = 60 * 60 * 24
KEY = re.compile(r"[\w-]{1,64}", re.A)


def told_sent(request, response):
    """`response`, which also tells the browser (a cookie that scripts read) which draft of its own has been sent."""
    place, key = request.POST.get("place", ""), request.POST.get("seen") or request.POST.get("key", "")
    if PLACE.fullmatch(place) and KEY.fullmatch(key):
        response.set_cookie("sent", f"{place}~{key}", SENT_FOR, secure=settings.HTTPS, samesite="Lax")
    return response
