"""The conversion of Markdown to safe HTML; only this package imports markdown, bleach and nh3.

There are three steps. Our code and python-markdown make the HTML (HTML in the source stays text), bleach cleans it with
our own check of link targets, and nh3 cleans it again with the same lists. Bleach alone is not enough: it gets no more
releases, and 6.4.0 lets `javascript:123` through.

Every text within the limits is rendered in a fraction of a second, or refused with a sentence that says what to
simplify.
"""

import re
import threading
from html import unescape

import nh3
from bleach.sanitizer import Cleaner

from forum.invisible import INVISIBLE
from forum.markup.allowed_html import ATTRIBUTES, TAGS
from forum.markup.inlines import engine, to_html
from forum.markup.limits import CLEANING_SECONDS, COMMENT, OPENING, Clock, Limits, TooComplex, pieces_of
from forum.markup.targets import LINK_TARGET_MAX_LENGTH, is_safe_target
from forum.markup.text import checked_references, is_blank, normalise, plain

__all__ = [
    "COMMENT",
    "LINK_TARGET_MAX_LENGTH",
    "OPENING",
    "TAGS",
    "VERSION",
    "Limits",
    "TooComplex",
    "is_blank",
    "is_safe_target",
    "normalise",
    "plain",
    "render",
    "shows_nothing",
]

# Increase this number when `render` returns other HTML for any source, so that stored HTML is rendered again.
VERSION = 4

TAG = re.compile("<[^>]*>")
# The marker of a quote and signs between the cells of a table.
EMPTY_WITHOUT_TEXT = re.compile("[>|]")
# Characters of a text without letters that is rendered to see whether it shows anything: a few milliseconds.
RENDERED_AT_MOST = 200
# What begins a line of a list, quote or table, and signs that Markdown makes invisible even without a text beside them.
LIST_MARKERS = re.compile(r"^(?:[\s>|*+-]|[0-9]{1,9}[.)])+", re.MULTILINE)
SIGNS = re.compile(r"[-#*+:=>\\_`|~]")
LINK_RELATION = "nofollow ugc noopener"


class _Tools(threading.local):
    """The converters of one thread. They are reused, because making them takes as long as rendering a comment.

    Each thread has its own, because neither python-markdown nor bleach can process two texts at once.
    """

    def __init__(self) -> None:
        self.engine = engine()
        self.cleaner = Cleaner(tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto"}, strip=True)


def _allowed(tag: str, name: str, value: str) -> bool:
    return is_safe_target(value) if name == "href" else name in ATTRIBUTES.get(tag, ())


_tools = _Tools()


def render(source: str, limits: Limits = COMMENT) -> str:
    """Return the HTML of the Markdown text `source`, which is safe to put into a page.

    `limits` are those of the kind of text. Raises TooComplex if the text is too long or nested too deep, makes too much
    HTML, or takes too much CPU time.
    """
    source = normalise(source)
    limits.check_source(source)
    md = _tools.engine
    md.limits, md.clock = limits, Clock()
    html = checked_references(to_html(md, source))
    limits.check_html(html)
    md.clock.check(ahead=CLEANING_SECONDS * pieces_of(html))
    html = _tools.cleaner.clean(html)
    md.clock.check()
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        attribute_filter=lambda tag, name, value: value if name != "href" or is_safe_target(value) else None,
        link_rel=LINK_RELATION,
    )


def shows_nothing(source: str, limits: Limits = COMMENT) -> bool:
    """Return whether readers would see no character of the Markdown text `source`, as with an empty quote or table.

    Forms ask this before any rate limit counts, so it must be cheap. A text with a visible letter is never empty. Of
    the others, only short ones are rendered; a long one is empty if it has only signs that Markdown gives a meaning.
    """
    text = unescape(checked_references(source))
    if is_blank(text) or any(char.isalpha() and char not in INVISIBLE for char in text):
        return is_blank(text)
    if len(source) > RENDERED_AT_MOST:
        return is_blank(SIGNS.sub("", LIST_MARKERS.sub("", text)))
    try:
        html = render(source, limits)
    except TooComplex:
        return is_blank(EMPTY_WITHOUT_TEXT.sub("", source))
    return is_blank(TAG.sub("", html))
