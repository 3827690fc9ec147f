"""A parser of rates in words, as in the settings: “1 per 30 seconds, 10 per day”."""

import re
from functools import cache
from typing import NamedTuple

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
# The subjects of limits: visitors, members who share an address, and the standings of members (see User.standing).
SUBJECTS = {"visitor", "address", "first day", "new", "member", "trusted", "staff"}
WORDS = re.compile(r"(\d+) per (?:(\d+) )?(second|minute|hour|day)s?")


class Rate(NamedTuple):
    """A rate: at most `most` times in any period of `seconds`."""

    most: int
    seconds: int


@cache
def parse(words: str) -> tuple[Rate, ...]:
    """Return the rates in `words`; raises ValueError if they cannot be parsed or contain a zero."""
    rates = []
    for part in words.split(", "):
        found = WORDS.fullmatch(part)
        if found is None:
            raise ValueError(f"“{part}” is not a rate such as “10 per 5 minutes”")
        most, number, unit = found.groups()
        rates.append(Rate(int(most), int(number or 1) * SECONDS[unit]))
    if any(rate.most < 1 or rate.seconds < 1 for rate in rates):
        raise ValueError(f"“{words}” has a rate of nothing")
    return tuple(rates)


def for_allauth(limit: dict[str, str]) -> str:
    """Return the limit in allauth's notation.

    “address” is allauth's "ip", “name” (the typed e-mail address) its "key", “account” its "user".
    """
    per = {"address": "ip", "name": "key", "account": "user"}
    return ",".join(
        f"{rate.most}/{rate.seconds}s/{per[subject]}" for subject, words in limit.items() for rate in parse(words)
    )
