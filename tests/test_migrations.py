"""One migration per app makes the database that the models describe."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from forum.management.commands.serve import Command
from posts.models import CannedReason, Rules, SiteChoices

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("app", ["forum", "accounts", "posts"])
def test_app_has_one_migration(app):
    assert [file.name for file in sorted((ROOT / app / "migrations").glob("0*.py"))] == ["0001_initial.py"]


def test_migrations_describe_the_models(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_new_database_has_rules_reasons_and_settings(db):
    assert "Be kind" in Rules.in_force().titles
    assert Rules.in_force().titles_in_numbers
    titles = Rules.in_force().titles
    assert {reason.rule for reason in CannedReason.objects.exclude(rule="")} <= set(titles)
    assert SiteChoices.present().guests_may_comment


def test_database_of_an_earlier_version_is_refused_in_one_sentence(db):
    MigrationRecorder(connection).record_applied("posts", "0002_append_only_log")
    with pytest.raises(CommandError, match=r"made by a version of the forum before 0\.1\.0"):
        Command().migrate()
