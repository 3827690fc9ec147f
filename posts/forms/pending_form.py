"""Handle a member's form that arrives after the session ended: ask the member to sign in, and keep the text."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from forum import pending_form
from posts.forms.fields import BareForm
from posts.forms.submission import REFUSED, answered

SIGNED_OUT = _(
    'You have been signed out, and nothing was sent. <a href="{}">Sign in</a>: your text is kept and will be here, in '
    "its place, ready to be sent."
)
SIGNED_OUT_AND_NOT_KEPT = _(
    'You have been signed out, and nothing was sent. Please <a href="{}" target="_blank">sign in in another tab</a>, '
    "then come back here and send your text; it is still in the box."
)


def signed_out(request: HttpRequest, form: BareForm, template: str, context: dict[str, Any]) -> HttpResponse:
    """Return the sign-in redirect for an empty form, or the sent form with a request to sign in.

    What was sent is kept in the session if possible, and in the form.
    """
    way = redirect_to_login(request.path).url
    if not form.is_bound:
        return redirect_to_login(request.get_full_path())
    # Validate first, so that the error about the session is added to the form's own errors.
    form.full_clean()
    form.status = REFUSED
    sentence = SIGNED_OUT if pending_form.keep(request) else SIGNED_OUT_AND_NOT_KEPT
    form.add_error(None, format_html(str(sentence), way))
    return answered(request, form, template, context)
