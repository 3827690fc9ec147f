"""What changed between two texts, told in words kept, taken out and put in. No database.

Lines are compared first and words only inside lines that changed, as a reader would. The comparison is difflib's, which
takes the square of the length of texts that repeat themselves: so its time is bounded, and what cannot be compared in
time is told as a whole taken out and a whole put in.
"""

import re
from difflib import SequenceMatcher
from time import thread_time
from typing import NamedTuple

# of CPU
MOST_SECONDS = 0.3
# pairs of equal pieces
MOST_WORK = 1_000_000
# a word with the space behind it, or a run of line ends
PIECE = re.compile(r"\n+|[^\s]+[^\S\n]*|[^\S\n]+")
KEPT, OUT, IN = "kept", "out", "in"


class Part(NamedTuple):
    """A stretch of text: `kind` is KEPT, OUT (only in the old text) or IN (only in the new one)."""

    kind: str
    text: str


class _OutOfTime(Exception):  # noqa: N818  (it is an answer, not a fault)
    pass


class _Matcher(SequenceMatcher):
    """Stops by _OutOfTime at the moment `until` of this thread's CPU clock."""

    def __init__(self, old, new, until):
        self.until = until
        super().__init__(None, old, new, autojunk=True)

    def find_longest_match(self, *bounds):
        if thread_time() > self.until:
            raise _OutOfTime
        return super().find_longest_match(*bounds)


def parts(old, new):
    """The Parts that lead from the text `old` to the text `new`; those kept and put in make up `new`."""
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


def _changes(old, new, until):
    """(difflib's word for the change, pieces of old, pieces of new), in order."""
    start, end = 0, 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    try:
        matcher = _Matcher(inner_old, inner_new, until)
        # one step of it takes so much, and between its steps alone the clock is looked at
        if sum(len(matcher.b2j.get(piece, ())) for piece in inner_old) > MOST_WORK:
            raise _OutOfTime
        opcodes = matcher.get_opcodes()
    except _OutOfTime:
        opcodes = [("replace", 0, len(inner_old), 0, len(inner_new))]
    yield "equal", old[:start], new[:start]
    for kind, i1, i2, j1, j2 in opcodes:
        yield kind, inner_old[i1:i2], inner_new[j1:j2]
    yield "equal", old[len(old) - end :], new[len(new) - end :]


def _told(kind, before, after):
    return [Part(KEPT, after)] if kind == "equal" else [Part(OUT, before), Part(IN, after)]


def _merged(found):
    """Without empty parts; what is taken out before what is put in, and neighbours of one kind as one.

    A space between two changes is part of both: one change is easier to read than many.
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
