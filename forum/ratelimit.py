"""Rate limits per account and per address, shared by all web servers, with one query per action.

`settings.LIMITS` has the limits of each action in words. A member is limited by their standing (`User.standing`) and,
less strictly, by their address; a visitor by the address only. The database function `forum_take` checks and counts in
one step, so that concurrent requests cannot exceed a limit. Refused actions are not counted.
"""

import ipaddress
import json
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from forum import rates
from forum.models import Usage
from forum.security_log import record

# Rows, which have only keyed hashes of addresses, are deleted after this time without use.
FORGOTTEN_AFTER = timedelta(days=30)
# For these actions the row of an account also has the hash of the address, to find the second account of a banned
# person (see posts.moderation.alternate_accounts).
TRACED = ("comment", "thread")
# Providers give each customer a network of this size, in which the customer can use any address.
IPV6_PREFIX = 64
POSTING = ("comment", "thread", "edit")
POSTING_QUICKLY = _("You’re posting quickly. Try again in %(wait)s.")
IN_A_WHILE = _("That was too much at once. Try again in %(wait)s.")


class RateLimited(Exception):  # noqa: N818  (it is an answer, not a fault)
    """Raised when a limit of the action `act` is reached.

    `wait` is in seconds, and `sentence` tells the user to wait.
    """

    def __init__(self, wait: float, act: str) -> None:
        self.wait = max(1, math.ceil(wait))
        self.sentence = (POSTING_QUICKLY if act in POSTING else IN_A_WHILE) % {"wait": in_words(self.wait)}
        super().__init__(self.sentence)


def take(request: HttpRequest, act: str, token: str = "", units: int = 1) -> None:
    """Count one action `act` of the user or visitor; raises RateLimited, without counting, if a limit is reached.

    The action counts as `units` actions, for limits of size; if a rate allows fewer, it takes all that the rate allows.
    A request of the same person with the same one-time `token` is the same action sent again: it is allowed without
    counting, up to twenty times.
    """
    asked = [subject | {"units": units} for subject in _subjects(request, act)]
    if not asked:
        return
    with connection.cursor() as cursor:
        # accounts with one address share a row, and forms choose their tokens
        own = salted_hmac("forum.ratelimit.token", f"{request.user.pk}:{token}").hexdigest()[:32] if token else ""
        cursor.execute("SELECT extract(epoch FROM forum_take(%s::jsonb, %s))", [json.dumps(asked), own])
        wait = cursor.fetchone()[0]
    if wait is not None:
        record("limit_reached", **who(request), act=act)
        raise RateLimited(wait, act)


def delete_expired(at: datetime) -> int:
    """Delete rows that were not used for FORGOTTEN_AFTER and expired rows of the database cache; return how many."""
    forgotten = Usage.objects.filter(used_at__lt=at - FORGOTTEN_AFTER).delete()[0]
    cache = settings.CACHES["default"]
    if cache["BACKEND"].endswith(".DatabaseCache"):
        # allauth counts in this cache, and Django deletes expired rows only when the table is full
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(cache["LOCATION"])
            cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [at])  # noqa: S608  (a setting of ours)
            forgotten += cursor.rowcount
    return forgotten


def same_origin(account: int, most: int) -> list[int]:
    """Return the ids of at most `most` other accounts that wrote from the address of `account` in FORGOTTEN_AFTER.

    This is no proof, because the members of a household, a clinic or a mobile network may share an address.
    """
    own = [f"{act}:{account}" for act in TRACED]
    origins = Usage.objects.filter(key__in=own).exclude(origin="").values("origin")
    keys = Usage.objects.filter(origin__in=origins).exclude(origin="").exclude(key__in=own).order_by("-used_at")
    found = (int(key.partition(":")[2]) for key in keys.values_list("key", flat=True)[: 2 * most])
    return list(dict.fromkeys(found))[:most]


def address_of(request: HttpRequest) -> str:
    """Return the IP address of the client, from the headers of trusted proxies if there are any; "" if unknown."""
    try:
        return DefaultAccountAdapter(request).get_client_ip(request)
    except PermissionDenied:
        # a server behind a Unix socket knows no address; then all requests count as one address
        return ""


def network_of(address: str) -> str:
    """Return the network by which limits count: an IPv4 address, or the /64 network of an IPv6 address.

    An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) counts as IPv4. Any other text is returned unchanged.
    """
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if known.version == 4:
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, IPV6_PREFIX), strict=False))


def hashed_address(request: HttpRequest) -> str:
    """Return a keyed hash of the network that `request` comes from (see `network_of`)."""
    return salted_hmac("forum.ratelimit", network_of(address_of(request)), algorithm="sha256").hexdigest()[:32]


def who(request: HttpRequest) -> dict[str, int | str | None]:
    """Return the fields `user` (a primary key or None) and `address` (a keyed hash) for the security log."""
    user = getattr(request, "user", None)
    return {"user": user.pk if user else None, "address": hashed_address(request)}


def in_words(seconds: int) -> str:
    """Return a time to wait in words, rounded up: “25 seconds”, “3 minutes”, “2 hours”."""
    if seconds < 90:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = math.ceil(minutes / 60)
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def _subjects(request: HttpRequest, act: str) -> Iterator[dict[str, Any]]:
    """Yield {key, rates, origin} for each subject that is limited in the action `act`; an address has no origin."""
    limits = settings.LIMITS.get(act, {})
    person = request.user
    standing = person.standing if person.is_authenticated else "visitor"
    if person.is_authenticated and standing in limits:
        # without addresses all accounts would seem to have the same origin
        origin = hashed_address(request) if act in TRACED and address_of(request) else ""
        yield {"key": f"{act}:{person.pk}", "rates": rates.parse(limits[standing]), "origin": origin}
    by_address = "address" if person.is_authenticated else "visitor"
    if by_address in limits:
        yield {"key": f"{act}:{by_address}:{hashed_address(request)}", "rates": rates.parse(limits[by_address])}
