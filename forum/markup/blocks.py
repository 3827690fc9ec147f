"""The block parser: it reads a text line by line, once, into a tree of quotes, lists, code, headings and paragraphs.

Python-markdown's block parser requires lists to be indented by four, does not find fences in lists and quotes, and
takes quadratic time. This parser follows the algorithm of CommonMark: each line is first matched with the open quotes
and list items, at most DEEPEST of them. Then it may open new ones, and its rest is added to a leaf (a paragraph, code
or table). So no part is read twice.
"""

import re
from collections.abc import Set
from html import escape
from xml.etree.ElementTree import Element, SubElement

from markdown.util import AtomicString

from forum.markup import limits, tables
from forum.markup.containers import ITEM, QUOTE, Code, Item, Paragraph, Quote, indent_of
from forum.markup.limits import TooComplex
from forum.markup.targets import is_safe_target, target_of
from forum.markup.typed import unescaped

# levels of nested quotes and lists
DEEPEST = 10
# spaces before a line outside of a fence
FARTHEST_IN = 40

FENCE = re.compile(r"( {0,3})(`{3,}+(?=[^`]*$)|~{3,}+) *+")
HEADING = re.compile(r" {0,3}(#{1,6}) +(?=[^ ])")
RULE = re.compile(r" {0,3}(?:(?:- *+){3,}+|(?:_ *+){3,}+|(?:\* *+){3,}+)$")
DEFINITION = re.compile(
    r"""\[([^\[\]]{1,1000})\]:\ *(?:<([^<>]*)>|([^\s<]\S*))(?:\ +("[^"]*"|'[^']*'|\([^()]*\)))?""", re.VERBOSE
)
# Markers at the beginning of a line, with no-break spaces, which some keyboards and word processors write.
MARKERS = re.compile("[ \u00a0>]{0,40}(?:(?:[-+*]|#{1,6}|[0-9]{1,9}[.)])[ \u00a0]{1,4})?")
# Headings start below the page's own two levels.
HEADING_TAGS = ["h3", "h4", "h5", "h6", "h6", "h6"]


def reference_name(label: str) -> str:
    """Return the normalized label of a link reference."""
    return " ".join(label.split()).casefold()


class Reader:
    """The parser of one text; after `read`, `references` maps the names of link definitions to (address, title).

    Definitions of the names in `ignored` are read as text.
    """

    def __init__(self, clock: limits.Clock, ignored: Set[str] = frozenset()) -> None:
        self.clock, self.ignored = clock, ignored
        self.root = Element("div")
        self.references: dict[str, tuple[str, str]] = {}
        self.containers: list[Quote | Item] = []
        self.leaf: Paragraph | Code | tables.Table | None = None
        self.after_blank = False
        # `lists` maps each list to the marker of its items; `loose` has the lists with empty lines in them
        self.lists: dict[Element, str] = {}
        self.numbers: dict[Element, list[int]] = {}
        self.loose: set[Element] = set()
        self.cells = tables.MOST_CELLS

    def read(self, source: str) -> Element:
        """Return the tree of the normalised `source`; raises TooComplex."""
        for line in source.split("\n"):
            self.clock.check()
            line = line.expandtabs(4).rstrip()
            self._read_line(self._with_plain_spaces(line))
        self._close(0)
        for listing, numbers in self.numbers.items():
            _number(listing, numbers)
        for listing in self.lists:
            if listing not in self.loose:
                for item in listing:
                    _tighten(item)
        return self.root

    def _with_plain_spaces(self, line: str) -> str:
        """Return the line with plain spaces in place of no-break spaces beside its markers; in a fence, as it is."""
        if "\u00a0" not in line or (isinstance(self.leaf, Code) and self.leaf.end):
            return line
        found = MARKERS.match(line)
        if not found or not found[0].strip(" \u00a0"):
            return line
        return found[0].replace("\u00a0", " ") + line[found.end() :]

    def _read_line(self, line: str) -> None:
        start = held = 0
        for container in self.containers:
            after = container.goes_on(line, start)
            if after is None:
                break
            start = after
            held += 1
        code = self.leaf if isinstance(self.leaf, Code) and held == len(self.containers) else None
        if code is not None and code.end:
            if code.end.match(line, start):
                self._close(held)
            else:
                code.take(line, start)
        elif start < len(line):
            self._read_text(line, start, held)
        elif code is not None:
            code.lines.append("")
        else:
            self._close(held)
        self.after_blank = start >= len(line) and not (code is not None and code is self.leaf and code.end)

    def _read_text(self, line: str, start: int, held: int) -> None:
        """Open the containers and leaves that begin in a line that is not empty, and add its rest to a leaf."""
        while (indent := indent_of(line, start)) < 4:
            opened = self._open_container(line, start, held)
            if opened is None:
                if self._open_leaf(line, start, held):
                    return
                break
            start, held = opened, len(self.containers)
            if start >= len(line):
                return
        if indent > FARTHEST_IN:
            raise TooComplex(limits.TOO_FAR_IN, most=FARTHEST_IN)
        rest = line[start + indent :]
        left = self.containers[held:]
        if isinstance(self.leaf, Paragraph) and not any(isinstance(container, Quote) for container in left):
            # A paragraph also continues in a line that is not indented as its list. A line without `>` is no quote.
            self.leaf.lines.append(rest)
        elif isinstance(self.leaf, tables.Table) and held == len(self.containers) and "|" in rest:
            self.leaf.add_row(rest)
        elif indent < 4:
            self._close(held)
            paragraph = Paragraph(self._add("p"))
            paragraph.lines.append(rest)
            self.leaf = paragraph
        else:
            if not isinstance(self.leaf, Code) or held < len(self.containers):
                self._close(held)
                self.leaf = Code(SubElement(self._add("pre"), "code"))
            self.leaf.take(line, start + 4)

    def _open_container(self, line: str, start: int, held: int) -> int | None:
        """Open the quote or item that begins at `start`; return where its content begins, or None if none begins."""
        if found := QUOTE.match(line, start):
            self._close(held)
            self._enter(Quote(self._add("blockquote")))
            return found.end()
        found = ITEM.match(line, start)
        if not found or RULE.match(line, start):
            return None
        bullet, number, delimiter, spaces = found.groups()
        # a dash alone or a number such as a year at the beginning of a line does not interrupt a paragraph
        if self._open_paragraph(held) and (found.end() == len(line) or number not in (None, "1")):
            return None
        self._close(held)
        content = found.end() - start if 1 <= len(spaces) <= 4 else found.start(4) - start + 1
        listing = self._listing(bullet or delimiter, number)
        if number is not None:
            self.numbers.setdefault(listing, []).append(int(number))
        self._enter(Item(SubElement(listing, "li"), listing, indent_of(line, start), content))
        return start + content

    def _open_leaf(self, line: str, start: int, held: int) -> bool:
        """Open the heading, rule, fence or table that begins at `start`; return whether one does."""
        paragraph = self._open_paragraph(held)
        if found := HEADING.match(line, start):
            self._close(held)
            text = line[found.end() :]
            without = text.rstrip("#")
            self._add(HEADING_TAGS[len(found[1]) - 1]).text = without.rstrip() if without.endswith(" ") else text
        elif found := FENCE.match(line, start):
            self._close(held)
            self.leaf = Code(SubElement(self._add("pre"), "code"), len(found[1]), found[2])
            if found.end() < len(line):
                # For other software this names a language. People also begin to write here, and nothing may be lost.
                self.leaf.lines.append(line[found.end() :])
        elif RULE.match(line, start):
            self._close(held)
            self._add("hr")
        else:
            return paragraph is not None and self._open_table(paragraph, line[start:], held)
        return True

    def _open_table(self, paragraph: Paragraph, line: str, held: int) -> bool:
        columns = tables.columns_under(line.strip())
        heads = tables.cells_of(paragraph.lines[-1]) if columns else []
        if not columns or len(heads) != columns:
            return False
        paragraph.lines.pop()
        self._close(held)
        self.leaf = tables.Table(self._add("table"), heads, self)
        return True

    def _open_paragraph(self, held: int) -> Paragraph | None:
        """Return the paragraph that the line is in, or None."""
        return self.leaf if isinstance(self.leaf, Paragraph) and held == len(self.containers) else None

    @property
    def _parent(self) -> Element:
        return self.containers[-1].element if self.containers else self.root

    def _add(self, tag: str) -> Element:
        """Add an element to the innermost container; in a list item, an empty line before it makes the list loose."""
        if self.after_blank and self.containers and isinstance(self.containers[-1], Item) and len(self._parent):
            self.loose.add(self.containers[-1].listing)
        return SubElement(self._parent, tag)

    def _listing(self, mark: str, number: str | None) -> Element:
        """Return the list of an item with this marker: the list just above if it has the same marker, or a new one."""
        above = self._parent[-1] if len(self._parent) else None
        if above is not None and self.lists.get(above) == mark:
            if self.after_blank:
                self.loose.add(above)
            return above
        listing = self._add("ul" if number is None else "ol")
        if number is not None and int(number) != 1:
            listing.set("start", str(int(number)))
        self.lists[listing] = mark
        return listing

    def _enter(self, container: Quote | Item) -> None:
        if len(self.containers) == DEEPEST:
            raise TooComplex(limits.TOO_DEEP, most=DEEPEST)
        self.containers.append(container)

    def _close(self, held: int) -> None:
        """Close the leaf and all but the first `held` containers."""
        leaf, self.leaf = self.leaf, None
        if isinstance(leaf, Paragraph):
            self._finish(leaf)
        elif isinstance(leaf, Code):
            leaf.element.text = AtomicString(escape("\n".join(leaf.lines), quote=False))
        del self.containers[held:]

    def _finish(self, paragraph: Paragraph) -> None:
        lines, kept = paragraph.lines, []
        first = 0
        while first < len(lines) and (found := DEFINITION.fullmatch(lines[first])):
            name, target = reference_name(found[1]), unescaped(found[3] if found[2] is None else found[2])
            if name in self.ignored or name in self.references or not is_safe_target(target_of(target)):
                kept.append(lines[first])
            else:
                self.references[name] = target, unescaped((found[4] or "")[1:-1])
            first += 1
        kept += lines[first:]
        if kept:
            paragraph.element.text = "\n".join(kept)
        else:
            del self._parent[-1]


def _number(listing: Element, numbers: list[int]) -> None:
    """Give the items of a list the numbers that were typed, unless they are all the same."""
    if len(set(numbers)) == 1:
        return
    for item, before, number in zip(listing[1:], numbers, numbers[1:], strict=False):
        if number != before + 1:
            item.set("value", str(number))


def _tighten(item: Element) -> None:
    """Replace the paragraphs in an item by their texts."""
    kept = []
    for child in item:
        if child.tag != "p":
            kept.append(child)
        elif kept:
            kept[-1].tail = f"{kept[-1].tail or ''}{child.text}"
        else:
            item.text = f"{item.text or ''}{child.text}"
    item[:] = kept
