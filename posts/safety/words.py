"""Words and phrases that are found whole in a text."""

import re
from functools import lru_cache

GAP = re.compile(r"\s+")


def found_in(text, phrases):
    """Those of `phrases` that `text` has as whole words, without regard to case, line ends or runs of spaces.

    “ass” is not in “class”; a phrase of several words is found across a line end.
    """
    plain = GAP.sub(" ", text).casefold()
    return [phrase for phrase in phrases if _pattern(phrase).search(plain)]


@lru_cache(2_000)
def _pattern(phrase):
    words = GAP.sub(" ", phrase.strip()).casefold()
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
