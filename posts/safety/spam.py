"""Does a comment look like spam? By what can be counted here, without asking anybody else."""

from dataclasses import dataclass
from datetime import timedelta

LOOKS_LIKE_SPAM = 4
YOUNG = timedelta(hours=1)


@dataclass(frozen=True)
class Signs:
    """What is known of a comment and its author: links in it, how old the account is, how often just this text was
    sent before in any thread within a day, how many comments they sent within ten minutes."""

    links: int
    age: timedelta
    repeats: int
    lately: int


def score(signs):
    """How much it looks like spam: LOOKS_LIKE_SPAM or more is enough to have somebody look at it.

    A link alone is none, nor is a young account, nor the same text twice; a young account that repeats a link is.
    """
    return (
        min(signs.links, 3)
        + (2 if signs.age < YOUNG else 0)
        + 2 * min(signs.repeats, 2)
        + (1 if signs.lately >= 5 else 0)
    )
