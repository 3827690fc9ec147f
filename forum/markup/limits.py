"""The limits of texts in size and CPU time, and the exception with the sentence for the author."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CPU_SECONDS = 1.0
# Seconds that bleach takes per tag or entity. It cleans a text in one step that cannot be interrupted, so the time is
# estimated beforehand.
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
    """Raised when a text cannot be rendered; `sentence` tells its author what to simplify."""

    def __init__(self, sentence: "StrOrPromise", **numbers: int) -> None:
        super().__init__(sentence)
        self.sentence = format_lazy(sentence, **{name: f"{number:,}" for name, number in numbers.items()})

    def __str__(self) -> str:
        return str(self.sentence)


def pieces_of(html: str) -> int:
    """Return the number of tags and entities in `html`, which determines the time to clean it."""
    return html.count("<") + html.count("&")


@dataclass(frozen=True)
class Limits:
    """Limits of one kind of text: characters and lines of source, bytes of HTML, tags and entities (`pieces`)."""

    length: int
    lines: int
    html: int
    pieces: int

    def check_source(self, source: str) -> None:
        """Raise TooComplex if the normalised `source` is too long."""
        if len(source) > self.length:
            raise TooComplex(TOO_LONG, most=self.length)
        if source.strip("\n").count("\n") >= self.lines:
            raise TooComplex(TOO_MANY_LINES, most=self.lines)

    def check_html(self, html: str) -> None:
        """Raise TooComplex if `html` is too large or would take bleach too long to clean."""
        if len(html) > self.html or len(html.encode()) > self.html or pieces_of(html) > self.pieces:
            raise TooComplex(RESULT_TOO_LARGE)


# An opening post may have five times the text, but cleaning it must not use up all the CPU time.
COMMENT = Limits(length=20_000, lines=2_000, html=100_000, pieces=6_000)
OPENING = Limits(length=100_000, lines=5_000, html=500_000, pieces=20_000)


class Clock:
    """A limit of this thread's CPU time, which is checked between short steps.

    Signals cannot stop a thread other than the main one. Time in which the thread waits does not count.
    """

    def __init__(self) -> None:
        self.end = time.thread_time() + CPU_SECONDS

    def check(self, ahead: float = 0) -> None:
        """Raise TooComplex if the time is used up; `ahead` is the least time in seconds that the next step takes."""
        if time.thread_time() + ahead > self.end:
            raise TooComplex(TOOK_TOO_LONG)
