"""Values that no row can have, in the filters of all lists of the admin, are never an error of the forum."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from accounts.models import Verification
from forum.admin_site import LOOKUPS
from posts.moderation import actions
from tests.factories import WHY, moderator, person, thread
from tests.signing_in import sign_in_with_factor

pytestmark = pytest.mark.django_db
VALUES = [
    "10000",
    "0",
    "-1",
    "9999",
    "9" * 400,
    "",
    "x",
    "0001-01-01",
    "0001-01-01 00:00:00+14:00",
    "9999-12-31 23:59:59-23:00",
    "2026-01-01T00:00:00+99:99",
    "2026-02-31",
]


def filters():
    """Return (app, model, parameter) of each filter of each list."""
    found = []
    for model, options in admin.site._registry.items():
        for each in options.list_filter:
            name = each[0] if isinstance(each, tuple) else getattr(each, "parameter_name", each)
            found.append((model._meta.app_label, model._meta.model_name, name))
    return found


@pytest.fixture
def owner(client):
    """The browser of an owner, with a row in the lists that have dates."""
    mo = moderator("Olga Owner", is_superuser=True)
    started = thread(author=person())
    actions.lock(moderator=mo, thread=started, reason=WHY)
    actions.pin(moderator=mo, thread=started, reason=WHY)
    now = timezone.now()
    about = {"profession": "P", "regulator": "R", "region": "GB", "method": "M"}
    Verification.objects.create(
        user=person(), checked_by=mo, checked_at=now, expires_at=now + timedelta(days=9), **about
    )
    client.raise_request_exception = False
    return sign_in_with_factor(client, mo)


@pytest.mark.parametrize(("app", "model", "name"), filters())
def test_value_that_no_row_can_have_is_no_error(owner, app, model, name):
    address = reverse(f"admin:{app}_{model}_changelist")
    failed = []
    for how in LOOKUPS:
        for value in VALUES:
            answer = owner.get(address, {f"{name}__{how}" if how else name: value})
            if answer.status_code >= 500:
                failed.append((how, value[:30]))
    assert failed == []


def test_there_are_filters_by_date():
    assert {name for _app, _model, name in filters()} >= {"joined_at", "expires_at", "locked_at"}


@pytest.mark.parametrize("query", ["year=2026", "month=12", "gte=2026-01-01 00:00:00%2B00:00"])
def test_dates_that_a_row_can_have_are_found(owner, query):
    assert owner.get(f"/admin/accounts/user/?joined_at__{query}").status_code == 200
