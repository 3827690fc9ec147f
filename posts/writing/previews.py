"""Previews of texts, rendered exactly as the comment will be."""

import math
from typing import TYPE_CHECKING, TypedDict

from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from forum import markup, ratelimit
from posts.models import Comment
from posts.models.comment import OPENING_MAX_LENGTH
from posts.models.draft import PLACE

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOTHING = _("There is nothing to show yet.")
TOO_LONG = format_lazy(
    _("This is too long to be shown. At most {most} characters fit."), most=f"{OPENING_MAX_LENGTH:,}"
)
LATER = _("So many previews in a short time: the next can be made in %(wait)s. Your text is not touched by that.")


class Preview(TypedDict):
    """What a preview shows: the HTML, or why there is none (`fault`), or that the text is empty (`hint`).

    `wait` is in how many seconds the rate limit allows another one, or 0.
    """

    html: str
    fault: "StrOrPromise"
    hint: "StrOrPromise"
    wait: int


def preview_of(request: HttpRequest) -> Preview:
    """Return the preview of the text in `request`."""
    source = request.POST.get("source", "")
    made: Preview = {"html": "", "fault": "", "hint": "", "wait": 0}
    if len(source) > OPENING_MAX_LENGTH:
        return made | {"fault": TOO_LONG}
    # Normalised as the form does it.
    source = markup.normalise(source).rstrip()
    if markup.is_blank(source):
        return made | {"hint": NOTHING}
    try:
        ratelimit.take(request, "preview")
        ratelimit.take(request, "preview_size", units=math.ceil(len(source) / 1_000))
        html = markup.render(source, _limits(request))
        if markup.shows_nothing(source):
            return made | {"hint": NOTHING}
        return made | {"html": html}
    except ratelimit.RateLimited as refusal:
        return made | {"fault": LATER % {"wait": ratelimit.in_words(refusal.wait)}, "wait": refusal.wait}
    except markup.TooComplex as fault:
        return made | {"fault": fault.sentence}


def _limits(request: HttpRequest) -> markup.Limits:
    """Return the limits of the text at its place: those of an opening post or those of a comment."""
    place = request.POST.get("place", "")
    if place == "thread":
        return markup.OPENING
    found = PLACE.fullmatch(place)
    is_opening = (
        found is not None
        and found[1] == "edit"
        and Comment.objects.visible_to(request.user).filter(pk=found[2], parent=None).exists()
    )
    return markup.OPENING if is_opening else markup.COMMENT
