"""Markdown as people type it -> HTML that cannot hurt: the only file that names markdown, bleach or nh3.

Three hands, one after the other: python-markdown writes the HTML (what looks like HTML in the source stays text),
bleach cleans it with our own check of link targets, and nh3 has the last word with the same lists. Bleach alone is not
enough: it receives no more releases, and 6.4.0 lets `javascript:123` through.
"""

import re
import unicodedata
from functools import cache
from html import unescape
from xml.etree.ElementTree import Element

import markdown
import nh3
from bleach.sanitizer import Cleaner
from markdown.blockprocessors import HashHeaderProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

# Moves on whenever `render` would make other HTML of some source: what was stored under an older version is made anew.
VERSION = 1

TAGS = frozenset(
    ["p", "br", "strong", "em", "del", "a", "blockquote", "code", "pre", "ul", "ol", "li", "hr", "h3", "h4", "h5", "h6"]
)
ATTRIBUTES = {"a": ["href", "rel"], "ol": ["start"]}
LINK_RELATION = "nofollow ugc noopener"
# A link leads to a web page, an address for mail, a page of this site, or a place on this page. Nothing else.
LINK_TARGET = re.compile(
    r"https?://[^\s/?#\\@]+(?:[/?#][^\s\\]*)?|mailto:[^\s\\@]+@[^\s\\@]+|/(?![/\\])[^\s\\]*|#[^\s\\]*", re.I
)
LINK_TARGET_MAX_LENGTH = 2_100
DEEPEST_NESTING = 10
LONGEST_HTML = 400_000
# From every one of these marks python-markdown reads on anew, so that the cost grows with their square: 10,000 brackets
# take 9 s. Nobody writes so many in a comment.
MOST_MARKS = {"[": 600, "`": 1_000, "*": 2_000, "_": 2_000, "~": 2_000}
# How far from an opening bracket its link may end, in characters.
LONGEST_LINK = LINK_TARGET_MAX_LENGTH + 500
MOST_LINES = 2_000
CHARACTERS_PER_LINE = 20

# not inside a word, nor where `[words](address` or `<address` already makes a link
BARE_LINK = r"(?<![\w/\"'=\[<])(?<!\]\()(https?://[^\s<>\"'`\[\]]{1,2100})"
TRAILING = re.compile(r"[.,;:!?…*_~]+$")
MARKS_OF_DEPTH = re.compile(r"^(?:[ \t]{0,3}(?:>|[-*+][ \t]|\d{1,9}[.)][ \t])[ \t]?)+")
# An ordered list interrupts a paragraph only when it begins with 1, so that a line may begin with a year.
LIST_ITEM = re.compile(r"[-*+] +\S|1[.)] +\S")
LIST_OR_INDENT = re.compile(r"\s|[-*+] |\d{1,9}[.)] |>")
# Control characters, halves of characters, characters that are none, and those that turn the text around them.
DROPPED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


class TooComplex(ValueError):  # noqa: N818  (it names what the text is)
    """The text nests too deep or grows too large to be drawn."""


def normalise(source):
    """`source` with one kind of line end, composed characters, and no character that means nothing on a page."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", DROPPED.sub("", source))


def is_blank(source):
    """Would a reader see nothing: no letter, digit or sign, entities read as what they stand for?"""
    return not any(unicodedata.category(char)[0] in "LNPS" for char in unescape(source))


def is_safe_target(target):
    """May a reader's browser be sent to `target`?"""
    return len(target) <= LINK_TARGET_MAX_LENGTH and LINK_TARGET.fullmatch(target) is not None


class _BareLink(InlineProcessor):
    """A web address standing in the text becomes a link; the full stop after it stays text."""

    def handleMatch(self, match, data):  # noqa: N802  (python-markdown's name)
        address = TRAILING.sub("", match.group(1))
        while address.endswith(")") and address.count("(") < address.count(")"):
            address = TRAILING.sub("", address[:-1])
        link = Element("a", {"href": address})
        link.text = markdown.util.AtomicString(address)
        return link, match.start(1), match.start(1) + len(address)


class _Heading(HashHeaderProcessor):
    """`# A heading` is one, `#tag` is text."""

    # each step ends in something other than "#", so that a long run of them is read once and not once per character
    RE = re.compile(r"(?:^|\n)(?P<level>#{1,6})[ \t]+(?P<header>(?:[^\n]*?[^#\n])?)#*(?:\n|$)")


class _Strike(InlineProcessor):
    """`~~so~~` is struck through."""

    def handleMatch(self, match, data):  # noqa: N802
        struck = Element("del")
        struck.text = match.group(1)
        return struck, match.start(0), match.end(0)


class _ListAfterText(Preprocessor):
    """A list may follow its paragraph without an empty line between, as people type it."""

    def run(self, lines):
        out = []
        for line in lines:
            if out and LIST_ITEM.match(line) and out[-1].strip() and not LIST_OR_INDENT.match(out[-1]):
                out.append("")
            out.append(line)
        return out


class _Tone(Treeprocessor):
    """Headings go below the page's own two levels, and images become links: no remote picture is ever loaded."""

    def run(self, root):
        for element in root.iter():
            if re.fullmatch("h[1-6]", element.tag):
                element.tag = f"h{min(6, int(element.tag[1]) + 2)}"
            elif element.tag == "img":
                target, words = element.get("src", ""), element.get("alt", "")
                tail = element.tail
                element.clear()
                element.tag, element.text, element.tail = "a", words or target, tail
                element.set("href", target)


def _look_no_further(pattern):
    """Lets an inline pattern see only LONGEST_LINK characters from its match on; it would read to the end each time."""
    handle = pattern.handleMatch
    pattern.handleMatch = lambda match, data: handle(match, data[: match.end(0) + LONGEST_LINK])


class _OurMarkdown(Extension):
    """Python-markdown without raw HTML, with bare links, strike-through and toned-down headings."""

    def extendMarkdown(self, md):  # noqa: N802  (python-markdown's name)
        md.preprocessors.deregister("html_block")
        md.inlinePatterns.deregister("html")
        # it writes addresses as entities, which no reader needs and no check of targets reads
        md.inlinePatterns.deregister("automail")
        for name in ("link", "image_link", "reference", "image_reference", "short_reference", "short_image_ref"):
            _look_no_further(md.inlinePatterns[name])
        md.parser.blockprocessors.register(_Heading(md.parser), "hashheader", 70)
        md.preprocessors.register(_ListAfterText(md), "list_after_text", 20)
        md.inlinePatterns.register(_BareLink(BARE_LINK, md), "bare_link", 115)
        md.inlinePatterns.register(_Strike(r"~~(?=\S)([^~\n]{1,2000}?)(?<=\S)~~", md), "strike", 65)
        md.treeprocessors.register(_Tone(md), "tone", 5)


@cache
def _cleaner():
    def allowed(tag, name, value):
        return is_safe_target(value) if name == "href" else name in ATTRIBUTES.get(tag, ())

    return Cleaner(tags=TAGS, attributes=allowed, protocols={"http", "https", "mailto"}, strip=True)


def check_complexity(source):
    """Raises TooComplex for more than MOST_MARKS or lines, or over DEEPEST_NESTING quotes and lists in one line."""
    for mark, most in MOST_MARKS.items():
        if source.count(mark) > most:
            raise TooComplex(f"too many {mark}")
    if source.count("\n") > max(MOST_LINES, len(source) // CHARACTERS_PER_LINE):
        raise TooComplex("too many lines")
    for line in source.split("\n"):
        marks = MARKS_OF_DEPTH.match(line)
        opened = len(re.findall(r">|[-*+](?=[ \t])|\d[.)](?=[ \t])", marks.group(0))) if marks else 0
        indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip(" "))
        if opened > DEEPEST_NESTING or (indent > 4 * DEEPEST_NESTING and line.strip()):
            raise TooComplex("nested too deep")


def render(source):
    """The HTML of the Markdown text `source`, safe to put into a page as it is.

    Raises TooComplex where the text nests over DEEPEST_NESTING deep or its HTML outgrows LONGEST_HTML characters.
    """
    source = normalise(source)
    check_complexity(source)
    converter = markdown.Markdown(
        extensions=["fenced_code", "sane_lists", "nl2br", _OurMarkdown()], output_format="html", tab_length=4
    )
    try:
        html = converter.convert(source)
    except RecursionError:
        raise TooComplex("nested too deep") from None
    if len(html) > LONGEST_HTML:
        raise TooComplex("grows too large")
    html = _cleaner().clean(html)
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        attribute_filter=lambda tag, name, value: value if name != "href" or is_safe_target(value) else None,
        link_rel=LINK_RELATION,
    )


def plain(source, length):
    """The first `length` characters of `source` as one line of text, for titles and lists."""
    text = " ".join(normalise(source).split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
