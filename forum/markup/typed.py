"""What is to be shown as it was typed: code between backticks, and signs behind a backslash.

Both are taken out before python-markdown's engine sees the text and put back afterwards. The engine would copy the
whole text for each of them, and read on from every backtick that has no other.
"""

import re
from html import escape
from xml.etree.ElementTree import Element

from markdown.util import ETX, STX, AtomicString

from forum.markup.limits import TOO_MANY_SIGNS, TooComplex

# signs of emphasis in one paragraph: to pair them costs the square of their number
MOST_SIGNS = 2_000

BACKSLASH_OR_TICKS = re.compile(r"\\([!-/:-@\[-`{-~])|(`+)")
TICKS = re.compile("`+")
# in the text they stand for: a code by its number, a sign by its code point (this python-markdown puts back itself)
CODE = f"{STX}c%d{ETX}"
STANDS_FOR_CODE = re.compile(f"{STX}c(\\d+){ETX}")
STANDS_FOR_SIGN = re.compile(f"{STX}(\\d+){ETX}")
CODE_OR_LINE_END = re.compile(f"{STX}c(\\d+){ETX}|\n")


class Typed:
    """Keeps what one text has of it."""

    def __init__(self, clock):
        self.clock = clock
        self.codes = []

    def take_out(self, root):
        """Leaves a stand-in for each in all texts of the tree; raises TooComplex for over MOST_SIGNS in one of them."""
        for element in root.iter():
            self.clock.check()
            if element.text and not isinstance(element.text, AtomicString):
                element.text = self._without(element.text)
            if element.tail:
                element.tail = self._without(element.tail)

    def _without(self, text):
        if "`" in text or "\\" in text:
            text = "".join(self._pieces(text))
        if text.count("*") + text.count("_") > MOST_SIGNS:
            raise TooComplex(TOO_MANY_SIGNS, most=MOST_SIGNS)
        return text

    def _pieces(self, text):
        ends = {}
        for run in TICKS.finditer(text):
            ends.setdefault(len(run[0]), []).append(run.start())
        for starts in ends.values():
            starts.reverse()
        done = 0
        while found := BACKSLASH_OR_TICKS.search(text, done):
            yield text[done : found.start()]
            sign, ticks = found.groups()
            done = found.end()
            if sign:
                yield f"{STX}{ord(sign)}{ETX}"
                continue
            starts = ends.get(len(ticks), [])
            while starts and starts[-1] < done:
                starts.pop()
            if starts:
                yield CODE % len(self.codes)
                self.codes.append(text[done : starts[-1]])
                done = starts[-1] + len(ticks)
            else:
                yield ticks
        yield text[done:]

    def restore(self, text):
        """`text` with what stood in it."""
        text = STANDS_FOR_CODE.sub(lambda found: self.codes[int(found[1])], text)
        return STANDS_FOR_SIGN.sub(lambda found: chr(int(found[1])), text)

    def put_back(self, root):
        """Makes elements of the codes, and of the line ends, which are kept as people set them."""
        for element in list(root.iter()):
            self.clock.check()
            children = []
            if element.text and not isinstance(element.text, AtomicString):
                element.text, made = self._elements(element.text)
                children += made
            for child in element:
                children.append(child)
                if child.tail:
                    child.tail, made = self._elements(child.tail)
                    children += made
            if len(children) > len(element):
                element[:] = children

    def _elements(self, text):
        """(text before the first, elements that bear the rest of the text as tails)."""
        if "\n" not in text and STX not in text:
            return text, []
        head, *rest = CODE_OR_LINE_END.split(text)
        elements = []
        for number, tail in zip(rest[::2], rest[1::2], strict=True):
            element = Element("br" if number is None else "code")
            if number is not None:
                element.text = AtomicString(escape(self.codes[int(number)].strip(), quote=False))
            element.tail = tail
            elements.append(element)
        return head, elements
