"""Views to download one's own data, open to every member, even if warned, suspended or banned."""

from collections.abc import Iterable, Iterator

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from forum import ratelimit
from posts.privacy import as_html, as_json, data_export

WRITERS = {"html": as_html, "json": as_json}
# Characters sent at once. A piece is often a single line, and each sending has a cost.
BLOCK = 32_000


@login_required
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """Show what the download contains, with links to it."""
    return render(request, "posts/privacy/download.html")


@never_cache
@require_safe
def words(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send everything the member wrote as a file of this `kind` (a key of WRITERS), while it is read."""
    if not request.user.is_authenticated:
        # Redirects to the page first. A download that starts after signing in would leave the member on the sign-in
        # form.
        return redirect_to_login(reverse("download"))
    ratelimit.take(request, "download")
    now, writer = timezone.now(), WRITERS[kind]
    pieces = writer.pieces(data_export.everything(person=request.user, at=now, rendered=writer.RENDERED))
    name = f"words-{timezone.localdate(now).isoformat()}.{kind}"
    return StreamingHttpResponse(
        _in_blocks(pieces) if request.method == "GET" else (),
        content_type=writer.CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _in_blocks(pieces: Iterable[str]) -> Iterator[str]:
    block, size = [], 0
    for piece in pieces:
        block.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield "".join(block)
            block, size = [], 0
    yield "".join(block)
