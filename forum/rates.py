"""Rates in words, as the settings have them: “1 per 30 seconds, 10 per day”."""

import re
from functools import cache
from typing import NamedTuple

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
# What a limit may be for: a visitor and all who share an address, and the standings of members (see User.standing).
SUBJECTS = {"visitor", "address", "first day", "new", "member", "trusted", "staff"}
WORDS = re.compile(r"(\d+) per (?:(\d+) )?(second|minute|hour|day)s?")


class Rate(NamedTuple):
    """At most `most` times in any `seconds`."""

    most: int
    seconds: int


@cache
def parse(words):
    """The Rates that `words` name; ValueError for what does not read so, or for a rate of nothing."""
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


def for_allauth(limit):
    """The same in allauth's words: “address” is its ip, “name” (an address typed in) its key, “account” its user."""
    per = {"address": "ip", "name": "key", "account": "user"}
    return ",".join(
        f"{rate.most}/{rate.seconds}s/{per[subject]}" for subject, words in limit.items() for rate in parse(words)
    )
