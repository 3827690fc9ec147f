"""How often somebody may do something: by account and by address, for all web servers together, in one query.

The limits stand in words in `settings.LIMITS`: for each act what its subjects may do. A member is limited by their
standing (`User.standing`) and, more loosely, by the address they come from; a visitor by the address alone. The
database function `forum_take` looks and counts in one step, so that of two at once only one is the last one allowed.
What is refused is not counted.
"""

import ipaddress
import json
import math
from datetime import timedelta

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

# An address is a keyed hash all the time, and that is gone after so long without use.
FORGOTTEN_AFTER = timedelta(days=30)
# For these acts of an account it is kept where it came from, until it is forgotten: by that the second account of
# somebody banned is found (see posts.moderation.alternate_accounts).
TRACED = ("comment", "thread")
# One customer of a provider has such a network, and as many addresses as they like in it.
IPV6_PREFIX = 64
IN_A_WHILE = _("That was a lot in a short time. Please wait %(wait)s and send it again.")


class RateLimited(Exception):  # noqa: N818  (it is an answer, not a fault)
    """A limit is reached; in `wait` seconds the act is allowed again. `sentence` tells the person."""

    def __init__(self, wait):
        self.wait = max(1, math.ceil(wait))
        self.sentence = IN_A_WHILE % {"wait": in_words(self.wait)}
        super().__init__(self.sentence)


def take(request, act, token="", units=1):
    """Counts that whoever sent `request` does `act` now; raises TooSoon, and counts nothing, where a limit is reached.

    The act counts `units` times, for a limit of size; where a rate allows fewer, it needs all that the rate allows.
    The same one-time `token` again is the same act, sent twice: it is let through and not counted, twenty times.
    """
    asked = [subject | {"units": units} for subject in _subjects(request, act)]
    if not asked:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM forum_take(%s::jsonb, %s))", [json.dumps(asked), token])
        wait = cursor.fetchone()[0]
    if wait is not None:
        record("limit_reached", **who(request), act=act)
        raise RateLimited(wait)


def delete_expired(at):
    """Forgets whoever did nothing for FORGOTTEN_AFTER, and what allauth counted and needs no more; how many rows."""
    forgotten = Usage.objects.filter(used_at__lt=at - FORGOTTEN_AFTER).delete()[0]
    cache = settings.CACHES["default"]
    if cache["BACKEND"].endswith(".DatabaseCache"):
        # Django takes what is over out of this table only when it is full
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(cache["LOCATION"])
            cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [at])  # noqa: S608  (a setting of ours)
            forgotten += cursor.rowcount
    return forgotten


def same_origin(account, most):
    """The ids of other accounts, `most` at most, that wrote from where `account` wrote from, within FORGOTTEN_AFTER.

    A household, a clinic and a telephone network have one address, too: it proves nothing.
    """
    own = [f"{act}:{account}" for act in TRACED]
    origins = Usage.objects.filter(key__in=own).exclude(origin="").values("origin")
    keys = Usage.objects.filter(origin__in=origins).exclude(origin="").exclude(key__in=own).order_by("-used_at")
    found = (int(key.partition(":")[2]) for key in keys.values_list("key", flat=True)[: 2 * most])
    return list(dict.fromkeys(found))[:most]


def address_of(request):
    """The internet address that `request` comes from: behind proxies, what the trusted ones say; "" if nobody does."""
    try:
        return DefaultAccountAdapter(request).get_client_ip(request)
    except PermissionDenied:
        # a server that is reached by a socket tells none: then all come from one
        return ""


def network_of(address: str) -> str:
    """Return what limits count by: an IPv4 address, or the /64 network of an IPv6 address.

    An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is that IPv4 address. Anything else is returned unchanged.
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


def who(request):
    """Return who sent `request`, for the security log: the fields `user` (a primary key or None) and `address` (a
    keyed hash)."""
    user = getattr(request, "user", None)
    return {"user": user.pk if user else None, "address": hashed_address(request)}


def in_words(seconds):
    """A time to wait, rounded up: “25 seconds”, “3 minutes”, “2 hours”."""
    if seconds < 90:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = math.ceil(minutes / 60)
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def _subjects(request, act):
    """{key, rates, origin} for each subject that is limited in doing `act`."""
    limits = settings.LIMITS.get(act, {})
    person = request.user
    standing = person.standing if person.is_authenticated else "visitor"
    if person.is_authenticated and standing in limits:
        # behind a socket that tells no address all would come from one place
        origin = hashed_address(request) if act in TRACED and address_of(request) else ""
        yield {"key": f"{act}:{person.pk}", "rates": rates.parse(limits[standing]), "origin": origin}
    by_address = "address" if person.is_authenticated else "visitor"
    if by_address in limits:
        yield {"key": f"{act}:{by_address}:{hashed_address(request)}", "rates": rates.parse(limits[by_address])}
