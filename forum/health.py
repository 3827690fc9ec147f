"""Health checks for load balancers and monitors: `/healthz` and `/readyz`.

The middleware answers them before any other, so they work under any Host and without HTTPS. They reveal only whether
the check passed.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import cache as cached

from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from redis.exceptions import RedisError

from forum.models import Heartbeat

logger = logging.getLogger(__name__)
# The worker reports every minute; after this time without a report it counts as dead.
WORKER_SILENCE = timedelta(minutes=5)
WORKER = "worker"
# The problems that were logged last.
_logged: list[str] = []


def health_checks(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer `/healthz` (the process works) and `/readyz` (database, migrations and worker are in order)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return _answer(True)
        if request.path == "/readyz":
            return _answer(not problems())
        return get_response(request)

    return middleware


def problems() -> list[str]:
    """Return what keeps the forum from working, as sentences for the log and for `check --deploy`."""
    try:
        cache.get("readyz")
        applied = MigrationRecorder(connection).applied_migrations()
        if missing := _migrations_on_disk() - set(applied):
            found = [f"Migrations are not applied ({len(missing)}): run `manage.py migrate`."]
        elif is_worker_alive():
            found = []
        else:
            found = ["The worker has not reported for five minutes: run `manage.py run_worker` beside the web server."]
    except RedisError:
        found = ["The cache in CACHE_URL cannot be reached."]
    except Error as error:
        found = [f"The database cannot be used ({type(error).__name__})."]
    if found != _logged:
        # a monitor asks every few seconds
        _logged[:] = found
        for problem in found:
            logger.warning("Not ready. %s", problem)
    return found


def is_worker_alive() -> bool:
    """Return whether a worker reported within WORKER_SILENCE."""
    return Heartbeat.objects.filter(name=WORKER, seen_at__gt=timezone.now() - WORKER_SILENCE).exists()


def report_worker() -> None:
    """Note that the worker works."""
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"seen_at": timezone.now()})


@cached
def _migrations_on_disk() -> set[tuple[str, str]]:
    return set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def _answer(is_well: bool) -> HttpResponse:
    return HttpResponse(
        "ok\n" if is_well else "not ready\n",
        status=200 if is_well else 503,
        content_type="text/plain",
        headers={"Cache-Control": "no-store"},
    )
