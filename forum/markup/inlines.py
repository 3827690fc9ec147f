"""The inline patterns for python-markdown's engine: links, web addresses, strike-through and emphasis.

The engine tries one pattern after the other. Our patterns read each character a few times at most, and each checks the
clock when it is tried. The only pattern of python-markdown in use is emphasis, which takes quadratic time in the number
of its signs.
"""

import re
import unicodedata
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.inlinepatterns import DelimiterProcessor, InlineProcessor
from markdown.util import ETX, STX, AtomicString

from forum.markup import limits
from forum.markup.blocks import Reader, reference_name
from forum.markup.limits import TooComplex
from forum.markup.targets import LINK_TARGET_MAX_LENGTH, is_safe_target, target_of
from forum.markup.typed import Typed

# the maximum length of a link's text, and of the nesting of brackets in it
LONGEST_LINK_TEXT = 1_000
DEEPEST_BRACKETS = 10
# levels of nested elements, including blocks
DEEPEST_TREE = 60

BRACKET = re.compile(r"[\[\]]")
# Brackets in an address may be nested three deep. All quantifiers are possessive, so that matching does not backtrack.
ADDRESS = r"(?:[^\s()]++|\((?:[^\s()]++|\((?:[^\s()]++|\([^\s()]*+\))*+\))*+\))++"
DESTINATION = (
    rf"\(\s*+(?:<(?P<angled>[^<>\n]*+)>|(?P<bare>{ADDRESS}))"
    r"""(?:\s++(?P<title>"[^"]{0,500}+"|'[^']{0,500}+'|\([^()]{0,500}+\)))?+\s*+\)"""
)
LINK_DESTINATION = re.compile(DESTINATION)
LINK_LABEL = re.compile(r"\[([^\[\]]{0,1000}+)\]")
IMAGE = re.compile(rf"!\[([^\[\]]*+)\](?:{DESTINATION}|\[[^\[\]]*+\])")
# Punctuation of other scripts ends a bare address, and so do quotation marks and two asterisks. These stand in names.
IN_NAMES = "\u00b7\u2010\u2011\u2013"
FOREIGN_PUNCTUATION = "".join(
    char for char in map(chr, range(0x80, 0x2_0000)) if unicodedata.category(char)[0] == "P" and char not in IN_NAMES
)
# A web address in angle brackets, or bare and not behind a letter of a European or Semitic script; it matches to its
# end, and what is too long is no link. The placeholder of a sign after a backslash may be a part of it.
BARE = rf"(?:(?!\*\*)[^\s<>\"`\[\]{STX}{ETX}{FOREIGN_PUNCTUATION}]|{STX}\d+{ETX})"
WEB_ADDRESS = (
    rf"<(?P<angled>(?i:https?)://[^\s<>]{{1,{LINK_TARGET_MAX_LENGTH}}}+)>"
    rf"|(?<![0-9A-Za-z\u00c0-\u06ff\u1e00-\u1fff<])(?P<bare>(?i:https?)://{BARE}++)"
)
# Characters after an address that do not belong to it, as in GitHub's specification.
TRAILING = "?!.,:*_~'" + IN_NAMES
TRAILING_ENTITY = re.compile(r"&[A-Za-z0-9]+$")


class _Pattern(InlineProcessor):
    """A pattern that checks the clock whenever it is tried."""

    def getCompiledRegExp(self) -> re.Pattern[str]:  # noqa: N802  (python-markdown's name)
        self.md.clock.check()
        return self.compiled_re


def closing_bracket(text: str, start: int) -> int | None:
    """Return the position of the bracket that closes the one before `start`; None if it is too far or too deep."""
    depth = 1
    for found in BRACKET.finditer(text, start, start + LONGEST_LINK_TEXT):
        depth += 1 if found[0] == "[" else -1
        if depth == 0:
            return found.start()
        if depth > DEEPEST_BRACKETS:
            return None
    return None


def _link_to(address: str) -> Element | None:
    """Return a link, or None if the address is not a safe target; then the text stays as it was typed."""
    target = target_of(address)
    return Element("a", {"href": target}) if is_safe_target(target) else None


class _Link(_Pattern):
    """The pattern of `[words](address)`, `[words][name]`, `[name]`, and the same with `!` for images.

    Images become links, so that readers' browsers load nothing from other sites.
    """

    def handleMatch(self, match: re.Match[str], data: str) -> tuple[Element | None, int, int]:  # noqa: N802
        no_link = None, match.start(), match.end()
        closing = closing_bracket(data, match.end())
        if closing is None:
            return no_link
        words = data[match.end() : closing]
        found, name = LINK_DESTINATION.match(data, closing + 1), ""
        if found:
            target = found["bare"] if found["angled"] is None else found["angled"]
            title, end = (found["title"] or "")[1:-1], found.end()
        else:
            (target, title), end, name = self._by_name(data, words, closing + 1)
        address = self.md.typed.restore(target)
        link = _link_to(address)
        if link is None:
            return no_link
        if match[0] == "![":
            link.text = AtomicString(self.md.typed.restore(words).strip() or title or address)
        else:
            words = IMAGE.sub(r"\1", words)
            if "](" in words:
                # links cannot be nested; the inner one becomes a link
                return no_link
            link.text = words if words.strip() else AtomicString(address)
        if not found:
            self.md.used.add(name)
        if title:
            link.set("title", self.md.typed.restore(title))
        return link, match.start(), end

    def _by_name(self, data: str, words: str, start: int) -> tuple[tuple[str, str], int, str]:
        label = LINK_LABEL.match(data, start)
        name = reference_name((label and label[1]) or words)
        target = self.md.references.get(name, ("", ""))
        # a long address that is defined once could be used a thousand times
        self.md.named += sum(map(len, target))
        if self.md.named > self.md.limits.html:
            raise TooComplex(limits.RESULT_TOO_LARGE)
        return target, label.end() if label else start, name


class _WebAddress(_Pattern):
    """The pattern of web addresses in the text, which become links without the punctuation after them."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(self, match: re.Match[str], data: str) -> tuple[Element | None, int, int]:  # noqa: N802
        end = match.end()
        address = match["angled"]
        if address is None:
            if len(match["bare"]) > LINK_TARGET_MAX_LENGTH:
                # The whole run is passed over, because each part of it would be as long as the rest.
                return None, match.start(), end
            address = self._without_what_follows(match["bare"])
            end = match.start() + len(address)
        shown = self.md.typed.restore(address)
        link = _link_to(shown)
        if link is not None:
            link.text = AtomicString(shown)
        return link, match.start(), end

    def _without_what_follows(self, address: str) -> str:
        surplus = address.count(")") - address.count("(")
        while True:
            before, address = address, address.rstrip(TRAILING)
            if surplus > 0 and address.endswith(")"):
                address, surplus = address[:-1], surplus - 1
            elif address.endswith(";"):
                address = TRAILING_ENTITY.sub("", address[:-1])
            if address == before:
                return address


class _Strike(_Pattern):
    """The pattern of `~~deleted~~` text."""

    def handleMatch(self, match: re.Match[str], data: str) -> tuple[Element, int, int]:  # noqa: N802
        struck = Element("del")
        struck.text = match[1]
        return struck, match.start(), match.end()


class _Emphasis(DelimiterProcessor):
    """Python-markdown's pattern of emphasis, which checks the clock at every sign."""

    def getCompiledRegExp(self) -> re.Pattern[str]:  # noqa: N802
        self.md.clock.check()
        return self.compiled_re

    def search(self, data: str, start: int) -> re.Match[str] | None:
        """Find the next sign of emphasis, as python-markdown does; raises TooComplex if the time is used up."""
        self.md.clock.check()
        return super().search(data, start)


def engine() -> Markdown:
    """Return a Markdown object with our patterns only; each thread has one and sets `clock` and `limits` for a text."""
    made = Markdown(output_format="html")
    for pattern in list(made.inlinePatterns._priority):
        made.inlinePatterns.deregister(pattern.name)
    made.inlinePatterns.register(_Link(r"!?\[", made), "link", 40)
    made.inlinePatterns.register(_WebAddress(WEB_ADDRESS, made), "web_address", 30)
    made.inlinePatterns.register(_Strike(r"~~(?=\S)([^~]{1,2000}+)(?<=\S)~~", made), "strike", 20)
    made.inlinePatterns.register(_Emphasis("*", "strong,em", made, smart=True), "emphasis", 10)
    made.delimiters.add("_", "strong,em", smart=True)
    return made


def check_depth(root: Element) -> None:
    """Raise TooComplex if the tree is deeper than DEEPEST_TREE."""
    level = [root]
    for _depth in range(DEEPEST_TREE):
        level = [child for element in level for child in element]
        if not level:
            return
    raise TooComplex(limits.TOO_DEEP, most=DEEPEST_TREE)


def to_html(md: Markdown, source: str) -> str:
    """Return the HTML of `source`, not cleaned yet. `md` has the clock and the limits of the text.

    A link definition that no link uses is text, so the source is read again without it. Raises TooComplex.
    """
    ignored: set[str] = set()
    for is_last_try in (False, True):
        reader = Reader(md.clock, ignored)
        root = _tree(md, reader.read(source), reader.references)
        if reader.references.keys() <= md.used:
            break
        # Without the unused ones, links may be missing that others need. Then all are text, so that nothing is lost.
        ignored |= reader.references.keys() if is_last_try else reader.references.keys() - md.used
    else:
        root = _tree(md, Reader(md.clock, ignored).read(source), {})
    for name in ("prettify", "unescape"):
        md.clock.check()
        md.treeprocessors[name].run(root)
    md.clock.check()
    return md.serializer(root).strip().removeprefix("<div>").removesuffix("</div>").strip()


def _tree(md: Markdown, root: Element, references: dict[str, tuple[str, str]]) -> Element:
    """Return the tree of blocks `root` with the elements of their texts; `md.used` has the names that links use."""
    md.reset()
    md.references, md.named, md.used = references, 0, set()
    typed = md.typed = Typed(md.clock)
    typed.take_out(root)
    root = md.treeprocessors["inline"].run(root)
    typed.put_back(root)
    check_depth(root)
    return root
