"""How a form's text reaches a verb, and what of the verb's answer becomes an error beside the kept text."""

from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from forum import markup, ratelimit
from posts.actions.refusals import Overtaken, Refused, Repeated
from posts.forms import TOO_COMPLEX

KEPT = _("%(reason)s Nothing was sent; your text is still in the box, so that you can copy it.")
WAIT = _("%(reason)s Your text is still in the box.")
REPEATED = _(
    'You sent just these words a moment ago: <a href="{}" target="_blank">your comment</a>. If you mean to send them a '
    "second time, tick the box below and send them again."
)
OVERTAKEN = _(
    "This comment was changed in another window while you were writing here. Nothing was saved yet; your text is "
    "still in the box. Below it you see what differs. Save again to put your text in the place of the other."
)
REFUSED, TOO_MANY, IN_CONFLICT = 422, 429, 409


def sent(request):
    """What a form was sent with, also when that is nothing; None for a form that is only asked for."""
    return request.POST if request.method == "POST" else None


def attempted(request, form, act, verb):
    """What `verb(cleaned_data)` gives for a valid bound `form`; None if it was not sent, not valid, or refused.

    It counts as `act` for the limits of whoever sent it. A refusal becomes an error of the form, which keeps the text;
    `form.status` and `form.wait` are for `answered`.
    """
    if not (form.is_bound and form.is_valid()):
        return None
    try:
        ratelimit.take(request, act, token=form.cleaned_data.get("key") or "")
        return verb(form.cleaned_data)
    except ratelimit.TooSoon as refusal:
        form.status, form.wait = TOO_MANY, refusal.wait
        form.add_error(None, WAIT % {"reason": refusal.sentence})
    except Refused as refusal:
        form.add_error(None, KEPT % {"reason": refusal.sentence})
    except Repeated as refusal:
        form.status = IN_CONFLICT
        form.ask_again()
        form.add_error(None, format_html(REPEATED, refusal.comment.get_absolute_url()))
    except Overtaken as refusal:
        form.status = IN_CONFLICT
        form.begin_with(refusal.comment)
        form.add_error(None, OVERTAKEN)
    except markup.TooComplex:
        form.add_error("source", TOO_COMPLEX)
    return None


def answered(request, form, template, context):
    """The page or fragment with `form` as it is now; a refused one has a status that says so."""
    status = getattr(form, "status", REFUSED) if form.is_bound else 200
    response = render(request, template, {"form": form, **context}, status=status)
    if status == TOO_MANY:
        response["Retry-After"] = str(form.wait)
    return response
