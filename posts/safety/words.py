"""Find words and phrases in a text."""

import re
from collections.abc import Iterable
from functools import lru_cache

GAP = re.compile(r"\s+")


def found_in(text: str, phrases: Iterable[str]) -> list[str]:
    """Return those of `phrases` that are in `text` as whole words.

    Upper and lower case, line ends and repeated spaces make no difference. “ass” is not found in “class”. A phrase of
    several words is found across a line end.
    """
    plain = GAP.sub(" ", text).casefold()
    return [phrase for phrase in phrases if _pattern(phrase).search(plain)]


@lru_cache(2_000)
def _pattern(phrase: str) -> re.Pattern[str]:
    words = GAP.sub(" ", phrase.strip()).casefold()
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
