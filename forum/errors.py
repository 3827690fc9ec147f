"""Pages for what went wrong: what happened, what was kept, what to do next."""

import re
import sys
from contextlib import suppress
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, HttpResponseBadRequest, QueryDict, RawPostDataException, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.encoding import force_str

from forum import form_fields, limits, ratelimit, rates
from forum.security_log import record

# And besides that, where it is sent again at once: which rows of the desk it is about.
ABOUT = ("_selected_action", "index", "confirmed", "from_page", "item")
# Of a text that is too large to be taken at all, so much is shown again.
MOST_SHOWN_AGAIN = 4_000_000
SOURCE = re.compile(rb"(?:^|&)source=([^&]*)")
DATABASE_IS_AWAY = 30


def posted(request) -> QueryDict:
    """Return the fields of the request's form; none where the form cannot be read.

    Error pages are drawn for requests that no view has looked at, so this is the one place where they read a form.
    """
    try:
        return request.POST
    except (BadRequest, MultiPartParserError, RawPostDataException, SuspiciousOperation, UnreadablePostError):
        return QueryDict()


def kept(request):
    """The texts that came with a refused request, each as (label, text)."""
    return [(label, text.strip()) for _name, label, text in _typed(request)]


def _typed(request):
    """(name, label, text) of what was typed into a form."""
    texts = ((name, label, posted(request).get(name, "")) for name, label in form_fields.TYPED.items())
    # the reason of a flag is chosen, and has a note beside it
    return [each for each in texts if each[2].strip() and (each[0] != "reason" or "note" not in posted(request))]


def _again(request):
    """What a page needs that offers to send a form again: its texts, and all else that it said."""
    texts = _typed(request)
    names = {*form_fields.TYPED, *form_fields.SENT_ALONG, *ABOUT} - {name for name, _label, _text in texts}
    return {
        "texts": texts,
        "fields": [(name, value) for name, values in posted(request).lists() for value in values if name in names],
        "place": posted(request).get("place", ""),
        "retry": request.get_full_path(),
    }


def csrf_failure(request, reason=""):
    """The form's safety token is stale or missing: 403 with the text, ready to be sent again where it is ours."""
    record("refused", **ratelimit.who(request), reason="csrf", route=_route(request))
    # What was typed on a page of ours can be sent from here at once; a form from elsewhere is only shown.
    again = _again(request)
    ours = request.headers.get("Sec-Fetch-Site", "") == "same-origin" and (
        "source" in posted(request) or again["texts"]
    )
    context = {"kept": kept(request), **again, "is_ours": ours}
    if request.headers.get("HX-Request") == "true" and ours:
        # a script sent it, and puts what follows in the form's place
        return render(request, "errors/fragments/send_again.html", context | {"is_in_place": True}, status=422)
    return render(request, "errors/csrf.html", context, status=403)


def forbidden(request, exception):
    """What a verb refused: 403 with its sentence and the text."""
    record("refused", **ratelimit.who(request), reason="permission", route=_route(request))
    sentence = force_str(exception) if exception.args else ""
    return render(request, "errors/403.html", {"sentence": sentence, "kept": kept(request)}, status=403)


def _route(request) -> str:
    """Return the pattern of the request's address, for the security log: an address itself may hold a token."""
    return request.resolver_match.route if request.resolver_match else ""


def not_found(request, exception):
    """404, with the text if there was one."""
    return render(request, "errors/404.html", {"kept": kept(request)}, status=404)


def bad_request(request, exception):
    """413 with the text for a form that is too large; 400, in plain text, for what did not come from a page of ours."""
    if isinstance(exception, RequestDataTooBig):
        kept = [(form_fields.TYPED["source"], text)] if (text := _unread(request)) else []
        return render(request, "errors/413.html", {"kept": kept}, status=413)
    return HttpResponseBadRequest("This request could not be read.", content_type="text/plain")


def _unread(request):
    """The text of a form that was too large to be read into its fields, as far as MOST_SHOWN_AGAIN goes."""
    if request.content_type != "application/x-www-form-urlencoded":
        return ""
    with suppress(UnreadablePostError):
        found = SOURCE.search(request.read(MOST_SHOWN_AGAIN))
        return unquote_plus(found.group(1).decode("ascii", "replace")) if found else ""
    return ""


def too_many(request, wait=None):
    """429, and when to try again: in `wait` seconds; for allauth, which tells none, after the longest of its limits."""
    if wait is None:
        # ratelimit.take tells of its own
        record("limit_reached", **ratelimit.who(request), act=_route(request))
        words = [words for limit in limits.ACCOUNT.values() for words in limit.values()]
        wait = max(rate.seconds for each in words for rate in rates.parse(each))
    context = {"wait": ratelimit.in_words(wait)}
    response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response


def broken(request):
    """A fault of ours: 500, or 503 while the database cannot be reached. What was typed comes back, ready to be sent
    again; nothing here asks the database, the session or the manifest of files."""
    away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    context = {"is_away": away, **_again(request)}
    if context["texts"]:
        context["token"] = get_token(request)
    answer = HttpResponse(render_to_string("500.html", context), status=503 if away else 500)
    if away:
        answer["Retry-After"] = str(DATABASE_IS_AWAY)
    return answer
