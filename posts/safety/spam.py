"""Estimate whether a comment looks like spam, from counts only and without an external service."""

from dataclasses import dataclass
from datetime import timedelta

LOOKS_LIKE_SPAM = 4
YOUNG = timedelta(hours=1)


@dataclass(frozen=True)
class Signs:
    """What is known about a comment and its author.

    `links` is the number of links in the comment, `age` the age of the account. `repeats` is how often exactly this
    text was sent before in any thread within a day. `lately` is how many comments the author sent within ten minutes.
    """

    links: int
    age: timedelta
    repeats: int
    lately: int


def score(signs: Signs) -> int:
    """Return how much a comment looks like spam. From LOOKS_LIKE_SPAM on, a moderator should review it.

    A link, a young account or the same text twice is not enough by itself. A young account that repeats a link is.
    """
    return (
        min(signs.links, 3)
        + (2 if signs.age < YOUNG else 0)
        + 2 * min(signs.repeats, 2)
        + (1 if signs.lately >= 5 else 0)
    )
