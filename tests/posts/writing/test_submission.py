"""A form that is refused or fails keeps its text and shows the reason."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.core import signing
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from posts.models import Comment
from posts.moderation import actions, verification
from posts.writing import comments as writing_comments
from posts.writing.forms import BEGAN
from tests import factories
from tests.factories import WORDS, reply
from tests.posts.moderation.case_forms import mark_of, seated

HTMX = {"HX-Request": "true"}


def sent(client, comment, **data):
    return client.post(f"/c/{comment.pk}/reply/", {"source": WORDS, "key": "k", **data})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no text yet"),
        ("&nbsp;" * 10, "no text yet"),
        ("too short", "has 9 characters"),
        ("x" * 20_001, "20001 characters"),
        ("x\n" * 2_001 + "x", "too many lines"),
        ("> " * 11 + "x", "nested too deep"),
        ("a\n\n" + " " * 41 + "b", "too many spaces"),
        ("*a " * 2_001, "too many of the signs"),
        ("|" * 22 + "\n" + "|-" * 21 + "|\n", "tables here are too large"),
        ("<" * 15_000, "grows too large"),
    ],
)
def test_refused_reply_keeps_text_and_shows_reason(opening, alice, client, text, said):
    client.force_login(alice)
    answer = sent(client, opening, source=text)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert said in html
    assert escape(text) in html
    assert not Comment.objects.filter(author=alice).exists()


def test_reply_to_deleted_comment_keeps_text_and_shows_reason(opening, alice, bob, mod, client):
    comment = reply(opening, alice)
    reply(comment, alice)
    client.force_login(bob)
    actions.remove(moderator=mod, comment=comment, reason="Unkind.")
    answer = sent(client, comment)
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    assert "This comment was deleted or removed" in answer.content.decode()


@pytest.mark.parametrize("fate", ["deleted", "removed", "withdrawn"])
def test_reply_to_vanished_comment_keeps_text_and_shows_no_name(opening, alice, bob, mod, client, fate):
    comment = reply(opening, alice)
    if fate == "deleted":
        writing_comments.delete(author=alice, comment=comment)
    elif fate == "removed":
        actions.remove(moderator=mod, comment=comment, reason="Unkind.")
    else:
        actions.remove(moderator=mod, comment=opening, reason="Unkind.")
    client.force_login(bob)
    for headers in ({}, HTMX):
        answer = client.post(f"/c/{comment.pk}/reply/", {"source": "A long answer to it."}, headers=headers)
        html = answer.content.decode()
        assert answer.status_code == 422
        assert "A long answer to it." in html
        assert WORDS not in html
        assert "Alice" not in html
        assert fate != "withdrawn" or opening.thread.title not in html


def test_reply_in_withdrawn_thread_keeps_text_and_does_not_show_thread(opening, bob, mod, client):
    actions.remove(moderator=mod, comment=opening, reason="It names a patient.")
    client.force_login(bob)
    html = client.post(f"/c/{opening.pk}/reply/", {"source": "A long answer to it."}).content.decode()
    assert "A long answer to it." in html
    for hidden in (opening.thread.title, *(question.text for question in opening.thread.questions.all()), WORDS):
        assert hidden not in html


def test_thread_and_edit_are_kept_when_session_ended(opening, alice, client):
    comment = reply(opening, alice)
    for address in ("/t/new/", f"/c/{comment.pk}/edit/"):
        answer = client.post(address, {"title": "A thread of mine", "source": "Words nobody may lose."})
        assert answer.status_code == 422
        assert "Words nobody may lose." in answer.content.decode()
        assert "signed out" in answer.content.decode()


def test_form_for_comment_that_never_existed_keeps_text(alice, client):
    client.force_login(alice)
    answer = client.post("/c/999999999/reply/", {"source": WORDS})
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()


def test_refused_thread_keeps_all_texts(alice, client, settings):
    settings.THREAD_STARTERS = "staff"
    client.force_login(alice)
    texts = {"title": "A title", "source": "A post", "question_1": "One?", "question_2": "Two?"}
    html = client.post("/t/new/", texts).content.decode()
    assert all(text in html for text in texts.values())


def test_reply_in_locked_thread_keeps_text_and_shows_reason(opening, alice, mod, client):
    client.force_login(alice)
    actions.lock(moderator=mod, thread=opening.thread, reason="Enough.")
    answer = sent(client, opening)
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    assert "locked" in client.get(f"/c/{opening.pk}/reply/").content.decode()


def test_text_is_kept_when_session_ended(opening, client):
    answer = sent(client, opening)
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    assert "signed out" in answer.content.decode()


def test_stale_form_keeps_text(opening, alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    answer = sent(strict, opening)
    assert answer.status_code == 403
    assert WORDS in answer.content.decode()


def test_stale_form_can_be_sent_again_but_not_from_another_site(opening, alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    for headers in ({}, HTMX):
        ours = strict.post(
            f"/c/{opening.pk}/reply/",
            {"source": WORDS, "key": "k", "standpoint": "patient"},
            headers={"Sec-Fetch-Site": "same-origin"} | headers,
        )
        html = ours.content.decode()
        # only what a script sent is answered in the form's place
        assert ("data-hx-post" in html) == bool(headers)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html[html.index("reply-form") :]).group(1)
        assert 'name="standpoint" value="patient"' in html
    again = {"source": WORDS, "key": "k", "standpoint": "patient", "csrfmiddlewaretoken": token}
    assert strict.post(f"/c/{opening.pk}/reply/", again).status_code == 302
    assert Comment.objects.get(author=alice).standpoint == "patient"
    foreign = strict.post(f"/c/{opening.pk}/reply/", {"source": WORDS}, headers={"Sec-Fetch-Site": "cross-site"})
    assert "Send it again" not in foreign.content.decode()


def test_member_who_may_not_start_threads_has_no_button_and_keeps_text(alice, client, settings):
    settings.THREAD_STARTERS = "staff"
    client.force_login(alice)
    assert "Start a thread" not in client.get("/").content.decode()
    answer = client.post("/t/new/", {"title": "A thread of mine", "source": WORDS})
    assert answer.status_code == 403
    assert WORDS in answer.content.decode()


LIMITS = {
    "comment": {"first day": "1 per 30 seconds", "address": "30 per minute"},
    "edit": {"first day": "1 per hour"},
    "thread": {"first day": "1 per day"},
    "unsent": {"visitor": "2 per hour"},
}


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_reply_over_limit_keeps_text_and_shows_time_to_wait(opening, alice, client, settings, headers):
    settings.LIMITS = LIMITS
    client.force_login(alice)
    assert sent(client, opening).status_code == 302
    other = "Other words, a moment later."
    answer = client.post(f"/c/{opening.pk}/reply/", {"source": other, "key": "other"}, headers=headers)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 30
    html = answer.content.decode()
    assert other in html
    assert re.search(r"Try again in \d+ seconds?\. Your text is still in the box.", html)
    assert Comment.objects.filter(author=alice).count() == 1
    # the same form as the first time is no second comment, and leads to the first
    assert sent(client, opening).url.endswith(f"#c{Comment.objects.get(author=alice).pk}")


def test_edits_and_threads_over_limit_keep_text(opening, alice, client, settings):
    settings.LIMITS = LIMITS
    client.force_login(alice)
    comment = reply(opening, alice)
    for address, data in ((f"/c/{comment.pk}/edit/", {}), ("/t/new/", {"title": "A thread of mine"})):
        answers = [client.post(address, {"source": f"{WORDS} {n}{address}", "key": str(n), **data}) for n in range(2)]
        assert [answer.status_code for answer in answers] == [302, 429]
        assert f"{WORDS} 1{address}" in answers[1].content.decode()


def test_repeated_text_asks_for_confirmation_and_can_be_sent(opening, alice, client):
    client.force_login(alice)
    sent(client, opening)
    answer = sent(client, opening, key="another")
    first = Comment.objects.get(author=alice)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert f'<a href="/c/{first.pk}/" target="_blank">' in html
    assert re.search(r'<input type="checkbox" name="again"[^>]*id="r\d+_again"', html)
    assert WORDS in html
    # still not sent by pressing the button once more
    assert sent(client, opening, key="another", again="").status_code == 409
    assert sent(client, opening, key="another", again="on").status_code == 302
    assert Comment.objects.filter(author=alice).count() == 2


@pytest.mark.parametrize(
    "change", [{"created_at": timezone.now() - timezone.timedelta(minutes=6)}, {"deleted_at": timezone.now()}]
)
def test_repeated_old_or_deleted_text_asks_for_no_confirmation(opening, alice, client, change):
    client.force_login(alice)
    sent(client, opening)
    Comment.objects.filter(author=alice).update(**change)
    assert sent(client, opening, key="another").status_code == 302


def test_same_text_of_another_member_asks_for_no_confirmation(opening, alice, bob, client):
    for somebody in (alice, bob):
        client.force_login(somebody)
        assert sent(client, opening).status_code == 302


def test_text_sent_after_session_ended_is_in_form_after_signing_in(opening, alice, bob, client):
    question = opening.thread.questions.last()
    answer = sent(client, opening, question=question.pk, standpoint="patient", writer=alice.pk)
    assert f'<a href="/account/login/?next=/c/{opening.pk}/reply/">' in answer.content.decode()
    client.force_login(alice)
    form = client.get(f"/c/{opening.pk}/reply/").content.decode()
    assert f">\n{WORDS}</textarea>" in form
    assert "what you wrote before you signed in" in form
    assert re.search(rf'value="{question.pk}"[^>]*checked', form)
    assert re.search(r'value="patient"[^>]*selected', form)
    assert WORDS not in client.get(f"/c/{reply(opening, bob).pk}/reply/").content.decode().partition("<textarea")[2]
    assert sent(client, opening).status_code == 302
    assert "before you signed in" not in client.get(f"/c/{opening.pk}/reply/").content.decode()


def test_kept_text_is_shown_to_its_writer_only_on_shared_device(opening, alice, bob, client):
    sent(client, opening, source="Words that are nobody else’s business.", writer=alice.pk)
    client.force_login(bob)
    assert "nobody else" not in client.get(f"/c/{opening.pk}/reply/").content.decode()


def test_number_of_kept_texts_of_visitors_is_limited(opening, client, settings):
    settings.LIMITS = LIMITS
    answers = [
        Client().post(f"/c/{opening.pk}/reply/", {"source": WORDS, "writer": "1"}).content.decode() for _ in range(3)
    ]
    assert ["sign in in another tab" in html for html in answers] == [False, False, True]
    assert all(WORDS in html for html in answers)
    huge = Client().post(f"/c/{opening.pk}/reply/", {"source": "x" * 200_001, "writer": "1"}).content.decode()
    assert "sign in in another tab" in huge


def test_only_latest_few_texts_are_kept(opening, alice, client):
    comments = [reply(opening, alice, source=f"{WORDS} {n}") for n in range(5)]
    for comment in comments:
        client.post(f"/c/{comment.pk}/reply/", {"source": f"To {comment.pk}, at length.", "writer": alice.pk})
    client.force_login(alice)
    kept = [f"To {c.pk}, at length." in client.get(f"/c/{c.pk}/reply/").content.decode() for c in comments]
    assert kept == [False, False, True, True, True]


def test_text_too_large_for_any_form_is_kept(opening, alice, client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    client.force_login(alice)
    text = "Ä long text; 100 % & more. " * 100
    body = urlencode({"key": "k", "source": text, "standpoint": ""})
    answer = client.post(f"/c/{opening.pk}/reply/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    html = answer.content.decode()
    assert "too long" in html
    assert escape(text) in html


def test_large_request_that_is_no_form_is_refused_with_reason(opening, alice, client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    client.force_login(alice)
    answer = client.post(f"/c/{opening.pk}/reply/", {"source": "x" * 2_000})
    assert answer.status_code == 413
    assert "Go back in your browser" in answer.content.decode()


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [(RuntimeError("a bug"), 500, "our fault"), (OperationalError("gone"), 503, "Back in a moment")],
)
def test_server_error_keeps_text_in_form(opening, alice, monkeypatch, fault, status, said):
    def broken(**_about):
        raise fault

    careful = Client(raise_request_exception=False, enforce_csrf_checks=True)
    careful.force_login(alice)
    form = careful.get(f"/c/{opening.pk}/reply/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form[form.index("writing-form") :]).group(1)
    with monkeypatch.context() as patched:
        patched.setattr(writing_comments, "reply", broken)
        data = {"source": WORDS, "key": "k", "standpoint": "patient", "csrfmiddlewaretoken": token}
        answer = careful.post(f"/c/{opening.pk}/reply/", data)
    html = answer.content.decode()
    assert answer.status_code == status
    assert said in html
    assert answer.has_header("Retry-After") is (status == 503)
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    assert again["standpoint"] == "patient"
    text = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", html, re.S).group(1)
    assert careful.post(f"/c/{opening.pk}/reply/", {"source": unescape(text), **again}).status_code == 302
    assert Comment.objects.get(author=alice).source == WORDS


TOLD = {
    "profession": "Psychologist",
    "regulator": "HCPC",
    "region": "GB",
    "number": "PYL 55501",
    "evidence": "I am registered\r\nas <A. Lice> & co.",
}


def _sent_again(html):
    """What the form on this page sends: every text of it, and what is hidden."""
    texts = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>(.*?)</textarea>', html, re.S)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    return {name: unescape(value) for name, value in [*texts, *hidden]}


@pytest.mark.parametrize("reason", ["a fault", "the database", "a stale form"])
def test_all_fields_of_a_form_are_kept_and_can_be_sent_again(alice, monkeypatch, reason):
    def broken(**_about):
        raise OperationalError("gone") if reason == "the database" else RuntimeError("a bug")

    careful = Client(raise_request_exception=False, enforce_csrf_checks=True)
    careful.force_login(alice)
    data = dict(TOLD)
    if reason != "a stale form":
        form = careful.get("/account/clinician/").content.decode()
        data["csrfmiddlewaretoken"] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[-1]
    with monkeypatch.context() as patched:
        patched.setattr(verification, "ask", broken)
        answer = careful.post("/account/clinician/", data, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == {"a fault": 500, "the database": 503, "a stale form": 403}[reason]
    again = _sent_again(answer.content.decode())
    assert {name: again[name] for name in TOLD} == TOLD
    assert careful.post("/account/clinician/", again).status_code == 302
    asked = verification.request_of(alice)
    assert (asked.number, asked.evidence) == (TOLD["number"], TOLD["evidence"].replace("\r\n", "\n"))


def test_action_that_is_sent_again_has_same_rows(alice, mod, monkeypatch):
    def broken(*_about, **_named):
        raise RuntimeError("a bug")

    seated(careful := Client(raise_request_exception=False), mod)
    data = {"action": "watch", "_selected_action": alice.pk, "index": "0", "confirmed": "1", "reason": "She asked me."}
    data |= {"mark": mark_of(alice)}
    with monkeypatch.context() as patched:
        patched.setattr("posts.moderation.sanctions.log", broken)
        answer = careful.post("/admin/accounts/user/", data)
    assert answer.status_code == 500
    assert careful.post("/admin/accounts/user/", _sent_again(answer.content.decode())).status_code == 302
    assert alice.log_entries.get().reason == "She asked me."


def test_text_is_kept_while_database_is_unavailable(opening, alice, django_db_blocker, monkeypatch):
    careful = Client(raise_request_exception=False)
    careful.force_login(alice)

    def away(*_about, **_options):
        raise OperationalError("the server closed the connection unexpectedly")

    with monkeypatch.context() as patched:
        patched.setattr(CursorWrapper, "execute", away)
        answer = careful.post(f"/c/{opening.pk}/reply/", {"source": WORDS, "key": "k"})
    assert answer.status_code == 503
    assert WORDS in answer.content.decode()


def test_error_page_without_text_has_no_form(client, monkeypatch):
    def broken(*_about):
        raise RuntimeError("a bug")

    monkeypatch.setattr("posts.writing.views.threads.permissions.may_start_thread", broken)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert "<form" not in answer.content.decode()


@pytest.mark.parametrize("is_guest", [False, True], ids=["member", "guest"])
def test_same_form_with_another_text_keeps_the_second_text(opening, alice, client, settings, is_guest):
    """Back, change the text, send again: the form still has the key of the first text."""
    settings.GUEST_LEAST_SECONDS = 0
    if not is_guest:
        client.force_login(alice)
    address = f"/c/{opening.pk}/reply/"
    page = client.get(address).content.decode()
    data = dict(re.findall(r'name="(key|began|csrfmiddlewaretoken)" value="([^"]+)"', page))
    data |= {"name": "Wren", "source": "The first text, long enough to be sent."}
    assert client.post(address, data).status_code == 302
    assert client.post(address, data).status_code == 302
    assert Comment.objects.filter(depth=1).count() == 1
    second = "Another text, typed after going back to the form."
    answer = client.post(address, data | {"source": second})
    assert answer.status_code == 409
    html = answer.content.decode()
    assert second in html
    assert "You sent this form before" in html
    data |= dict(re.findall(r'name="(key|began)" value="([^"]+)"', html))
    assert client.post(address, data | {"source": second}).status_code == 302
    assert set(Comment.objects.filter(depth=1).values_list("source", flat=True)) == {data["source"], second}


@pytest.mark.parametrize("text", ["The same words as in the first try.", "Other words than in the first try."])
@pytest.mark.parametrize("is_guest", [True, False])
def test_form_sent_again_does_not_tell_title_of_withdrawn_thread(opening, bob, mod, client, settings, is_guest, text):
    settings.GUEST_LEAST_SECONDS = 0
    elsewhere = factories.thread(title="Another talk").opening
    form = {"source": "The same words as in the first try.", "key": "k1", "name": "Wren", "website": ""}
    if is_guest:
        form["began"] = signing.dumps(["k1", 0], salt=BEGAN)
    else:
        client.force_login(bob)
    assert client.post(f"/c/{opening.pk}/reply/", form).status_code == 302
    actions.remove(moderator=mod, comment=opening, reason="It names a patient.")
    answer = client.post(f"/c/{elsewhere.pk}/reply/", form | {"source": text})
    assert answer.status_code in (302, 409)
    told = answer.headers.get("Location", "") + answer.content.decode()
    assert opening.thread.slug not in told
    assert opening.thread.title not in told
