"""`manage.py check --deploy` names each setting that the real environment lacks."""

import os
import subprocess
import sys

import pytest

from forum.env import BASE_DIR

pytestmark = pytest.mark.processes
COMPLETE = {
    "SECRET_KEY": "x" * 20 + "0123456789abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "forum.example",
    "SITE_URL": "https://forum.example",
    "TRUSTED_PROXIES": "1",
    "EMAIL_URL": "smtp+tls://user:password@mail.example:587",
    "CONTACT_EMAIL": "owner@forum.example",
}
LAPTOP = [
    "(forum.W001) SECRET_KEY is not set.",
    "(forum.W002) ALLOWED_HOSTS names this machine only.",
    "(forum.W003) SITE_URL is http://localhost:8000.",
    "(forum.W005) TRUSTED_PROXIES is 0",
    "(forum.W006) EMAIL_URL is not set",
    "(forum.W007) DATABASE_URL is not set",
    "(forum.W013) CONTACT_EMAIL is not an e-mail address",
]
MISTAKES = {
    "ALLOWED_HOSTS": "*",
    "SITE_URL": "http://forum.example",
    "HTTPS": "0",
    "LIMITS": "0",
    "CACHE_URL": "locmemcache://",
    "DATABASE_URL": "postgres://forum@127.0.0.1:1/forum",
}
MISTAKEN = [
    "(forum.W003) SITE_URL is http://forum.example.",
    "(forum.W004) HTTPS is 0",
    "(forum.W008) CACHE_URL names a cache that each machine has for itself.",
    "(forum.W010) ALLOWED_HOSTS allows every name.",
    "(forum.W011) LIMITS is 0",
    "(forum.W009) The database cannot be used (OperationalError).",
]


def check(tmp_path, *words, **environment):
    """What `check --deploy` says in exactly this environment."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ran = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", *words],
        cwd=BASE_DIR,
        env=clean | {"FORUM_PG_DATA": str(tmp_path / "postgres")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout + ran.stderr


@pytest.mark.parametrize(("environment", "sentences"), [({}, LAPTOP), (COMPLETE | MISTAKES, MISTAKEN)])
def test_each_missing_setting_is_named(tmp_path, environment, sentences):
    said = check(tmp_path, **environment)
    assert [sentence for sentence in sentences if sentence not in said] == []
    assert said.count("(forum.W") == len(sentences)


@pytest.mark.parametrize("cache", ["", "redis://127.0.0.1:1/0"])
def test_complete_environment_is_not_criticised(tmp_path, cache):
    """Redis needs no further package."""
    assert "no issues" in check(tmp_path, "--tag", "security", CACHE_URL=cache, **COMPLETE)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TRUSTED_PROXIES", "-1", "TRUSTED_PROXIES is '-1'; it has to be a whole number, such as 0."),
        ("CONN_MAX_AGE", "x", "CONN_MAX_AGE is 'x'; it has to be a whole number, such as 60."),
        ("KEPT_PAGES_MB", "1.5", "KEPT_PAGES_MB is '1.5'; it has to be a whole number, such as 128."),
        ("DEBUG", "maybe", "DEBUG is 'maybe'; it has to be 1 or 0."),
    ],
)
def test_setting_that_cannot_be_read_is_one_sentence(tmp_path, name, value, sentence):
    said = check(tmp_path, **COMPLETE | {name: value})
    assert sentence in said
    assert "Traceback" not in said
