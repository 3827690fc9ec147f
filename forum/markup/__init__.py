"""Markdown as people type it -> HTML that cannot hurt: the only folder that names markdown, bleach or nh3.

Three hands, one after the other: ours and python-markdown's write the HTML (what looks like HTML in the source stays
text), bleach cleans it with our own check of link targets, and nh3 has the last word with the same lists. Bleach alone
is not enough: it receives no more releases, and 6.4.0 lets `javascript:123` through.

Whatever is typed, up to the limits, is drawn in a fraction of a second or refused with a sentence that says what to
simplify; each guard stands beside what it guards.
"""

import threading

import nh3
from bleach.sanitizer import Cleaner

from forum.markup.blocks import Reader
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
]

# Moves on whenever `render` would make other HTML of some source: what was stored under an older version is made anew.
VERSION = 3

TAGS = frozenset(
    [
        "p",
        "br",
        "strong",
        "em",
        "del",
        "a",
        "blockquote",
        "code",
        "pre",
        "ul",
        "ol",
        "li",
        "hr",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ]
)
ATTRIBUTES = {"a": ["href", "rel"], "ol": ["start"]}
LINK_RELATION = "nofollow ugc noopener"


class _Tools(threading.local):
    """What a thread keeps for its next text, because it costs as much to make as a comment to draw.

    One per thread: neither python-markdown nor bleach bears two texts at once.
    """

    def __init__(self):
        self.engine = engine()
        self.cleaner = Cleaner(tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto"}, strip=True)


def _allowed(tag, name, value):
    return is_safe_target(value) if name == "href" else name in ATTRIBUTES.get(tag, ())


_tools = _Tools()


def render(source, limits=COMMENT):
    """The HTML of the Markdown text `source`, safe to put into a page as it is.

    `limits` says what kind of text it is. Raises TooComplex where the text is longer or deeper than that, makes too
    much HTML, or takes too much CPU time.
    """
    source = normalise(source)
    limits.check_source(source)
    md = _tools.engine
    md.limits, md.clock = limits, Clock()
    html = checked_references(to_html(md, source, Reader(md.clock)))
    limits.check_html(html)
    md.clock.check(ahead=CLEANING_SECONDS * pieces_of(html))
    html = _tools.cleaner.clean(html)
    md.clock.check()
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        attribute_filter=lambda tag, name, value: value if name != "href" or is_safe_target(value) else None,
        link_rel=LINK_RELATION,
    )
