"""How a form's text reaches a verb, and what of the verb's answer becomes an error beside the kept text."""

from django.utils.translation import gettext_lazy as _

from forum import markup
from posts.actions.refusals import Refused
from posts.forms import TOO_COMPLEX

KEPT = _("%(reason)s Nothing was sent; your text is still in the box, so that you can copy it.")


def attempted(form, verb):
    """What `verb(cleaned_data)` gives for a valid bound `form`; None if it was not sent, not valid, or refused.

    A refusal becomes an error of the form, which keeps the text.
    """
    if not (form.is_bound and form.is_valid()):
        return None
    try:
        return verb(form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, KEPT % {"reason": refusal.sentence})
    except markup.TooComplex:
        form.add_error("source", TOO_COMPLEX)
    return None
