"""Error pages, which say what happened, what was kept, and what to do next."""

import re
import sys
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    QueryDict,
    RawPostDataException,
    UnreadablePostError,
)
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.encoding import force_str
from redis.exceptions import RedisError

from forum import form_fields, limits, ratelimit, rates
from forum.security_log import record

# Fields of the admin's forms that are sent again with the text: the chosen rows and the steps of an action.
ABOUT = ("_selected_action", "index", "confirmed", "from_page", "item", "mark")
# Bytes of a form that is too large to be accepted: so much of it is read to show its text again.
MOST_SHOWN_AGAIN = 1_300_000
SOURCE = re.compile(rb"(?:^|&)source=([^&]*)")
DATABASE_IS_AWAY = 30
# Seconds in which the passwords that wait are checked.
PASSWORDS_WAIT = 10


class Busy(Exception):  # noqa: N818  (it is an answer, not a fault)
    """Raised when too many passwords are being checked. Nothing was changed."""


def posted(request: HttpRequest) -> QueryDict:
    """Return the fields of the request's form; none if the form cannot be read.

    Error pages use this function only, because they also answer requests whose form no view has read yet.
    """
    try:
        return request.POST
    except (
        BadRequest,
        LookupError,
        MultiPartParserError,
        RawPostDataException,
        SuspiciousOperation,
        UnicodeError,
        UnreadablePostError,
    ):
        return QueryDict()


def kept(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the texts that came with a refused request as (label, text)."""
    return [(label, text.strip()) for _name, label, text in _typed(request)]


def _typed(request: HttpRequest) -> list[tuple[str, str, str]]:
    """Return the texts that were typed into the form as (name, label, text)."""
    texts = ((name, str(label), posted(request).get(name, "")) for name, label in form_fields.TYPED.items())
    # the reason of a flag is chosen and not typed; its form has a note, too
    return [each for each in texts if each[2].strip() and (each[0] != "reason" or "note" not in posted(request))]


def _again(request: HttpRequest) -> dict[str, Any]:
    """Return the context of a page that offers to send a form again: its texts and its other fields."""
    texts = _typed(request)
    names = {*form_fields.TYPED, *form_fields.SENT_ALONG, *ABOUT} - {name for name, _label, _text in texts}
    return {
        "texts": texts,
        "fields": [(name, value) for name, values in posted(request).lists() for value in values if name in names],
        "place": posted(request).get("place", ""),
        "retry": request.get_full_path(),
    }


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page for a missing or wrong CSRF token: 403 with the text.

    If the form comes from a page of the forum, the page can send it again. A request of htmx then gets a fragment with
    status 422 in place of the form.
    """
    record("refused", **ratelimit.who(request), reason="csrf", route=_route(request))
    # texts from another site's form are only shown
    again = _again(request)
    ours = request.headers.get("Sec-Fetch-Site", "") == "same-origin" and (
        "source" in posted(request) or again["texts"]
    )
    context = {"kept": kept(request), **again, "is_ours": ours}
    if request.headers.get("HX-Request") == "true" and ours:
        # htmx puts this fragment in the form's place
        return render(request, "errors/fragments/send_again.html", context | {"is_in_place": True}, status=422)
    return render(request, "errors/csrf.html", context, status=403)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for a PermissionDenied: 403 with its message and the text."""
    record("refused", **ratelimit.who(request), reason="permission", route=_route(request))
    sentence = force_str(exception) if exception.args else ""
    return render(request, "errors/403.html", {"sentence": sentence, "kept": kept(request)}, status=403)


def _route(request: HttpRequest) -> str:
    """Return the URL pattern of the request for the security log, because the address itself may contain a token."""
    return request.resolver_match.route if request.resolver_match else ""


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the 404 page, with the text if there was one."""
    return render(request, "errors/404.html", {"kept": kept(request)}, status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 413 with the text for a form that is too large, 400 in plain text for other unreadable requests."""
    if isinstance(exception, RequestDataTooBig):
        kept = [(form_fields.TYPED["source"], text)] if (text := _unread(request)) else []
        return render(request, "errors/413.html", {"kept": kept}, status=413)
    return HttpResponseBadRequest("This request could not be read.", content_type="text/plain")


def _unread(request: HttpRequest) -> str:
    """Return the text of a form that was too large for Django, from its first MOST_SHOWN_AGAIN bytes."""
    if request.content_type != "application/x-www-form-urlencoded":
        return ""
    with suppress(UnreadablePostError):
        found = SOURCE.search(request.read(MOST_SHOWN_AGAIN))
        return unquote_plus(found.group(1).decode("ascii", "replace")) if found else ""
    return ""


def too_many(request: HttpRequest, wait: int | None = None) -> HttpResponse:
    """Return the 429 page, which says when to try again: in `wait` seconds.

    allauth calls this without `wait`; then it is the longest period of allauth's rate limits.
    """
    if wait is None:
        # ratelimit.take logs its own refusals
        record("limit_reached", **ratelimit.who(request), act=_route(request))
        words = [words for limit in limits.ACCOUNT.values() for words in limit.values()]
        # a limit for a whole day is reached by nobody but a program
        found = [rate.seconds for each in words for rate in rates.parse(each)]
        wait = max(seconds for seconds in found if seconds < rates.SECONDS["day"])
    context = {"wait": ratelimit.in_words(wait)}
    is_htmx = request.headers.get("HX-Request") == "true"
    response = render(request, "errors/fragments/429.html" if is_htmx else "429.html", context, status=429)
    if is_htmx:
        # the form or button stays, with what was typed
        response["HX-Reswap"] = "beforebegin"
    response["Retry-After"] = str(wait)
    return response


def busy(request: HttpRequest) -> HttpResponse:
    """Return the 429 page for Busy, which says when to try again and offers a way without a password."""
    response = render(request, "errors/busy.html", {"wait": ratelimit.in_words(PASSWORDS_WAIT)}, status=429)
    response["Retry-After"] = str(PASSWORDS_WAIT)
    return response


def broken(request: HttpRequest) -> HttpResponse:
    """Return the page for an error of ours: 500, or 503 while the database cannot be reached.

    The page shows the text and can send it again. Neither the database, nor the session, nor the manifest of static
    files is used here, because they may be the cause.
    """
    away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError, RedisError))
    context = {"is_away": away, **_again(request)}
    if context["texts"]:
        context["token"] = get_token(request)
    answer = HttpResponse(render_to_string("500.html", context), status=503 if away else 500)
    if away:
        answer["Retry-After"] = str(DATABASE_IS_AWAY)
    return answer
