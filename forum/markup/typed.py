"""Text that is shown as it was typed: code between backticks, and signs after a backslash.

Both are replaced by placeholders before python-markdown's engine reads the text, and put back afterwards. The engine
would copy the whole text for each of them, and read the rest of the text after every backtick without a partner.
"""

import re
from collections.abc import Iterator
from html import escape
from xml.etree.ElementTree import Element

from markdown.util import ETX, STX, AtomicString

from forum.markup.limits import TOO_MANY_SIGNS, Clock, TooComplex

# signs of emphasis in one paragraph: pairing them takes quadratic time
MOST_SIGNS = 2_000

ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
BACKSLASH_OR_TICKS = re.compile(rf"{ESCAPED.pattern}|(`+)")
TICKS = re.compile("`+")
# Placeholders: code has its number, a sign its code point. Python-markdown itself puts the signs back.
CODE = f"{STX}c%d{ETX}"
STANDS_FOR_CODE = re.compile(f"{STX}c(\\d+){ETX}")
STANDS_FOR_SIGN = re.compile(f"{STX}(\\d+){ETX}")
CODE_OR_LINE_END = re.compile(f"{STX}c(\\d+){ETX}|\n")


def unescaped(text: str) -> str:
    """Return `text` without the backslashes before signs."""
    return ESCAPED.sub(r"\1", text)


class Typed:
    """The code and signs of one text that were replaced by placeholders."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.codes: list[str] = []

    def take_out(self, root: Element) -> None:
        """Replace code and signs in all texts of the tree; raises TooComplex if a text has more than MOST_SIGNS."""
        for element in root.iter():
            self.clock.check()
            if element.text and not isinstance(element.text, AtomicString):
                element.text = self._without(element.text)
            if element.tail:
                element.tail = self._without(element.tail)

    def _without(self, text: str) -> str:
        if "`" in text or "\\" in text:
            text = "".join(self._pieces(text))
        if text.count("*") + text.count("_") > MOST_SIGNS:
            raise TooComplex(TOO_MANY_SIGNS, most=MOST_SIGNS)
        return text

    def _pieces(self, text: str) -> Iterator[str]:
        ends: dict[int, list[int]] = {}
        for run in TICKS.finditer(text):
            ends.setdefault(len(run[0]), []).append(run.start())
        for starts in ends.values():
            starts.reverse()
        done = 0
        while found := BACKSLASH_OR_TICKS.search(text, done):
            yield text[done : found.start()]
            sign, ticks = found.groups()
            done = found.end()
            if sign == "&":
                # A sign that was put back would begin an entity.
                yield "&amp;"
                continue
            if sign:
                if sign == "_" and text[done - 3 : done - 1] == "¯\\":
                    yield "\\"  # the arm of ¯\_(ツ)_/¯
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

    def restore(self, text: str) -> str:
        """Return `text` with the placeholders replaced by the code and signs."""
        text = STANDS_FOR_CODE.sub(lambda found: self.codes[int(found[1])], text)
        return STANDS_FOR_SIGN.sub(lambda found: chr(int(found[1])), text)

    def put_back(self, root: Element) -> None:
        """Replace the placeholders of code by elements, and line ends by `<br>`."""
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

    def _elements(self, text: str) -> tuple[str, list[Element]]:
        """Return the text before the first placeholder or line end, and elements with the rest of the text as tails."""
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
