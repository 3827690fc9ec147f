"""Broken and repeated requests in the admin are refused, and are no errors of the forum."""

from itertools import product

import pytest
from django.contrib import admin
from django.urls import reverse

from posts.models import WatchedWord
from tests.factories import moderator
from tests.posts.moderation.case_forms import seated
from tests.posts.writing.test_concurrency import at_once

BROKEN = ["", "abc", "\0", "1.5", "9" * 30]


@pytest.fixture
def lists(mod_client):
    """Return the addresses of all lists that the moderator may open."""
    models = [(model._meta.app_label, model._meta.model_name) for model in admin.site._registry]
    addresses = [reverse(f"admin:{app}_{name}_changelist") for app, name in models]
    return [address for address in addresses if mod_client.get(address).status_code == 200]


def test_action_on_rows_that_cannot_exist_is_refused(mod_client, lists):
    assert len(lists) > 5
    for address, value in product(lists, BROKEN):
        for action in ("lock", "warn", "remove", "withhold", "delete_selected"):
            answer = mod_client.post(address, {"action": action, "index": 0, "_selected_action": [value]})
            assert answer.status_code in (200, 302, 400, 403), (address, action, value)


def test_filter_with_a_character_that_no_text_has_is_refused(mod_client, lists):
    for address in lists:
        for name in ("act", "q", "state", "p", "o"):
            assert mod_client.get(address, {name: "\0"}).status_code in (200, 302, 400), (address, name)


@pytest.mark.django_db(transaction=True)
def test_same_word_added_twice_at_once_is_there_once(client):
    from django.test import Client

    mod = moderator()
    data = {"phrase": "one phrase", "act": WatchedWord.Act.HOLD, "advice": ""}
    clients = [seated(Client(), mod) for _number in range(6)]
    added = at_once(clients, lambda each: each.post("/admin/posts/watchedword/add/", data).status_code)
    assert len(added) == 6
    assert set(added) <= {200, 302}
    assert WatchedWord.objects.filter(phrase="one phrase").count() == 1


@pytest.mark.parametrize("row", ["1/1", "1_0/1_0", "10/abc"])
def test_admin_leads_to_no_row_of_any_table(mod_client, row):
    for method in ("get", "post", "patch"):
        assert getattr(mod_client, method)(f"/admin/r/{row}/").status_code == 404
