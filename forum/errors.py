"""Pages for what went wrong: what happened, what was kept, what to do next."""

from django.http import HttpResponseBadRequest
from django.shortcuts import render
from django.utils.encoding import force_str

# What a person types into our forms under these names is shown again, so that it can be copied.
TYPED = ("source", "title", "question_1", "question_2")

# What a form that is sent again says besides its text.
SENT_AGAIN = (
    "place",
    "began",
    "title",
    "question",
    "standpoint",
    "key",
    "question_1",
    "asks_1",
    "question_2",
    "asks_2",
)


def _kept(request):
    """The texts that came with a refused request."""
    return [text for name in TYPED if (text := request.POST.get(name, "").strip())]


def csrf_failure(request, reason=""):
    """The form's safety token is stale or missing: 403 with the text, ready to be sent again where it is ours."""
    # What was typed on a page of ours can be sent from here at once; a form from elsewhere is only shown.
    ours = request.headers.get("Sec-Fetch-Site", "") == "same-origin"
    fields = [(name, value) for name, values in request.POST.lists() for value in values if name in SENT_AGAIN]
    context = {
        "kept": _kept(request),
        "fields": fields if ours and "source" in request.POST else [],
        "source": request.POST.get("source", ""),
        "place": request.POST.get("place", ""),
        "retry": request.get_full_path(),
    }
    if request.headers.get("HX-Request") == "true" and context["fields"]:
        return render(request, "errors/fragments/send_again.html", context, status=422)
    return render(request, "errors/csrf.html", context, status=403)


def forbidden(request, exception):
    """What a verb refused: 403 with its sentence and the text."""
    sentence = force_str(exception) if exception.args else ""
    return render(request, "errors/403.html", {"sentence": sentence, "kept": _kept(request)}, status=403)


def not_found(request, exception):
    """404, with the text if there was one."""
    return render(request, "errors/404.html", {"kept": _kept(request)}, status=404)


def bad_request(request, exception):
    """400, in plain text: a request this broken did not come from one of our pages."""
    return HttpResponseBadRequest("This request could not be read.", content_type="text/plain")
