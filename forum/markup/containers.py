"""The blocks that can be open while a text is read: quotes, list items, paragraphs and code."""

import re
from xml.etree.ElementTree import Element

NOT_SPACE = re.compile("[^ ]")
QUOTE = re.compile(r" {0,3}> ?")
ITEM = re.compile(r" {0,3}(?:([-+*])|(\d{1,9})([.)]))( +|$)")


def indent_of(line: str, start: int) -> int:
    """Return the number of spaces in `line` from `start` on."""
    found = NOT_SPACE.search(line, start)
    return (found.start() if found else len(line)) - start


class Quote:
    """An open quote."""

    def __init__(self, element: Element) -> None:
        self.element = element

    def goes_on(self, line: str, start: int) -> int | None:
        """Return where the quote's content begins in `line`, or None if the line does not belong to the quote."""
        found = QUOTE.match(line, start)
        return found and found.end()


class Item:
    """An open item of the list `listing`; `marker` and `content` are the indents of its marker and its text."""

    def __init__(self, element: Element, listing: Element, marker: int, content: int) -> None:
        self.element, self.listing, self.marker, self.content = element, listing, marker, content

    def goes_on(self, line: str, start: int) -> int | None:
        """Return where the item's content begins in `line`, or None if the line does not belong to the item.

        A list that is indented by two spaces more than the marker belongs to the item, also below `1.`
        """
        if start >= len(line):
            return start if len(self.element) else None
        indent = indent_of(line, start)
        if self.marker + 2 <= indent < self.content and ITEM.match(line, start + indent):
            self.content = indent
        return start + self.content if indent >= self.content else None


class Paragraph:
    """An open paragraph."""

    def __init__(self, element: Element) -> None:
        self.element = element
        self.lines: list[str] = []


class Code:
    """An open code block: indented, or in a fence; then `end` matches the closing fence."""

    def __init__(self, element: Element, indent: int = 0, fence: str = "") -> None:
        self.element, self.indent = element, indent
        self.lines: list[str] = []
        self.end = re.compile(rf" {{0,3}}{fence[0]}{{{len(fence)},}}$") if fence else None

    def take(self, line: str, start: int) -> None:
        """Add the line from `start` on, without the indent of the fence."""
        self.lines.append(line[start + min(self.indent, indent_of(line, start)) :])
