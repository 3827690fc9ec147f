"""How much a text may be, and the refusal of what is more: said in words, and measured in CPU time of this thread."""

import time
from dataclasses import dataclass

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

CPU_SECONDS = 1.0
# of bleach, for a tag or an entity, on a machine of today: it cleans a text in one step, which no clock can end
CLEANING_SECONDS = 35e-6

TOO_LONG = _("This text is too long: at most {most} characters fit. Please shorten it, or send it in two parts.")
TOO_MANY_LINES = _("This text has too many lines: at most {most} fit. Please join some, or send it in two parts.")
TOO_DEEP = _("Something here is nested too deep: at most {most} fit into one another. Please take out a level or two.")
TOO_FAR_IN = _(
    "A line begins with too many spaces: at most {most} fit. Please take some out, or put a line of ``` before and "
    "after the part that should be shown as it is typed."
)
TOO_MANY_SIGNS = _(
    "One paragraph has too many of the signs * and _: at most {most} fit. Please use fewer, or make several paragraphs."
)
TABLE_TOO_LARGE = _(
    "The tables here are too large: at most {columns} columns, and {cells} cells in all, fit. Please make them smaller."
)
RESULT_TOO_LARGE = _(
    "With its formatting this text grows too large to be shown. Please use less formatting, or send it in two parts."
)
TOOK_TOO_LONG = _(
    "The formatting of this text takes too long to work out. Please use fewer links, lists and signs such as * and _, "
    "or send it in two parts."
)


class TooComplex(ValueError):  # noqa: N818  (it names what the text is)
    """The text cannot be drawn; `sentence` tells its writer what to simplify."""

    def __init__(self, sentence, **numbers):
        super().__init__(sentence)
        self.sentence = format_lazy(sentence, **{name: f"{number:,}" for name, number in numbers.items()})

    def __str__(self):
        return str(self.sentence)


def pieces_of(html):
    """How much of `html` there is to clean: tags and entities."""
    return html.count("<") + html.count("&")


@dataclass(frozen=True)
class Limits:
    """What one kind of text may be: characters and lines of its source; bytes, and tags and entities, of its HTML."""

    length: int
    lines: int
    html: int
    pieces: int

    def check_source(self, source):
        """Raises TooComplex if the normalised `source` is too long."""
        if len(source) > self.length:
            raise TooComplex(TOO_LONG, most=self.length)
        if source.strip("\n").count("\n") >= self.lines:
            raise TooComplex(TOO_MANY_LINES, most=self.lines)

    def check_html(self, html):
        """Raises TooComplex if `html` outgrew the text it was made from, or would take bleach too long to clean."""
        if len(html) > self.html or len(html.encode()) > self.html or pieces_of(html) > self.pieces:
            raise TooComplex(RESULT_TOO_LARGE)


# an opening post: five times the text, but never so much to clean that this takes the CPU time by itself
COMMENT = Limits(length=20_000, lines=2_000, html=100_000, pieces=6_000)
OPENING = Limits(length=100_000, lines=5_000, html=500_000, pieces=20_000)


class Clock:
    """Raises TooComplex when this thread has used its CPU time up.

    It is asked between steps that are short by themselves. Nothing else stops a thread that is not the main one: there
    are no signals in it. What the thread waits for, others' work included, does not count.
    """

    def __init__(self):
        self.end = time.thread_time() + CPU_SECONDS

    def check(self, ahead=0):
        """To be called between two steps; `ahead` is what the next one takes at the least, in seconds."""
        if time.thread_time() + ahead > self.end:
            raise TooComplex(TOOK_TOO_LONG)
