"""The door to the preview of a text: what a reader would see, made as it will be made."""

from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from posts.writing import previews


# Without a token: it changes nothing, and whoever may write without an account may look at it first.
@csrf_exempt
@require_POST
def preview(request):
    """The HTML of a text (`source`); 422 with the reason where there is none, 429 for too many."""
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
