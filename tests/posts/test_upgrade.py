"""An upgrade of a forum that has been talked in: what was there is counted and published as if it had always been."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import Verification
from posts.models import path as models_path
from tests.factories import moderator, person

BEFORE, AFTER = [("posts", "0002_append_only_log")], [("posts", "0003_reading")]


def migrate(targets):
    """Runs the migrations to `targets`; the apps as they are there."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.mark.django_db(transaction=True)
def test_the_counts_and_moments_of_old_comments_are_made():
    old = migrate(BEFORE)
    try:
        thread_class, comment_class = old.get_model("posts", "Thread"), old.get_model("posts", "Comment")
        now = timezone.now()
        thread = thread_class.objects.create(title="An old talk", created_at=now, last_activity_at=now)

        def write(pk, parent=None, **fields):
            path = models_path.child_path(parent.path if parent else "", pk)
            return comment_class.objects.create(
                pk=pk,
                thread=thread,
                parent=parent,
                path=path,
                depth=models_path.depth_of(path),
                byline="Anna",
                source="x",
                html="x",
                renderer=1,
                created_at=now,
                **fields,
            )

        opening = write(1_000_001, reply_count=1)
        gone = write(1_000_002, opening, deleted_at=now, reply_count=1)
        write(1_000_003, gone)
        write(1_000_004, opening, removed_at=now)
        rows = migrate(AFTER).get_model("posts", "Comment").objects.filter(pk__gt=1_000_000).order_by("pk")
        assert list(rows.values_list("below_count", flat=True)) == [2, 1, 0, 0]
        assert all(row.published_at == row.created_at for row in rows)
    finally:
        # as the tests after this one expect it
        call_command("migrate", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_what_waited_before_there_was_a_queue_is_in_it_and_the_way_back_and_forth_is_open():
    migrate([("posts", "0007_moderation")])
    try:
        old = migrate([("posts", "0006_guests_without_waiting")])
        thread_class, comment_class = old.get_model("posts", "Thread"), old.get_model("posts", "Comment")
        now = timezone.now()
        thread = thread_class.objects.create(title="An old talk", created_at=now, last_activity_at=now)

        def write(pk, parent=None, **fields):
            path = models_path.child_path(parent.path if parent else "", pk)
            return comment_class.objects.create(
                pk=pk,
                thread=thread,
                parent=parent,
                path=path,
                depth=models_path.depth_of(path),
                byline="Anna",
                source="x",
                html="x",
                renderer=1,
                created_at=now,
                published_at=now,
                **fields,
            )

        opening = write(1_000_001)
        write(1_000_002, opening, held_at=now, is_guest=True)
        write(1_000_003, opening, hidden_at=now)
        write(1_000_004, opening, hidden_at=now, removed_at=now)
        for _round in range(2):
            cases = migrate([("posts", "0008_desk")]).get_model("posts", "Case").objects.order_by("comment")
            told = [(pk, why) for pk, why in cases.values_list("comment", "why")]
            assert told == [(1_000_002, ["guest"]), (1_000_003, ["hold"])]
            migrate([("posts", "0007_moderation")])
    finally:
        # as the tests after this one expect it
        call_command("migrate", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_a_verification_that_says_no_way_of_checking_says_so_and_no_other_comes():
    alice, mod, now = person("Alice"), moderator(), timezone.now()
    about = {"user_id": alice.pk, "checked_by_id": mod.pk, "checked_at": now, "expires_at": now + timedelta(days=365)}
    try:
        old = migrate([("accounts", "0003_clinicians")]).get_model("accounts", "Verification")
        for method in ("", "Register"):
            old.objects.create(profession="Psychologist", regulator="HCPC", region="GB", method=method, **about)
    finally:
        # as the tests after this one expect it
        call_command("migrate", verbosity=0)
    rows = Verification.objects.order_by("pk")
    assert [row.method for row in rows] == ["not recorded", "Register"]
    # whatever the badge is, it can still be revoked
    assert rows.update(revoked_at=now) == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(method="")
