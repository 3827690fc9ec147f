"""Remove passages from a text, and restore them at their marks. Uses no database."""

from collections.abc import Iterable

# The mark that replaces a removed passage.
LEFT_OUT = "[…]"
# Characters. A shorter passage would match more of the text than was meant.
LEAST_PASSAGE = 3
# Numbers of characters on either side of a mark that are compared to restore a passage, the most certain first, and the
# least number of characters that must match in all.
CONTEXTS = (60, 20, 8)
LEAST_CONTEXT = 10


def passages_of(typed: str) -> list[str]:
    """Return the passages in `typed`, in which lines that contain only LEFT_OUT separate them.

    Revisions store passages in the same format.
    """
    groups: list[str] = []
    lines: list[str] = []
    for line in [*typed.split("\n"), LEFT_OUT]:
        if line.strip() == LEFT_OUT:
            groups.append("\n".join(lines).strip())
            lines = []
        else:
            lines.append(line)
    return list(dict.fromkeys(group for group in groups if group))


def joined(passages: Iterable[str]) -> str:
    """Return `passages` as one text that `passages_of` can split again."""
    return f"\n{LEFT_OUT}\n".join(passages)


def cut(text: str, passages: Iterable[str]) -> str | None:
    """Return `text` with every occurrence of the `passages` replaced by LEFT_OUT.

    Returns None if a passage is not in the text, is shorter than LEAST_PASSAGE, or overlaps with another passage only
    in part.
    """
    done: list[str] = []
    # The longest first, because a shorter passage may be part of a longer one.
    for passage in sorted(passages, key=len, reverse=True):
        is_gone = any(passage in longer for longer in done)
        if len(passage) < LEAST_PASSAGE or (passage not in text and not is_gone):
            return None
        text = text.replace(passage, LEFT_OUT)
        done.append(passage)
    return text


def put_back(text: str, full: str, passages: Iterable[str]) -> str:
    """Return `text` with each of the `passages` restored where its mark still has the same words around it.

    `full` is the original text, and `text` was made from it by `cut` and may have been edited since. Marks whose
    passage is not certain stay as they are.
    """
    waiting = sorted(passages, key=len, reverse=True)
    while waiting:
        passage = waiting.pop()
        # The text when only the passages before this one were restored.
        base = cut(full, waiting) or full
        at = base.find(passage)
        while at >= 0:
            before, after = base[:at], base[at + len(passage) :]
            for length in CONTEXTS:
                left, right = before[max(0, at - length) :], after[:length]
                marked = left + LEFT_OUT + right
                # A mark at an end of the text must still be at that end, because another mark may be elsewhere before
                # the same words.
                is_there = (left or text.startswith(marked)) and (right or text.endswith(marked))
                if is_there and len(left.strip() + right.strip()) >= LEAST_CONTEXT and text.count(marked) == 1:
                    text = text.replace(marked, left + passage + right)
                    break
            at = base.find(passage, at + len(passage))
    return text
