"""Turn a submitted form into an action, and a refusal of the action into an error beside the text."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from forum import markup, ratelimit
from posts.forms.fields import BareForm
from posts.models import Comment
from posts.models.comment import mark_of
from posts.models.visibility import CommentQuerySet
from posts.reading import queries
from posts.threads.exceptions import AlreadySent, ConfirmationNeeded, EditConflict, Refused, Repeated

KEPT = _("%(reason)s Nothing was sent; your text is still in the box, so that you can copy it.")
WAIT = _("%(reason)s Your text is still in the box.")
STILL_THERE = _("%(reason)s Your text is still in the box: change it and send it again.")
REPEATED = _(
    'You sent just these words a moment ago: <a href="{}" target="_blank">your comment</a>. If you mean to send them a '
    "second time, tick the box below and send them again."
)
ALREADY_SENT = _(
    'You sent this form before, with another text: <a href="{}" target="_blank">your comment</a>. This text was not '
    "sent yet; it is still in the box. Send it again to add it as another comment."
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

Result = TypeVar("Result")


def sent(request: HttpRequest) -> QueryDict | None:
    """Return the data of a POST, even if it is empty, or None for other methods."""
    return request.POST if request.method == "POST" else None


def attempted(
    request: HttpRequest,
    form: BareForm,
    act: str,
    verb: Callable[[dict[str, Any]], Result],
    earlier: CommentQuerySet | None = None,
) -> Result | None:
    """Return the result of `verb(cleaned_data)` for a valid bound `form`.

    Returns None if the form was not sent, is only a preview, is not valid, or was refused. The attempt counts as `act`
    for the rate limits. A refusal becomes an error of the form, which keeps the text. `form.status` and `form.wait` are
    for `answered`.

    If the rate limit refuses a text that is already among the author's `earlier` comments, the form names that comment
    instead: the author went back in the browser, and the text is already stored.
    """
    if is_preview(form) or not (form.is_bound and form.is_valid()):
        return None
    try:
        ratelimit.take(request, act, token=_token_of(form))
        return verb(form.cleaned_data)
    except ratelimit.RateLimited as refusal:
        said = None if earlier is None else earlier.said_lately(form.cleaned_data["source"], timezone.now())
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
        # A question is not an error and must not look like one.
        form.asks, form.helper.form_error_title = True, TO_THINK_ABOUT
        form.add_error(None, format_html("{} {}", ASKED, _in_words(question.asked)))
    except AlreadySent as refusal:
        form.status = IN_CONFLICT
        form.use_new_key()
        form.add_error(None, format_html(str(ALREADY_SENT), where(refusal.comment)))
    except EditConflict as refusal:
        form.status = IN_CONFLICT
        form.begin_with(refusal.comment)
        form.add_error(None, OVERTAKEN)
    except markup.TooComplex as fault:
        form.add_error("source", STILL_THERE % {"reason": fault.sentence})
    return None


def _token_of(form: BareForm) -> str:
    """Return a token of the form and its text, so that another text with the same key counts for the rate limits."""
    key = form.cleaned_data.get("key")
    return f"{key}:{mark_of(form.cleaned_data.get('source', ''))}" if key else ""


def _ask_again(form: BareForm, said: Comment) -> None:
    form.status = IN_CONFLICT
    form.ask_again()
    form.add_error(None, format_html(str(REPEATED), where(said)))


def _in_words(asked: Iterable[tuple[str, str]]) -> SafeString:
    """Return the watched words, each with its advice."""
    return format_html_join(" ", "“{}”. {}", asked)


def where(comment: Comment) -> str:
    """Return the address at which its author sees `comment`.

    A held comment of a guest has no address of its own, so this is its place on the page of its parent.
    """
    if comment.author_id is not None or comment.parent is None:
        return comment.get_absolute_url()
    return queries.address_of(comment.parent).partition("#")[0] + f"#w{comment.pk}"


def answered(request: HttpRequest, form: BareForm, template: str, context: dict[str, Any]) -> HttpResponse:
    """Return the page or fragment of a `form` that was not accepted.

    The form is empty, or has errors and one of these statuses: 429 with Retry-After if a rate limit refused it, 409 if
    the author must confirm something, 422 for other errors.
    """
    context = {"form": form, **context}
    if not form.is_bound:
        return render(request, template, context)
    response = render(request, template, context, status=form.status or REFUSED)
    return told_to_wait(response, form.wait)


def told_to_wait(response: HttpResponse, seconds: int) -> HttpResponse:
    """Set the status 429 and Retry-After on `response` if `seconds` is not 0, and return it."""
    if seconds:
        response.status_code, response["Retry-After"] = TOO_MANY, str(seconds)
    return response


def is_preview(form: BareForm) -> bool:
    """Return whether the form was sent with its preview button."""
    return form.is_bound and "preview" in form.data
