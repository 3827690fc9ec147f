"""What may be open while a text is read: quotes and list items, and the leaf in the innermost of them."""

import re

SPACES = re.compile(" *")
QUOTE = re.compile(r" {0,3}> ?")
ITEM = re.compile(r" {0,3}(?:([-+*])|(\d{1,9})([.)]))( +|$)")


def indent_of(line, start):
    """How many spaces stand in `line` from `start` on."""
    return SPACES.match(line, start).end() - start


class Quote:
    """An open quote."""

    def __init__(self, element):
        self.element = element

    def goes_on(self, line, start):
        """Where in `line` its content begins, or None if the line is not in it."""
        found = QUOTE.match(line, start)
        return found and found.end()


class Item:
    """An open item of the list `listing`; `marker` and `content` say how far in its marker and its text begin."""

    def __init__(self, element, listing, marker, content):
        self.element, self.listing, self.marker, self.content = element, listing, marker, content

    def goes_on(self, line, start):
        """As for a quote. A list two spaces further in than the marker is meant to be in the item, also below `1.`"""
        if start >= len(line):
            return start if len(self.element) else None
        indent = indent_of(line, start)
        if self.marker + 2 <= indent < self.content and ITEM.match(line, start + indent):
            self.content = indent
        return start + self.content if indent >= self.content else None


class Paragraph:
    """An open paragraph."""

    def __init__(self, element):
        self.element, self.lines = element, []


class Code:
    """Open code: in a fence, which tells what ends it, or indented."""

    def __init__(self, element, indent=0, fence=""):
        self.element, self.indent, self.lines = element, indent, []
        self.end = re.compile(rf" {{0,3}}{fence[0]}{{{len(fence)},}}$") if fence else None

    def take(self, line, start):
        """Adds the line from `start` on, without the spaces that stood before the fence as well."""
        self.lines.append(line[start + min(self.indent, indent_of(line, start)) :])
