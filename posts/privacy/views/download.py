"""Views to download one's own data, open to every member, even if warned, suspended or banned."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from forum import ratelimit
from posts.privacy import as_html, as_json, data_export, export_file
from posts.threads.exceptions import Refused

WRITERS = {"html": as_html, "json": as_json}
# Seconds, for a download that was refused.
TRY_AGAIN_AFTER = 60


@login_required
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """Show what the download contains, with links to it."""
    return render(request, "posts/privacy/download.html")


@never_cache
@require_safe
def words(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send everything the member wrote as a file of this `kind` (a key of WRITERS)."""
    if not request.user.is_authenticated:
        # Redirects to the page first. A download that starts after signing in would leave the member on the sign-in
        # form.
        return redirect_to_login(reverse("download"))
    try:
        with export_file.new_file(request.user) as file:
            ratelimit.take(request, "download")
            now, writer = timezone.now(), WRITERS[kind]
            if request.method == "GET":
                document = data_export.everything(person=request.user, at=now, rendered=writer.RENDERED)
                file.writelines(piece.encode() for piece in writer.pieces(document))
            file.seek(0)
    except Refused as refusal:
        page = render(request, "posts/privacy/download.html", {"refusal": refusal.sentence}, status=429)
        page["Retry-After"] = str(TRY_AGAIN_AFTER)
        return page
    name = f"words-{timezone.localdate(now).isoformat()}.{kind}"
    response = FileResponse(file, as_attachment=True, filename=name, content_type=writer.CONTENT_TYPE)
    if request.method == "HEAD":
        # only a written file has a length
        del response["Content-Length"]
    return response
