"""The model of the sessions in which users are signed in."""

import re

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

# Patterns in a User-Agent header and the names they stand for; the first match counts.
BROWSERS = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
]


class UserSessionQuerySet(models.QuerySet["UserSession"]):
    """Queries on sessions."""

    def running(self) -> "UserSessionQuerySet":
        """Return the sessions that have not ended."""
        running = Session.objects.filter(session_key=models.OuterRef("session_key"), expire_date__gt=timezone.now())
        return self.filter(models.Exists(running))

    @transaction.atomic
    def end(self) -> int:
        """Sign out these sessions; return how many there were."""
        keys = list(self.values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        return self.model.objects.filter(session_key__in=keys).delete()[0]

    def forget_ended(self) -> int:
        """Delete the rows of sessions that have ended; return how many there were."""
        return self.exclude(pk__in=self.model.objects.running().values("pk")).delete()[0]


class UserSession(models.Model):
    """A session in which `user` signed in, with its device, its start, and the time it was last seen.

    Neither the IP address nor the whole User-Agent header is stored. `seen_at` is written at most once an hour for
    members and every ten minutes for staff (see accounts.sessions). Rows of ended sessions stay until `forget_ended`
    deletes them.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="user_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    browser = models.CharField(max_length=20, blank=True)
    system = models.CharField(max_length=20, blank=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects = UserSessionQuerySet.as_manager()

    # Whether this is the session of the current request; the list of sessions sets it.
    is_this = False

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def device(self) -> str:
        """Return the names of the browser and the system as a text to display."""
        if self.system:
            return _("%(browser)s on %(system)s") % {"browser": self.browser or _("A browser"), "system": self.system}
        return self.browser or _("An unknown browser")


def read_user_agent(text: str) -> dict[str, str]:
    """Return the names of the browser and the system in a User-Agent header, "" where they are unknown."""
    return {"browser": _first(BROWSERS, text), "system": _first(SYSTEMS, text)}


def _first(names: list[tuple[str, str]], text: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, text)), "")
