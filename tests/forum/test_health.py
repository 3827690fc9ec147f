"""/healthz and /readyz: available under any host name, and without other information."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError

from forum import health
from forum.models import Heartbeat


def ask(path):
    """(status, body) under a name that the forum does not know."""
    answer = Client().get(path, headers={"host": "10.0.0.1:8000"})
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code, answer.content.decode().strip()


def test_process_is_healthy_without_a_database():
    assert ask("/healthz") == (200, "ok")


def test_health_is_not_redirected_to_https(settings):
    settings.SECURE_SSL_REDIRECT = True
    assert ask("/healthz") == (200, "ok")


def test_ready_with_worker_and_migrations(db):
    call_command("heartbeat")
    assert ask("/readyz") == (200, "ok")


def test_not_ready_without_a_worker(db):
    assert ask("/readyz") == (503, "not ready")
    long_ago = timezone.now() - health.WORKER_SILENCE - timedelta(seconds=1)
    Heartbeat.objects.create(name=health.WORKER, seen_at=long_ago)
    assert ask("/readyz") == (503, "not ready")


def test_not_ready_before_migrations_are_applied(db):
    call_command("heartbeat")
    MigrationRecorder.Migration.objects.filter(app="posts").order_by("-id")[:1].get().delete()
    assert ask("/readyz") == (503, "not ready")
    assert health.problems() == ["Migrations are not applied (1): run `manage.py migrate`."]


def test_not_ready_without_a_database(monkeypatch):
    def refuse(self):
        raise OperationalError("refused")

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", refuse)
    assert ask("/readyz") == (503, "not ready")


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/x"])
def test_other_addresses_are_ordinary(db, path):
    assert Client().get(path).status_code == 404


def test_not_ready_without_the_cache(db, monkeypatch):
    call_command("heartbeat")

    def refuse(key):
        raise RedisConnectionError("refused")

    monkeypatch.setattr(health.cache, "get", refuse)
    assert ask("/readyz") == (503, "not ready")
    assert health.problems() == ["The cache in CACHE_URL cannot be reached."]


def test_sign_in_without_the_cache_is_503_and_says_so(db, monkeypatch):
    def refuse(self, *args, **options):
        raise RedisConnectionError("refused")

    monkeypatch.setattr("django.core.cache.backends.locmem.LocMemCache.get", refuse)
    answer = Client(raise_request_exception=False).post("/account/login/code/", {"email": "wren@example.org"})
    assert answer.status_code == 503
