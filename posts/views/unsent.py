"""A text that arrived when its writer was signed out already: it waits in the new session until they are back.

Signing in keeps what a session holds, so the form finds the text again in its place, without scripts too.
"""

from django.contrib.auth.views import redirect_to_login
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from forum import ratelimit
from forum.errors import TYPED, WITH_IT
from posts.models.comment import OPENING_MAX_LENGTH
from posts.views.attempt import REFUSED, answered

NAME = "unsent"
MOST_FORMS = 3
SIGNED_OUT = _(
    'You have been signed out, and nothing was sent. <a href="{}">Sign in</a>: your text is kept and will be here, in '
    "its place, ready to be sent."
)
SIGNED_OUT_AND_NOT_KEPT = _(
    'You have been signed out, and nothing was sent. Please <a href="{}" target="_blank">sign in in another tab</a>, '
    "then come back here and send your text; it is still in the box."
)
WELCOME_BACK = _("This is what you wrote before you signed in. It was not sent yet.")


def signed_out(request, form, template, context):
    """A visitor at a member's form: led to sign in. What they sent is kept in the session and in the form."""
    way = redirect_to_login(request.path).url
    if not form.is_bound:
        return redirect_to_login(request.get_full_path())
    # the name of nobody is no error of theirs
    form.full_clean()
    form.status = REFUSED
    form.add_error(None, format_html(SIGNED_OUT if _keep(request) else SIGNED_OUT_AND_NOT_KEPT, way))
    return answered(request, form, template, context)


def waiting(request):
    """What waits for the form at this address, as its initial values; for nobody but its writer."""
    if not request.user.is_authenticated or NAME not in request.session:
        return {}
    fields = request.session[NAME].get(request.path, {})
    return fields if fields.get("writer") == str(request.user.pk) else {}


def done(request):
    """The form at this address was sent: nothing waits for it any more."""
    if waiting(request):
        forms = request.session[NAME]
        del forms[request.path]
        request.session[NAME] = forms


def _keep(request):
    """Keeps what was sent, if it says whose it is, is not out of all bounds, and not one after the other."""
    fields = {name: request.POST[name] for name in (*TYPED, *WITH_IT) if name in request.POST}
    if not fields.get("writer") or sum(map(len, fields.values())) > 2 * OPENING_MAX_LENGTH:
        return False
    try:
        ratelimit.take(request, "unsent")
    except ratelimit.TooSoon:
        return False
    others = {path: kept for path, kept in request.session.get(NAME, {}).items() if path != request.path}
    request.session[NAME] = dict([*others.items(), (request.path, fields)][-MOST_FORMS:])
    return True
