"""What stands in a line: code, links, struck and stressed words, by python-markdown's engine with patterns of ours.

The engine tries pattern after pattern; ours look at no character more than a few times, and each asks the clock when it
is tried. Of python-markdown's own only the one for emphasis is left, which costs the square of the signs it pairs.
"""

import re
from html import escape, unescape
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.inlinepatterns import DelimiterProcessor, InlineProcessor
from markdown.util import ETX, INLINE_PLACEHOLDER_RE, STX, AtomicString

from forum.markup import limits
from forum.markup.blocks import reference_name
from forum.markup.limits import TooComplex
from forum.markup.targets import LINK_TARGET_MAX_LENGTH

# how far from its beginning a link's text may end, and how many brackets may stand in one another in it
LONGEST_LINK_TEXT = 1_000
DEEPEST_BRACKETS = 10
# signs of emphasis in one paragraph
MOST_SIGNS = 2_000
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
BARE = r"[^\s<>\"'`\[\]]"
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


class _CodeOrEscape(_Pattern):
    """`code` in as many backticks before as behind it; a sign behind a backslash is no sign but itself."""

    def handleMatch(self, match, data):  # noqa: N802
        sign, ticks = match.groups()
        if sign:
            return f"{STX}{ord(sign)}{ETX}", match.start(), match.end()
        end = self._closing(ticks, data, match.end())
        if end is None:
            return None, match.start(), match.end()
        code = Element("code")
        code.text = AtomicString(escape(data[match.end() : end].strip(), quote=False))
        return code, match.start(), end + len(ticks)

    def _closing(self, ticks, data, start):
        """Where so many and no more backticks stand next."""
        while (found := data.find(ticks, start)) >= 0:
            start = found + len(ticks)
            if data[start : start + 1] != "`":
                return found
            while data[start : start + 1] == "`":
                start += 1
        return None


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
            target, title, end = found["angled"] or found["bare"], found["title"], found.end()
        else:
            target, title, end = self._by_name(data, words, closing + 1)
        if not target:
            return no_link
        link = Element("a", {"href": unescape(self.unescape(target))})
        if match[0] == "![":
            link.text = AtomicString(self.unescape(words).strip() or (title or "")[1:-1] or self.unescape(target))
        else:
            words = IMAGE.sub(r"\1", words)
            if "](" in words:
                # the link is the one inside
                return no_link
            link.text = words if words.strip() else AtomicString(self.unescape(target))
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
        link = Element("a", {"href": unescape(self.unescape(address))})
        link.text = AtomicString(self.unescape(address))
        return link, match.start(), end

    def _without_what_follows(self, address):
        for found in INLINE_PLACEHOLDER_RE.finditer(address):
            if not isinstance(self.md.treeprocessors["inline"].stashed_nodes.get(found[1]), str):
                address = address[: found.start()]
                break
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


class _LineEnd(_Pattern):
    """People's line ends are kept."""

    def handleMatch(self, match, data):  # noqa: N802
        return Element("br"), match.start(), match.end()


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
    made.inlinePatterns.register(_CodeOrEscape(r"\\([!-/:-@\[-`{-~])|(`+)", made), "code", 60)
    made.inlinePatterns.register(_Link(r"!?\[", made), "link", 50)
    made.inlinePatterns.register(_WebAddress(WEB_ADDRESS, made), "web_address", 40)
    made.inlinePatterns.register(_Strike(r"~~(?=\S)([^~]{1,2000}+)(?<=\S)~~", made), "strike", 30)
    made.inlinePatterns.register(_Emphasis("*", "strong,em", made), "emphasis", 20)
    made.delimiters.add("_", "strong,em", smart=True)
    made.inlinePatterns.register(_LineEnd(r"\n", made), "line_end", 10)
    return made


def check_signs(root):
    """Raises TooComplex if a text of the tree has more than MOST_SIGNS signs of emphasis."""
    for element in root.iter():
        for text in (element.text, element.tail):
            if text and not isinstance(text, AtomicString) and text.count("*") + text.count("_") > MOST_SIGNS:
                raise TooComplex(limits.TOO_MANY_SIGNS, most=MOST_SIGNS)


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
    check_signs(root)
    for processor in md.treeprocessors:
        md.clock.check()
        changed = processor.run(root)
        root = root if changed is None else changed
        check_depth(root)
    md.clock.check()
    return md.serializer(root).strip().removeprefix("<div>").removesuffix("</div>").strip()
