"""The tag {% slot %}, which declares a slot of a rendered page."""

from django import template
from django.utils.safestring import SafeString

from posts.reading import slot_markers

register = template.Library()


@register.simple_block_tag(end_name="endslot")
def slot(content: SafeString, kind: str, pk: int) -> SafeString:
    """Declare the slot `kind` of the comment `pk`, or 0, with the content as its default.

    Raises ValueError if the kind is unknown.
    """
    return SafeString(slot_markers.slot(kind, pk) + content + slot_markers.ENDSLOT)
