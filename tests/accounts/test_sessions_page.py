"""A member sees where they are signed in, and signs out elsewhere."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import UserSession
from accounts.sessions import MARK, SEEN_EVERY
from tests.accounts.people import PASSWORD, member

pytestmark = pytest.mark.django_db
PAGE = "/account/sessions/"
PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0"
LAPTOP = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15"


def signed_in(person, agent):
    """A browser of that kind in which the person has signed in with their password."""
    browser = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR="203.0.113.77")
    answer = browser.post("/account/login/", {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def is_in(browser):
    return browser.get("/account/").status_code == 200


@pytest.fixture
def alice():
    return member(password=PASSWORD)


@pytest.fixture
def phone(alice):
    return signed_in(alice, PHONE)


@pytest.fixture
def laptop(alice):
    return signed_in(alice, LAPTOP)


def test_page_names_each_device_in_words_and_marks_this_one(phone, laptop):
    page = laptop.get(PAGE).content.decode()
    assert page.count("<tr>") == 3
    assert "Firefox on Android" in page
    here = page[page.index("Safari on macOS") :]
    assert "this one" in here[: here.index("</tr>")]
    assert page.count("this one") == 1
    assert PAGE in laptop.get("/account/").content.decode()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("", "An unknown browser"),
        ("curl/8.5", "An unknown browser"),
        (PHONE.replace("Firefox/142.0", ""), "A browser on Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) CriOS/140.0 Safari/604.1", "Chrome on iPhone"),
    ],
)
def test_device_is_described_in_words(alice, agent, words):
    assert words in signed_in(alice, agent).get(PAGE).content.decode()


def test_neither_address_nor_the_whole_name_of_the_browser_is_kept(phone):
    [row] = UserSession.objects.values()
    assert not [value for value in row.values() if "203.0.113" in str(value) or "Mozilla" in str(value)]


def test_sign_out_everywhere_else_keeps_this_one(alice, phone, laptop):
    other = signed_in(alice, "curl/8.5")
    answer = laptop.post(PAGE, {"others": "1"}, follow=True)
    assert "signed out everywhere else" in answer.content.decode()
    assert [is_in(browser) for browser in (laptop, phone, other)] == [True, False, False]
    assert UserSession.objects.count() == 1


def test_sign_out_of_one_other_device(alice, phone, laptop):
    other = signed_in(alice, "curl/8.5")
    pk = UserSession.objects.get(system="Android").pk
    laptop.post(PAGE, {"session": pk})
    assert [is_in(browser) for browser in (laptop, phone, other)] == [True, False, True]


def test_nobody_ends_a_session_of_somebody_else(phone, laptop):
    bea = signed_in(member("Bea Brandt", "bea@example.org", PASSWORD), PHONE)
    for pk in UserSession.objects.values_list("pk", flat=True):
        bea.post(PAGE, {"session": pk})
    bea.post(PAGE, {"session": "no number"})
    assert [is_in(browser) for browser in (phone, laptop, bea)] == [True, True, True]


def test_session_that_has_ended_is_not_listed(phone, laptop):
    phone.post("/account/logout/")
    assert "Android" not in laptop.get(PAGE).content.decode()


def test_new_password_keeps_this_session_in_the_list(alice, laptop):
    new = {"oldpassword": PASSWORD, "password1": "kettle-orbit-violin", "password2": "kettle-orbit-violin"}
    assert laptop.post("/account/password/change/", new).status_code == 302
    page = laptop.get(PAGE).content.decode()
    assert "this one" in page
    assert UserSession.objects.count() == 1


def test_last_use_of_session_is_stored_once_an_hour(laptop):
    def writes():
        with CaptureQueriesContext(connection) as queries:
            laptop.get(PAGE)
        return [each["sql"] for each in queries if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]

    assert writes() == []
    session = laptop.session
    session[MARK] = session[MARK] | {"seen": session[MARK]["seen"] - SEEN_EVERY}
    session.save()
    long_ago = timezone.now() - timedelta(days=3)
    UserSession.objects.update(seen_at=long_ago)
    # the row and the session
    assert len(writes()) == 2
    assert UserSession.objects.get().seen_at > long_ago
    assert writes() == []


def test_visitor_is_asked_to_sign_in():
    assert Client().get(PAGE).url == f"/account/login/?next={PAGE}"


def test_query_count_of_list_of_sessions_is_constant(alice, laptop):
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            laptop.get(PAGE)
        counts.append(len(queries))
        for _number in range(5):
            signed_in(alice, PHONE)
    assert counts[0] == counts[1]


def test_tidying_deletes_sessions_that_have_ended(phone, laptop):
    phone.post("/account/logout/")
    call_command("delete_expired", verbosity=0)
    assert UserSession.objects.get().browser == "Safari"
    Session.objects.all().delete()
    call_command("delete_expired", verbosity=0)
    assert not UserSession.objects.exists()
