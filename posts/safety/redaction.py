"""Remove passages from a text. Uses no database."""

import re
import unicodedata
from collections.abc import Iterable
from html import unescape
from urllib.parse import unquote

from django.utils.html import strip_tags

from forum.invisible import INVISIBLE

# The mark that replaces a removed passage.
LEFT_OUT = "[…]"
# Characters. A shorter passage would match more of the text than was meant.
LEAST_PASSAGE = 3
# Categories of Unicode: characters for formatting, and marks such as accents and variation selectors.
IGNORED = {"Cf", "Mn", "Me"}
# Single characters that Unicode writes out with up to 18.
LONG_LIGATURES = re.compile("[\ufdfa\ufdfb]")
# The addresses of links, and signs that may stand inside a word, in the source of Markdown.
MARKS = re.compile(r"\]\([^()\n]*\)|[*_~`\\]")


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


def cut(texts: Iterable[str], passages: Iterable[str]) -> list[str] | None:
    """Return `texts` with every occurrence of the `passages` replaced by LEFT_OUT.

    Returns None if a passage is in none of the texts, is shorter than LEAST_PASSAGE, or overlaps with another passage
    only in part.
    """
    texts = list(texts)
    done: list[str] = []
    # The longest first, because a shorter passage may be part of a longer one.
    for passage in sorted(passages, key=len, reverse=True):
        is_gone = any(passage in longer for longer in done)
        if len(passage) < LEAST_PASSAGE or not (is_gone or any(passage in text for text in texts)):
            return None
        texts = [text.replace(passage, LEFT_OUT) for text in texts]
        done.append(passage)
    return texts


def contains_any(source: str, html: str, passages: Iterable[str]) -> bool:
    """Return whether one of `passages` can be read in a text with this Markdown `source`, rendered as `html`.

    Besides the same characters, the same words count, whatever is between them: case, punctuation, emphasis, links,
    character references, invisible characters, accents and forms of letters make no difference.
    """
    passages = list(passages)
    if any(passage in source for passage in passages):
        return True
    phrases = [words.rstrip() for words in map(_words, passages) if words.strip()]
    if not phrases:
        return False
    # the source, what readers see, and that with the addresses of links
    folded = _folded(source)
    texts = [_words_of(MARKS.sub("", folded)), _words_of(folded.replace("_", " "))]
    texts += [_words(strip_tags(html)), _words(unquote(html))]
    if any(words in text for words in phrases for text in texts):
        return True
    # several words written as one
    run_on = [words.replace(" ", "") for words in phrases if " " in words.strip()]
    return any(run in text.replace(" ", "") for run in run_on for text in texts)


def _words(text: str) -> str:
    """Return the words of a text, without what makes no difference (see `contains_any`)."""
    return _words_of(MARKS.sub("", _folded(text)))


def _folded(text: str) -> str:
    """Return `text` without case, accents, character references, invisible characters and forms of letters."""
    text = LONG_LIGATURES.sub(" ", unescape(text))
    text = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in text if unicodedata.category(char) not in IGNORED and char not in INVISIBLE)


def _words_of(folded: str) -> str:
    """Return the words of a folded text, each with a space before and after it."""
    return " " + " ".join(re.findall(r"\w+", folded)) + " "
