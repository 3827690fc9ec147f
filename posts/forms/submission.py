"""Turn a submitted form into an act, and a refusal of the act into an error beside the text that was sent."""

from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from forum import markup, ratelimit
from posts.reading import queries
from posts.threads.exceptions import ConfirmationNeeded, EditConflict, Refused, Repeated

KEPT = _("%(reason)s Nothing was sent; your text is still in the box, so that you can copy it.")
WAIT = _("%(reason)s Your text is still in the box.")
STILL_THERE = _("%(reason)s Your text is still in the box: change it and send it again.")
REPEATED = _(
    'You sent just these words a moment ago: <a href="{}" target="_blank">your comment</a>. If you mean to send them a '
    "second time, tick the box below and send them again."
)
OVERTAKEN = _(
    "This comment was changed in another window while you were writing here. Nothing was saved yet; your text is "
    "still in the box. Below it you see what differs. Save again to put your text in the place of the other."
)
ASKED = _(
    "Nothing was sent yet; your text is still in the box. Some words here are ones that people are asked about. Change "
    "them if you like, or tick the box below and send your text as it is."
)
TO_THINK_ABOUT = _("One thing to think about:")
REFUSED, TOO_MANY, IN_CONFLICT = 422, 429, 409


def sent(request):
    """What a form was sent with, also when that is nothing; None for a form that is only asked for."""
    return request.POST if request.method == "POST" else None


def attempted(request, form, act, verb, earlier=None):
    """What `verb(cleaned_data)` gives for a valid bound `form`; None if it was not sent, not valid, or refused.

    It counts as `act` for the limits of whoever sent it. A refusal becomes an error of the form, which keeps the text;
    `form.status` and `form.wait` are for `answered`. Who comes too soon with words that are among their `earlier`
    Comments already is told that instead: they pressed Back, and nothing is missing.
    """
    if is_preview(form) or not (form.is_bound and form.is_valid()):
        return None
    try:
        ratelimit.take(request, act, token=form.cleaned_data.get("key") or "")
        return verb(form.cleaned_data)
    except ratelimit.RateLimited as refusal:
        said = earlier and earlier.said_lately(form.cleaned_data["source"], timezone.now())
        if said:
            _ask_again(form, said)
        else:
            form.status, form.wait = TOO_MANY, refusal.wait
            form.add_error(None, WAIT % {"reason": refusal.sentence})
    except Refused as refusal:
        form.add_error(None, KEPT % {"reason": refusal.sentence})
    except Repeated as refusal:
        _ask_again(form, refusal.comment)
    except ConfirmationNeeded as question:
        form.status = IN_CONFLICT
        form.ask_whether_sure()
        # it is no mistake, and does not look like one
        form.asks, form.helper.form_error_title = True, TO_THINK_ABOUT
        form.add_error(None, format_html("{} {}", ASKED, _in_words(question.asked)))
    except EditConflict as refusal:
        form.status = IN_CONFLICT
        form.begin_with(refusal.comment)
        form.add_error(None, OVERTAKEN)
    except markup.TooComplex as fault:
        form.add_error("source", STILL_THERE % {"reason": fault.sentence})
    return None


def _ask_again(form, said):
    form.status = IN_CONFLICT
    form.ask_again()
    form.add_error(None, format_html(REPEATED, where(said)))


def _in_words(asked):
    """The words that somebody is asked about, each with what is to be said about it."""
    return format_html_join(" ", "“{}”. {}", asked)


def where(comment):
    """Where its writer sees `comment`: what waits has no address of its own for a guest."""
    if comment.author_id is not None:
        return comment.get_absolute_url()
    return queries.address_of(comment.parent).partition("#")[0] + f"#w{comment.pk}"


def answered(request, form, template, context):
    """Return the page or fragment of a `form` that was not accepted: empty, or with its errors and a fitting status.

    429 tells in Retry-After when to try again, 409 that something has to be confirmed, 422 what is wrong.
    """
    context = {"form": form, **context}
    if not form.is_bound:
        return render(request, template, context)
    status = getattr(form, "status", REFUSED)
    return told_to_wait(render(request, template, context, status=status), getattr(form, "wait", 0))


def told_to_wait(response, seconds):
    if seconds:
        response.status_code, response["Retry-After"] = TOO_MANY, str(seconds)
    return response


def is_preview(form):
    return form.is_bound and "preview" in form.data
