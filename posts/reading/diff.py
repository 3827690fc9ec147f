"""Compare two texts, as parts that were kept, removed and added. Uses no database.

Lines are compared first, and words only inside changed lines. difflib takes quadratic time for repetitive texts, so its
time is limited. What cannot be compared in time is shown as one removal and one addition.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import Match, SequenceMatcher
from hashlib import sha256
from time import thread_time
from typing import NamedTuple

from forum.pagecache import Store

# Seconds of CPU time.
MOST_SECONDS = 0.1
# Bytes of memory for results.
MOST_KEPT = 8_000_000
# Pairs of equal pieces.
MOST_WORK = 1_000_000
# A word with the spaces after it, or a run of line ends.
PIECE = re.compile(r"\n+|[^\s]+[^\S\n]*|[^\S\n]+")
KEPT, OUT, IN = "kept", "out", "in"


class Part(NamedTuple):
    """A part of a text. `kind` is KEPT, OUT (only in the old text) or IN (only in the new text)."""

    kind: str
    text: str


class _OutOfTime(Exception):  # noqa: N818  (control flow, not an error)
    pass


class _Matcher(SequenceMatcher[str]):
    """A SequenceMatcher that raises _OutOfTime when the CPU clock of this thread reaches `until`."""

    # Set by SequenceMatcher: where each piece is in the new text.
    b2j: dict[str, list[int]]

    def __init__(self, old: Sequence[str], new: Sequence[str], until: float) -> None:
        self.until = until
        super().__init__(None, old, new, autojunk=True)

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        if thread_time() > self.until:
            raise _OutOfTime
        return super().find_longest_match(alo, ahi, blo, bhi)


# Anybody can ask for the comparison of the same long texts again and again.
_kept = Store(MOST_KEPT)


def parts(old: str, new: str) -> list[Part]:
    """Return the Parts that lead from the text `old` to the text `new`, from memory if they were compared before.

    The parts of the kinds KEPT and IN make up `new`.
    """
    key = (sha256(old.encode()).digest(), sha256(new.encode()).digest())
    found = _kept.get(key)
    if found is None:
        found = _compared(old, new)
        _kept.keep(key, found, 4 * (len(old) + len(new)))
    return found


def _compared(old: str, new: str) -> list[Part]:
    until = thread_time() + MOST_SECONDS
    out = []
    for kind, before, after in _changes(old.splitlines(keepends=True), new.splitlines(keepends=True), until):
        if kind == "replace":
            before, after = "".join(before), "".join(after)
            for inner, was, now in _changes(PIECE.findall(before), PIECE.findall(after), until):
                out += _told(inner, "".join(was), "".join(now))
        else:
            out += _told(kind, "".join(before), "".join(after))
    return _merged(out)


def _changes(
    old: Sequence[str], new: Sequence[str], until: float
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """Yield (opcode of difflib, pieces of old, pieces of new) in order."""
    start, end = 0, 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    try:
        matcher = _Matcher(inner_old, inner_new, until)
        # The clock is only checked between the steps of difflib, so the work of a single step must be limited too.
        if sum(len(matcher.b2j.get(piece, ())) for piece in inner_old) > MOST_WORK:
            raise _OutOfTime
        opcodes = matcher.get_opcodes()
    except _OutOfTime:
        opcodes = [("replace", 0, len(inner_old), 0, len(inner_new))]
    yield "equal", old[:start], new[:start]
    for kind, i1, i2, j1, j2 in opcodes:
        yield kind, inner_old[i1:i2], inner_new[j1:j2]
    yield "equal", old[len(old) - end :], new[len(new) - end :]


def _told(kind: str, before: str, after: str) -> list[Part]:
    return [Part(KEPT, after)] if kind == "equal" else [Part(OUT, before), Part(IN, after)]


def _merged(found: Iterable[Part]) -> list[Part]:
    """Return the parts without empty ones, removals before additions, and neighbours of one kind joined.

    White space between two changes becomes part of both, because one change is easier to read than many.
    """
    out, changed, between = [], {OUT: "", IN: ""}, ""
    for kind, text in [*found, Part(KEPT, "")]:
        if kind != KEPT and text:
            changed = {name: words + between for name, words in changed.items()} if between else changed
            between = ""
            changed[kind] += text
        elif kind == KEPT and text and text.isspace() and any(changed.values()):
            between += text
        elif kind == KEPT:
            out += [Part(name, words) for name, words in changed.items() if words]
            changed = {OUT: "", IN: ""}
            text, between = between + text, ""
            if text and out and out[-1].kind == KEPT:
                text = out.pop().text + text
            out += [Part(KEPT, text)] if text else []
    return out
