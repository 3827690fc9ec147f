"""What is withheld from readers is shown to moderators only, and only in a session with a second factor."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone

from accounts.sessions import MARK, STAFF_MOST, STAFF_MOST_IDLE
from posts.models import Comment, LogEntry, Thread
from posts.moderation import actions
from posts.writing import comments
from tests import factories
from tests.accounts.test_second_factor import shown_by_the_app
from tests.factories import person, reply
from tests.signing_in import app_of, sign_in_just_now, sign_in_with_factor

HIDDEN_WORD = "Quetzalcoatl"
HTMX = {"HX-Request": "true"}
# Addresses that show earlier or later text if the query asks for it.
QUERIES = {"history/": "?version=1", "rules/": "?version=1", "arrivals/": "?since=1"}


def words(state):
    return f"{HIDDEN_WORD} is a word that stands in what is {state}."


@pytest.fixture
def withheld(thread, alice, mod):
    """A comment in each state, one with a withheld version, one deep below, and a thread that is withdrawn."""
    about = {"moderator": mod, "reason": "It is unkind."}
    for act in (actions.hold, actions.remove):
        taken = reply(thread.opening, person(), words(act.__name__))
        reply(taken, person("Bea " + act.__name__.title()))
        act(comment=taken, **about)
    held = reply(thread.opening, person("Ned Newcomer", trust=0), words("held"))
    deleted = reply(thread.opening, person(), words("deleted"))
    reply(deleted, person())
    comments.delete(author=deleted.author, comment=deleted)
    changed = reply(thread.opening, alice, words("withheld"))
    Comment.objects.filter(pk=changed.pk).update(created_at=timezone.now() - timedelta(hours=1))
    comments.edit(editor=alice, comment=changed, source="Something else that is fit to be read by everybody.")
    actions.withhold(revision=changed.revisions.get(), **about)
    gone = factories.thread(title=f"The thread about {HIDDEN_WORD}")
    reply(gone.opening, alice, words("below what is gone"))
    actions.remove(comment=gone.opening, **about)
    return held


def addresses():
    """Every public address, with the numbers of all comments, threads or entries of the log."""
    models = {"c": Comment, "t": Thread, "arrivals": Thread, "read": Thread, "decisions": LogEntry}
    for pattern in _patterns():
        if "%(pk)s" in pattern:
            pks = models[pattern.split("/")[1]].objects.order_by("pk").values_list("pk", flat=True)
            yield from (pattern % {"pk": pk, "slug": "x"} for pk in pks)
        elif "%(" not in pattern:
            yield pattern


def _patterns():
    from posts.urls import urlpatterns

    for each in urlpatterns:
        [(pattern, _names)] = get_resolver().reverse_dict.getlist(each.name)[0][0]
        yield "/" + pattern


def followed(client, answer):
    """Return the page that a redirect leads to; one to sign in is left as it is, for it is the same everywhere."""
    while answer.status_code in (301, 302, 303) and not answer.url.startswith("/account/login/"):
        answer = client.get(answer.url)
    return answer


def leaks(client, only=None):
    """Return the addresses at which this browser finds the word that is withheld, of all or of those in `only`."""
    found = set()
    for address in addresses():
        if only is not None and address not in only:
            continue
        queries = {"", *(query for part, query in QUERIES.items() if part in address)}
        answers = [followed(client, client.get(address + query)) for query in queries]
        answers.append(followed(client, client.post(address)))
        # an address that takes no GET takes none by htmx either
        if answers[0].status_code != 405:
            answers.append(client.get(address, headers=HTMX))
        if any(HIDDEN_WORD.encode() in b"".join(answer) for answer in answers):
            found.add(address)
    return found


@pytest.mark.parametrize("has_app", [True, False])
def test_moderator_without_second_factor_in_session_sees_nothing_withheld(withheld, mod, has_app):
    if has_app:
        app_of(mod)
    client = Client()
    client.force_login(mod)
    assert leaks(client) == set()


def test_moderator_with_second_factor_in_session_sees_withheld_text(withheld, mod):
    shown = {f"/c/{withheld.pk}/history/", "/"}
    assert leaks(sign_in_with_factor(Client(), mod), only=shown) == shown


def test_visitor_and_member_see_nothing_withheld(withheld, bob):
    member = Client()
    member.force_login(bob)
    assert (leaks(Client()), leaks(member)) == (set(), set())


def test_second_factor_added_in_session_must_be_entered_before_it_counts(withheld, mod, client, monkeypatch):
    mod.authenticator_set.all().delete()
    sign_in_just_now(client, mod)
    page = client.get("/account/2fa/totp/activate/")
    code = shown_by_the_app(page.context["form"].secret)
    assert client.post("/account/2fa/totp/activate/", {"code": code}).status_code == 302
    history = f"/c/{withheld.pk}/history/"
    assert client.get(history).status_code == 404
    asked = client.get("/admin/posts/case/", follow=True)
    assert asked.redirect_chain[-1][0] == "/account/2fa/reauthenticate/?next=%2Fadmin%2Fposts%2Fcase%2F"
    # the app's next code, without waiting for it
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.TOTP.validate_code", lambda self, code: code == "123456")
    wrong = client.post("/account/2fa/reauthenticate/", {"code": "000000", "next": "/admin/posts/case/"})
    assert wrong.status_code == 200
    answer = client.post("/account/2fa/reauthenticate/", {"code": "123456", "next": "/admin/posts/case/"})
    assert answer.url == "/admin/posts/case/"
    assert client.get(answer.url).status_code == 200
    assert client.get(history).status_code == 200


def test_removed_second_factor_does_not_count_in_any_session(withheld, mod, client):
    sign_in_with_factor(client, mod)
    assert client.get("/admin/").status_code == 200
    app_of(mod).delete()
    assert client.get(f"/c/{withheld.pk}/history/").status_code == 404
    assert client.get("/admin/", follow=True).status_code == 403


def test_decision_without_second_factor_is_refused_and_keeps_text(withheld, mod, client):
    app_of(mod)
    client.force_login(mod)
    case = withheld.cases.get()
    data = {"act": "approve", "reason": "It is a good text.", "seen": case.version, "writer": mod.pk}
    address = f"/admin/posts/case/{case.pk}/change/"
    answer = client.post(address, data, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/account/2fa/reauthenticate/")
    withheld.refresh_from_db()
    assert withheld.held_at is not None
    assert client.session["unsent"][address]["reason"] == "It is a good text."


def wound_back(client, **seconds):
    """The session as if it had begun or been seen so many seconds earlier."""
    session = client.session
    session[MARK] = session[MARK] | {name: session[MARK][name] - earlier for name, earlier in seconds.items()}
    session.save()


@pytest.mark.parametrize(
    ("seconds", "is_over"),
    [
        ({"began": STAFF_MOST_IDLE + 60}, False),
        ({"seen": STAFF_MOST_IDLE - 60}, False),
        ({"began": STAFF_MOST_IDLE + 60, "seen": STAFF_MOST_IDLE + 60}, True),
        ({"began": STAFF_MOST - 60}, False),
        ({"began": STAFF_MOST + 60}, True),
    ],
)
def test_moderators_session_ends_after_twelve_idle_hours_and_after_seven_days(mod, client, seconds, is_over):
    sign_in_with_factor(client, mod)
    client.get("/help/")
    wound_back(client, **seconds)
    answer = client.get("/admin/", follow=True)
    assert (answer.status_code, answer.wsgi_request.user.is_authenticated) == (200, not is_over)
    if is_over:
        assert "You were signed out" in answer.content.decode()


def test_members_session_does_not_end_with_moderators_hours(bob, client):
    client.force_login(bob)
    client.get("/help/")
    wound_back(client, began=STAFF_MOST + 60, seen=STAFF_MOST_IDLE + 60)
    assert client.get("/help/").wsgi_request.user.is_authenticated


def test_page_for_member_needs_no_query_about_permissions(thread, bob, client):
    client.force_login(bob)
    for _warm in range(2):
        client.get(thread.get_absolute_url())
    with CaptureQueriesContext(connection) as queries:
        client.get(thread.get_absolute_url())
    assert not [each["sql"] for each in queries if "mfa_" in each["sql"] or "permission" in each["sql"]]
    assert not [each["sql"] for each in queries if each["sql"].startswith(("INSERT", "UPDATE"))]
