"""Quote a comment in a reply to it."""

import re

from django.utils.translation import gettext as _

from posts.models import Comment

# Characters that Markdown gives a meaning to.
SPECIAL = re.compile(r"([\\`*_\[\]<>~#&!])")


def quote_of(comment: Comment) -> str:
    """Return the text of a published `comment` as a quote in Markdown, with the name of its author, or "".

    What the comment quotes itself becomes a quote inside the quote.
    """
    if not comment.is_readable or comment.depth == 0:
        return ""
    lines = [f"> {line}".rstrip() for line in comment.source.split("\n")]
    wrote = _("%s wrote:") % SPECIAL.sub(r"\\\1", comment.shown_author)
    return "\n".join([wrote, "", *lines, "", ""])
