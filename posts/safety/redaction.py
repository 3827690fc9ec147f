"""Passages that a moderator takes out of a text: cut, and put back where their mark stands. No database."""

# what stands in the place of a passage that was taken out
LEFT_OUT = "[…]"
# characters; of fewer, more would be taken out than was meant
LEAST_PASSAGE = 3
# characters on either side of a mark by which a passage finds its place again, the surer first; and how many of them
# there have to be at least
CONTEXTS = (60, 20, 8)
LEAST_CONTEXT = 10


def passages_of(typed):
    """The passages that were `typed` one after the other, with a line that has nothing but LEFT_OUT between them; so
    they are kept, too."""
    groups, lines = [], []
    for line in [*typed.split("\n"), LEFT_OUT]:
        if line.strip() == LEFT_OUT:
            groups.append("\n".join(lines).strip())
            lines = []
        else:
            lines.append(line)
    return list(dict.fromkeys(group for group in groups if group))


def joined(passages):
    """These passages as `passages_of` reads them."""
    return f"\n{LEFT_OUT}\n".join(passages)


def cut(text, passages):
    """`text` without these passages, wherever they stand, and a mark for each; None where one of them is not in it, is
    too short to be found, or has only a part in common with another."""
    done = []
    # the longer ones first: a shorter one may be a part of them
    for passage in sorted(passages, key=len, reverse=True):
        is_gone = any(passage in longer for longer in done)
        if len(passage) < LEAST_PASSAGE or (passage not in text and not is_gone):
            return None
        text = text.replace(passage, LEFT_OUT)
        done.append(passage)
    return text


def put_back(text, full, passages):
    """`text`, which went on from `full` without these passages, with each of them again where its mark stands between
    the same words still; where that cannot be told, it stays as it is."""
    waiting = sorted(passages, key=len, reverse=True)
    while waiting:
        passage = waiting.pop()
        # what it was like when only those before had come back
        base = cut(full, waiting) or full
        at = base.find(passage)
        while at >= 0:
            before, after = base[:at], base[at + len(passage) :]
            for length in CONTEXTS:
                left, right = before[max(0, at - length) :], after[:length]
                marked = left + LEFT_OUT + right
                # at an end of the text it stood at that end: another mark may stand elsewhere before the same words
                is_there = (left or text.startswith(marked)) and (right or text.endswith(marked))
                if is_there and len(left.strip() + right.strip()) >= LEAST_CONTEXT and text.count(marked) == 1:
                    text = text.replace(marked, left + passage + right)
                    break
            at = base.find(passage, at + len(passage))
    return text
