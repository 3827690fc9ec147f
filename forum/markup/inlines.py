"""What stands in a line: code, links, struck and stressed words, by python-markdown's engine with patterns of ours.

The engine tries pattern after pattern; ours look at no character more than a few times, and each asks the clock when it
is tried. Of python-markdown's own only the one for emphasis is left, which costs the square of the signs it pairs.
"""

import re
from html import unescape
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.inlinepatterns import DelimiterProcessor, InlineProcessor
from markdown.util import STX, AtomicString

from forum.markup import limits
from forum.markup.blocks import reference_name
from forum.markup.limits import TooComplex
from forum.markup.targets import LINK_TARGET_MAX_LENGTH, is_safe_target
from forum.markup.text import checked_references
from forum.markup.typed import Typed

# how far from its beginning a link's text may end, and how many brackets may stand in one another in it
LONGEST_LINK_TEXT = 1_000
DEEPEST_BRACKETS = 10
# elements in one another, those of blocks included
DEEPEST_TREE = 60

BRACKET = re.compile(r"[\[\]]")
# Brackets in an address stand in one another three deep at most; every part is taken whole or not at all.
ADDRESS = r"(?:[^\s()]++|\((?:[^\s()]++|\((?:[^\s()]++|\([^\s()]*+\))*+\))*+\))++"
DESTINATION = (
    rf"\(\s*+(?:<(?P<angled>[^<>\n]*+)>|(?P<bare>{ADDRESS}))"
    r"""(?:\s++(?P<title>"[^"]{0,500}+"|'[^']{0,500}+'|\([^()]{0,500}+\)))?+\s*+\)"""
)
LINK_DESTINATION = re.compile(DESTINATION)
LINK_LABEL = re.compile(r"\[([^\[\]]{0,1000}+)\]")
IMAGE = re.compile(rf"!\[([^\[\]]*+)\](?:{DESTINATION}|\[[^\[\]]*+\])")
# A web address to its end or not at all: in angles, or bare and not in a word.
BARE = rf"(?:[^\s<>\"'`\[\]{STX}]|{STX}(?=\d))"
WEB_ADDRESS = (
    rf"<(?P<angled>https?://[^\s<>]{{1,{LINK_TARGET_MAX_LENGTH}}}+)>"
    rf"|(?<![\w/\"'=<])(?P<bare>https?://{BARE}{{1,{LINK_TARGET_MAX_LENGTH}}}+)(?!{BARE})"
)
# what follows an address and does not belong to it
TRAILING = ".,;:!?…*_~"


class _Pattern(InlineProcessor):
    """A pattern that asks the clock whenever it is tried."""

    def getCompiledRegExp(self):  # noqa: N802  (python-markdown's name)
        self.md.clock.check()
        return self.compiled_re


def closing_bracket(text, start):
    """Where the bracket closes that was opened before `start`; None if that is too far or too deep."""
    depth = 1
    for found in BRACKET.finditer(text, start, start + LONGEST_LINK_TEXT):
        depth += 1 if found[0] == "[" else -1
        if depth == 0:
            return found.start()
        if depth > DEEPEST_BRACKETS:
            return None
    return None


def _link_to(address):
    """A link, or None where no reader may be sent; the text then stays as it was typed."""
    target = unescape(checked_references(address))
    return Element("a", {"href": target}) if is_safe_target(target) else None


class _Link(_Pattern):
    """`[words](address)`, `[words][name]`, `[name]`, and the same with `!` for images, which become links.

    No reader's browser ever loads a picture from elsewhere.
    """

    def handleMatch(self, match, data):  # noqa: N802
        no_link = None, match.start(), match.end()
        closing = closing_bracket(data, match.end())
        if closing is None:
            return no_link
        words = data[match.end() : closing]
        found = LINK_DESTINATION.match(data, closing + 1)
        if found:
            target = found["bare"] if found["angled"] is None else found["angled"]
            title, end = found["title"], found.end()
        else:
            target, title, end = self._by_name(data, words, closing + 1)
        address = self.md.typed.restore(target)
        link = _link_to(address)
        if link is None:
            return no_link
        if match[0] == "![":
            link.text = AtomicString(self.md.typed.restore(words).strip() or (title or "")[1:-1] or address)
        else:
            words = IMAGE.sub(r"\1", words)
            if "](" in words:
                # the link is the one inside
                return no_link
            link.text = words if words.strip() else AtomicString(address)
        return link, match.start(), end

    def _by_name(self, data, words, start):
        label = LINK_LABEL.match(data, start)
        target = self.md.references.get(reference_name((label and label[1]) or words), "")
        # an address written once can be named a thousand times
        self.md.named += len(target)
        if self.md.named > self.md.limits.html:
            raise TooComplex(limits.RESULT_TOO_LARGE)
        return target, None, label.end() if label else start


class _WebAddress(_Pattern):
    """A web address standing in the text becomes a link; the full stop after it stays text."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(self, match, data):  # noqa: N802
        end = match.end()
        address = match["angled"]
        if address is None:
            address = self._without_what_follows(match["bare"])
            end = match.start() + len(address)
        shown = self.md.typed.restore(address)
        link = _link_to(shown)
        if link is not None:
            link.text = AtomicString(shown)
        return link, match.start(), end

    def _without_what_follows(self, address):
        address = address.rstrip(TRAILING)
        surplus = address.count(")") - address.count("(")
        while surplus > 0 and address.endswith(")"):
            address = address[:-1].rstrip(TRAILING)
            surplus -= 1
        return address


class _Strike(_Pattern):
    """`~~so~~` is struck through."""

    def handleMatch(self, match, data):  # noqa: N802
        struck = Element("del")
        struck.text = match[1]
        return struck, match.start(), match.end()


class _Emphasis(DelimiterProcessor):
    """Python-markdown's, asking the clock at every sign."""

    def getCompiledRegExp(self):  # noqa: N802
        self.md.clock.check()
        return self.compiled_re

    def search(self, data, start):
        self.md.clock.check()
        return super().search(data, start)


def engine():
    """A Markdown that has our patterns only; for one thread, which sets `clock` and `limits` for each text."""
    made = Markdown(output_format="html")
    for pattern in list(made.inlinePatterns._priority):
        made.inlinePatterns.deregister(pattern.name)
    made.inlinePatterns.register(_Link(r"!?\[", made), "link", 40)
    made.inlinePatterns.register(_WebAddress(WEB_ADDRESS, made), "web_address", 30)
    made.inlinePatterns.register(_Strike(r"~~(?=\S)([^~]{1,2000}+)(?<=\S)~~", made), "strike", 20)
    made.inlinePatterns.register(_Emphasis("*", "strong,em", made), "emphasis", 10)
    made.delimiters.add("_", "strong,em", smart=True)
    return made


def check_depth(root):
    """Raises TooComplex if the tree is deeper than DEEPEST_TREE."""
    level = [root]
    for _depth in range(DEEPEST_TREE):
        level = [child for element in level for child in element]
        if not level:
            return
    raise TooComplex(limits.TOO_DEEP, most=DEEPEST_TREE)


def to_html(md, source, reader):
    """The HTML of `source`, not cleaned yet: blocks by `reader`, what stands in them by `md`. Raises TooComplex."""
    md.reset()
    root = reader.read(source)
    md.references, md.named = reader.references, 0
    typed = md.typed = Typed(md.clock)
    typed.take_out(root)
    root = md.treeprocessors["inline"].run(root)
    typed.put_back(root)
    check_depth(root)
    for name in ("prettify", "unescape"):
        md.clock.check()
        md.treeprocessors[name].run(root)
    md.clock.check()
    return md.serializer(root).strip().removeprefix("<div>").removesuffix("</div>").strip()
