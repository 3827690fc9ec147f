"""The view of the preview of a text."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from posts.writing import previews


# Exempt from the CSRF check: it changes nothing, and guests may use it too.
@csrf_exempt
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Return the HTML of a text (`source`).

    Returns 422 with the reason if there is no preview, and 429 if a rate limit refuses it.
    """
    made = previews.preview_of(request)
    response = render(
        request,
        "posts/writing/fragments/preview.html",
        made,
        status=429 if made["wait"] else 422 if made["fault"] else 200,
    )
    if made["wait"]:
        response["Retry-After"] = str(made["wait"])
    return response
