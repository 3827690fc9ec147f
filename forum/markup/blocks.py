"""Quotes, lists, code, headings, tables and paragraphs: a text read line by line, once, into a tree of elements.

Python-markdown's own reading of blocks wants lists indented by four, sees no fences in lists and quotes, and reads on
from every mark anew, so that the cost grows with the square of the text. Here, as CommonMark describes it, each line
first goes through the quotes and list items that are open, at most DEEPEST of them, then opens new ones, and its rest
joins a leaf: nothing is looked at twice.
"""

import re
from html import escape
from xml.etree.ElementTree import Element, SubElement

from markdown.util import AtomicString

from forum.markup import limits, tables
from forum.markup.containers import ITEM, QUOTE, Code, Item, Paragraph, Quote, indent_of
from forum.markup.limits import TooComplex

# quotes and lists inside one another
DEEPEST = 10
# spaces before a line that is not in a fence
FARTHEST_IN = 40

FENCE = re.compile(r"( {0,3})(`{3,}+(?=[^`]*$)|~{3,}+)")
HEADING = re.compile(r" {0,3}(#{1,6}) +(?=[^ ])")
UNDERLINE = re.compile(r" {0,3}(?:={2,}|-{2,})$")
RULE = re.compile(r" {0,3}(?:(?:- *+){3,}+|(?:_ *+){3,}+|(?:\* *+){3,}+)$")
DEFINITION = re.compile(
    r"""\[([^\[\]]{1,1000})\]:\ *(?:<([^<>]*)>|([^\s<]\S*))(?:\ +(?:"[^"]*"|'[^']*'|\([^()]*\)))?""", re.VERBOSE
)
# Headings go below the page's own two levels.
HEADING_TAGS = ["h3", "h4", "h5", "h6", "h6", "h6"]


def reference_name(label):
    """What a link's label is known by."""
    return " ".join(label.split()).casefold()


class Reader:
    """Reads one text; afterwards `references` tells the addresses that its links may name."""

    def __init__(self, clock):
        self.clock = clock
        self.root = Element("div")
        self.references = {}
        self.containers = []
        self.leaf = None
        self.after_blank = False
        # what marks the items of each list, and the lists with empty lines between what they hold
        self.lists, self.loose = {}, set()
        self.cells = tables.MOST_CELLS

    def read(self, source):
        """The tree of the normalised `source`; raises TooComplex."""
        for line in source.split("\n"):
            self.clock.check()
            self._read_line(line.expandtabs(4).rstrip())
        self._close(0)
        for listing in self.lists:
            if listing not in self.loose:
                for item in listing:
                    _tighten(item)
        return self.root

    def _read_line(self, line):
        start = held = 0
        for container in self.containers:
            after = container.goes_on(line, start)
            if after is None:
                break
            start = after
            held += 1
        is_code = isinstance(self.leaf, Code) and held == len(self.containers)
        if is_code and self.leaf.end:
            if self.leaf.end.match(line, start):
                self._close(held)
            else:
                self.leaf.take(line, start)
        elif start < len(line):
            self._read_text(line, start, held)
        elif is_code:
            self.leaf.lines.append("")
        else:
            self._close(held)
        self.after_blank = start >= len(line) and not (is_code and self.leaf and self.leaf.end)

    def _read_text(self, line, start, held):
        """Opens what begins in a line that is not empty, and gives the rest of it to a leaf."""
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
        if isinstance(self.leaf, Paragraph):
            # also where the line has left quotes and items: what only goes on needs no marks
            self.leaf.lines.append(rest)
        elif isinstance(self.leaf, tables.Table) and held == len(self.containers) and "|" in rest:
            self.leaf.add_row(rest)
        elif indent < 4:
            self._close(held)
            self.leaf = Paragraph(self._add("p"))
            self.leaf.lines.append(rest)
        else:
            if not isinstance(self.leaf, Code) or held < len(self.containers):
                self._close(held)
                self.leaf = Code(SubElement(self._add("pre"), "code"))
            self.leaf.take(line, start + 4)

    def _open_container(self, line, start, held):
        """Where the content of the quote or item begins that opens at `start`; None if none does."""
        if found := QUOTE.match(line, start):
            self._close(held)
            self._enter(Quote(self._add("blockquote")))
            return found.end()
        found = ITEM.match(line, start)
        if not found or RULE.match(line, start):
            return None
        bullet, number, delimiter, spaces = found.groups()
        # a paragraph goes on with a dash alone, and with a year at the beginning of its line
        if self._is_in_paragraph(held) and (found.end() == len(line) or number not in (None, "1")):
            return None
        self._close(held)
        content = found.end() - start if 1 <= len(spaces) <= 4 else found.start(4) - start + 1
        listing = self._listing(bullet or delimiter, number)
        self._enter(Item(SubElement(listing, "li"), listing, indent_of(line, start), content))
        return start + content

    def _open_leaf(self, line, start, held):
        """Did a heading, a rule, a fence or a table begin at `start`?"""
        if found := HEADING.match(line, start):
            self._close(held)
            text = line[found.end() :]
            without = text.rstrip("#")
            self._add(HEADING_TAGS[len(found[1]) - 1]).text = without.rstrip() if without.endswith(" ") else text
        elif found := FENCE.match(line, start):
            self._close(held)
            self.leaf = Code(SubElement(self._add("pre"), "code"), len(found[1]), found[2])
        elif self._is_in_paragraph(held) and len(self.leaf.lines) == 1 and UNDERLINE.match(line, start):
            self.leaf.element.tag = HEADING_TAGS[0 if line.endswith("=") else 1]
            self._close(held)
        elif RULE.match(line, start):
            self._close(held)
            self._add("hr")
        else:
            return self._is_in_paragraph(held) and self._open_table(line[start:], held)
        return True

    def _open_table(self, line, held):
        columns = tables.columns_under(line.strip())
        heads = tables.cells_of(self.leaf.lines[-1]) if columns else []
        if not columns or len(heads) != columns:
            return False
        self.leaf.lines.pop()
        self._close(held)
        self.leaf = tables.Table(self._add("table"), heads, self)
        return True

    def _is_in_paragraph(self, held):
        return isinstance(self.leaf, Paragraph) and held == len(self.containers)

    @property
    def _parent(self):
        return self.containers[-1].element if self.containers else self.root

    def _add(self, tag):
        """A new element where the text stands; in a list, an empty line before it makes the list a loose one."""
        if self.after_blank and self.containers and isinstance(self.containers[-1], Item) and len(self._parent):
            self.loose.add(self.containers[-1].listing)
        return SubElement(self._parent, tag)

    def _listing(self, mark, number):
        """The list that an item with this mark belongs to: the one just above, if that has the same, or a new one."""
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

    def _enter(self, container):
        if len(self.containers) == DEEPEST:
            raise TooComplex(limits.TOO_DEEP, most=DEEPEST)
        self.containers.append(container)

    def _close(self, held):
        """Closes the leaf, and all but the first `held` containers."""
        leaf, self.leaf = self.leaf, None
        if isinstance(leaf, Paragraph):
            self._finish(leaf)
        elif isinstance(leaf, Code):
            leaf.element.text = AtomicString(escape("\n".join(leaf.lines), quote=False))
        del self.containers[held:]

    def _finish(self, paragraph):
        lines = paragraph.lines
        defined = 0
        while defined < len(lines) and (found := DEFINITION.fullmatch(lines[defined])):
            target = found[3] if found[2] is None else found[2]
            self.references.setdefault(reference_name(found[1]), target)
            defined += 1
        if defined == len(lines):
            del self._parent[-1]
        else:
            paragraph.element.text = "\n".join(_without_break(line) for line in lines[defined:])


def _without_break(line):
    """Every line end is kept, so that a backslash before it, which asks for that, has no work left."""
    return line[:-1] if (len(line) - len(line.rstrip("\\"))) % 2 else line


def _tighten(item):
    """Takes the paragraphs off an item's texts."""
    kept = []
    for child in item:
        if child.tag != "p":
            kept.append(child)
        elif kept:
            kept[-1].tail = f"{kept[-1].tail or ''}{child.text}"
        else:
            item.text = f"{item.text or ''}{child.text}"
    item[:] = kept
