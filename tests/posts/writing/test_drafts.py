"""Drafts of members on the server: stored, offered, discarded, and deleted when the text is sent."""

import re
from datetime import timedelta
from threading import Thread as Worker

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts.models import Comment, Draft
from posts.models.comment import mark_of
from posts.models.draft import KEPT_FOR, MOST_CHARACTERS, MOST_DRAFTS
from posts.moderation import actions, sanctions
from posts.reading import rendering
from posts.writing import comments as writing_comments
from posts.writing import drafts as writing_drafts
from tests import factories
from tests.factories import WORDS, reply

TEXT = "I began to say that"


def keep(person, place, text=TEXT, key="k", **more):
    fields = {"source": text, **more.pop("fields", {})}
    return writing_drafts.save(person=person, place=place, fields=fields, key=key, **more)


def drafts():
    return list(Draft.objects.order_by("pk").values_list("place", "fields__source"))


def test_place_has_one_draft_with_latest_text(opening, alice):
    place = f"reply:{opening.pk}"
    assert keep(alice, place)
    assert keep(alice, place, "and then this", fields={"standpoint": "patient", "csrfmiddlewaretoken": "x"})
    draft = Draft.objects.get()
    assert draft.fields == {"source": "and then this", "standpoint": "patient"}
    assert (draft.comment, draft.thread) == (opening, opening.thread)


def test_empty_draft_is_not_stored(opening, alice):
    place = f"reply:{opening.pk}"
    keep(alice, place)
    assert not keep(alice, place, " \n", fields={"standpoint": "patient"})
    assert drafts() == []


def test_characters_that_postgresql_refuses_are_removed(opening, alice):
    keep(alice, f"reply:{opening.pk}", "a\0b\ud800c\r\nd")
    assert drafts()[0][1] == "abc\nd"


def test_draft_is_in_form_on_page_and_in_place(opening, alice, client):
    comment = reply(opening, alice)
    client.force_login(alice)
    for place, address in (
        (f"reply:{opening.pk}", f"/c/{opening.pk}/reply/"),
        (f"reply:{comment.pk}", f"/c/{comment.pk}/reply/"),
        (f"edit:{comment.pk}", f"/c/{comment.pk}/edit/"),
        ("thread", "/t/new/"),
    ):
        kept = client.post(
            "/drafts/", {"place": place, "source": TEXT, "standpoint": "patient", "seen": mark_of(WORDS), "key": "n"}
        )
        assert kept.status_code == 204
        for headers in ({}, {"HX-Request": "true"}):
            html = client.get(address, headers=headers).content.decode()
            assert re.search(rf"<textarea[^>]*>\s*{TEXT}</textarea>", html), address
            assert "This is your draft, saved" in html
            assert '<option value="patient" selected>' in html


def test_question_chosen_just_now_replaces_question_of_draft(opening, alice, client):
    first, second = opening.thread.questions.all()
    keep(alice, f"reply:{opening.pk}", fields={"question": str(first.pk)})
    client.force_login(alice)
    ticked = r'value="(\d+)"[^>]*checked'
    html = client.get(f"/c/{opening.pk}/reply/").content.decode()
    assert re.findall(ticked, html) == [str(first.pk)]
    html = client.get(f"/c/{opening.pk}/reply/?q=2").content.decode()
    assert re.findall(ticked, html) == [str(second.pk)]
    assert TEXT in html


def test_draft_of_other_member_is_not_offered(opening, alice, bob, client):
    keep(alice, f"reply:{opening.pk}")
    client.force_login(bob)
    for address in (f"/c/{opening.pk}/reply/", "/drafts/", opening.thread.get_absolute_url()):
        html = client.get(address).content.decode()
        assert TEXT not in html
        assert "unfinished comment" not in html.replace("data-unfinished", "")
    client.post("/drafts/discard/", {"place": f"reply:{opening.pk}"})
    assert len(drafts()) == 1


def test_sending_deletes_draft(opening, alice):
    comment = reply(opening, alice)
    keep(alice, f"reply:{opening.pk}")
    reply(opening, alice)
    keep(alice, f"edit:{comment.pk}", key=mark_of(WORDS))
    writing_comments.edit(editor=alice, comment=comment, source="Something else altogether.")
    keep(alice, "thread")
    factories.thread(author=alice)
    assert drafts() == []


def test_undone_deletion_keeps_draft_of_edit(opening, alice):
    comment = reply(opening, alice)
    keep(alice, f"edit:{comment.pk}", key=mark_of(WORDS))
    writing_comments.delete(author=alice, comment=comment)
    writing_comments.undelete(author=alice, comment=comment)
    assert len(drafts()) == 1


def test_late_draft_of_sent_comment_is_not_stored(opening, alice, client):
    client.force_login(alice)
    comment = reply(opening, alice, key="sent")
    client.post("/t/new/", {"title": "A thread of mine", "source": f"{WORDS} And so it began.", "key": "begun"})
    writing_comments.edit(editor=alice, comment=comment, source="Something else altogether.")
    for data in (
        {"place": f"reply:{opening.pk}", "key": "sent"},
        {"place": "thread", "key": "begun"},
        {"place": f"edit:{comment.pk}", "seen": mark_of(WORDS)},
    ):
        assert client.post("/drafts/", data | {"source": TEXT}).status_code == 204
    assert drafts() == []
    # another form at the same place begins another draft
    keep(alice, f"reply:{opening.pk}", key="another")
    assert len(drafts()) == 1


@pytest.mark.django_db(transaction=True)
def test_draft_saved_while_comment_is_sent_is_refused(transactional_db):
    alice, thread = factories.person(), factories.thread()
    place, kept = f"reply:{thread.opening.pk}", []

    def late():
        try:
            kept.append(keep(alice, place, key="sent"))
        finally:
            connection.close()

    worker = Worker(target=late)
    with transaction.atomic():
        reply(thread.opening, alice, key="sent")
        worker.start()
        with connection.cursor() as cursor:
            waiting = 0
            # a request that does not have to wait ends at once
            while not waiting and worker.is_alive():
                cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                waiting = cursor.fetchone()[0]
    worker.join()
    assert kept == [False]
    assert drafts() == []


@pytest.mark.parametrize(
    "place", ["", "reply:", "reply:0", "reply:99999999999", "edit:x", "thread:1", "reply:1 OR 1=1"]
)
def test_draft_for_invalid_place_is_not_found(alice, client, place):
    client.force_login(alice)
    assert client.post("/drafts/", {"place": place, "source": TEXT}).status_code == 404
    assert drafts() == []


def test_draft_for_invisible_comment_is_not_found(opening, alice, bob, mod, client):
    held, mine = reply(opening, alice), reply(opening, bob)
    others = reply(opening, alice)
    actions.hold(moderator=mod, comment=held, reason="A look.")
    client.force_login(bob)

    def answer(place):
        return client.post("/drafts/", {"place": place, "source": TEXT, "seen": mark_of(WORDS)}).status_code

    assert answer(f"reply:{held.pk}") == answer(f"edit:{others.pk}") == 404
    assert answer(f"edit:{mine.pk}") == answer(f"reply:{others.pk}") == 204
    actions.remove(moderator=mod, comment=opening, reason="Unkind.")
    assert answer(f"reply:{others.pk}") == 404
    client.logout()
    assert answer("thread") == 404


def test_draft_of_suspended_member_is_stored(alice, mod, client):
    sanctions.suspend(moderator=mod, person=alice, reason="A pause.")
    client.force_login(alice)
    assert client.post("/drafts/", {"place": "thread", "source": TEXT}).status_code == 204


def test_draft_that_is_too_long_is_refused_by_code_and_database(alice, client):
    client.force_login(alice)
    assert client.post("/drafts/", {"place": "thread", "source": "x" * MOST_CHARACTERS}).status_code == 413
    most = "\u00fc" * (MOST_CHARACTERS - len('{"source": ""}'))
    assert keep(alice, "thread", most)
    with pytest.raises(IntegrityError, match="draft_not_too_long"):
        Draft.objects.update(fields={"source": most + "x"})


def test_drafts_that_fill_their_space_are_all_kept_and_a_further_one_is_refused(
    opening, alice, bob, client, monkeypatch
):
    """The limit counts bytes: a letter of this script has four."""
    monkeypatch.setattr(writing_drafts, "MOST_BYTES", 1_000)
    place = f"reply:{opening.pk}"
    assert keep(alice, place, "𝕏" * 150)
    client.force_login(alice)
    refused = client.post("/drafts/", {"place": "thread", "source": "𝕏" * 100})
    assert refused.status_code == 413
    assert "please discard drafts that you do not need" in refused.content.decode()
    assert drafts() == [(place, "𝕏" * 150)]
    # the old text of the same place, an expired draft and those of others do not count
    assert keep(alice, place, "𝕏" * 200)
    keep(bob, place, "𝕏" * 200)
    assert keep(alice, place, "𝕏" * 60)
    assert keep(alice, "thread", "𝕏" * 100)
    Draft.objects.filter(person=alice, place="thread").update(saved_at=timezone.now() - KEPT_FOR)
    assert keep(alice, place, "𝕏" * 200)


def test_page_of_drafts_tells_how_many_are_kept(alice, client):
    client.force_login(alice)
    page = client.get("/drafts/").content.decode()
    assert "You can have 100 drafts; a further one replaces the oldest." in " ".join(page.split())
    assert "When they have 5.0\xa0MB together" in " ".join(page.split(" "))


def test_database_constraints_on_places_of_drafts(opening, alice):
    keep(alice, "thread")
    with pytest.raises(IntegrityError, match="draft_place_is_what_it_is_about"):
        Draft.objects.update(comment=opening)


def test_old_drafts_are_not_offered_and_are_deleted(opening, alice, client, capsys):
    now = timezone.now()
    old = reply(opening, alice)
    keep(alice, f"reply:{old.pk}", at=now - KEPT_FOR)
    client.force_login(alice)
    assert TEXT not in client.get(f"/c/{old.pk}/reply/").content.decode()
    assert TEXT not in client.get("/drafts/").content.decode()
    assert 'class="unfinished"' not in client.get(opening.thread.get_absolute_url()).content.decode()
    call_command("delete_expired")
    assert "Forgotten: 1 drafts." in capsys.readouterr().out
    assert drafts() == []
    keep(alice, f"reply:{old.pk}", at=now - KEPT_FOR)
    # storing another draft deletes the oldest of its author
    keep(alice, "thread")
    assert drafts() == [("thread", TEXT)]


def test_oldest_of_too_many_drafts_are_deleted(opening, alice):
    first = timezone.now() - timedelta(days=1)
    comments = [reply(opening, alice) for _ in range(3)]
    Draft.objects.bulk_create(
        Draft(person=alice, place=f"reply:{number}", comment=opening, thread=opening.thread, fields={}, saved_at=first)
        for number in range(10**9, 10**9 + MOST_DRAFTS)
    )
    for number, comment in enumerate(comments):
        keep(alice, f"reply:{comment.pk}", at=first + timedelta(seconds=number + 1))
    assert Draft.objects.filter(place__in=[f"reply:{comment.pk}" for comment in comments]).count() == 3
    assert Draft.objects.count() <= MOST_DRAFTS


def test_draft_can_be_discarded_in_form_in_list_and_by_script(opening, alice, client):
    client.force_login(alice)
    place = f"reply:{opening.pk}"
    for more, headers, status, where in (
        ({}, {}, 302, f"/c/{opening.pk}/reply/"),
        ({"listed": "1"}, {}, 302, "/drafts/"),
        ({}, {"HX-Request": "true"}, 204, None),
    ):
        keep(alice, place)
        answer = client.post("/drafts/discard/", {"place": place, **more}, headers=headers)
        assert (answer.status_code, answer.get("Location")) == (status, where)
        assert drafts() == []
    assert client.post("/drafts/discard/", {"place": "//elsewhere.example"}).status_code == 404


def test_list_of_drafts_names_places_and_shows_drafts_that_cannot_be_sent(opening, alice, bob, mod, client):
    theirs = reply(opening, bob)
    reply(theirs, alice)
    mine = reply(opening, alice)
    for place in (f"reply:{opening.pk}", f"reply:{theirs.pk}", "thread"):
        keep(alice, place, f"{TEXT} at {place}")
    keep(alice, f"edit:{mine.pk}", key=mark_of(WORDS))
    client.force_login(alice)
    html = client.get("/drafts/").content.decode()
    assert re.findall("<h2>(.*?)</h2>", html) == [
        "A change of your comment",
        "A new thread",
        "A reply to Bob",
        "A comment",
    ]
    assert html.count("Continue writing") == 4
    actions.remove(moderator=mod, comment=theirs, reason="Unkind.")
    html = client.get("/drafts/").content.decode()
    assert "Bob" not in html
    assert f"{TEXT} at reply:{theirs.pk}</textarea>" in html
    assert html.count("Continue writing") == 3


def test_query_count_of_list_of_drafts_is_constant(opening, alice, bob, client, settings):
    settings.THREADS_PER_PAGE = 3
    client.force_login(alice)
    for number in range(7):
        keep(alice, f"reply:{reply(opening, bob).pk}", f"Draft number {number}")
    costs, seen, address = [], [], "/drafts/"
    while address:
        with CaptureQueriesContext(connection) as queries:
            html = client.get(address).content.decode()
        costs.append(len(queries))
        seen += re.findall(r"Draft number (\d)", html)
        found = re.search(r'href="(\?after=[^"]+)"', html)
        address = found and f"/drafts/{found.group(1)}"
    assert seen == list("6543210")
    assert costs == [3, 3, 3]
    assert 'href="/drafts/"' in client.get("/account/").content.decode()


def test_visitor_who_opens_drafts_is_asked_to_sign_in(client, db):
    assert client.get("/drafts/").url == "/account/login/?next=/drafts/"


def test_thread_page_shows_latest_draft_without_another_query(opening, alice, bob, client):
    client.force_login(alice)
    address = opening.thread.get_absolute_url()
    theirs = reply(opening, bob)
    client.get(address)

    def line():
        rendering.clear()
        with CaptureQueriesContext(connection) as queries:
            html = client.get(address).content.decode()
        assert len(queries) == 6
        found = re.search(r'<p class="unfinished">(.*?)</p>', html)
        return found and re.sub("<[^>]*>", "", found.group(1)), html

    assert line()[0] is None
    keep(alice, f"reply:{opening.pk}")
    assert line()[0] == "You have an unfinished comment. Continue writing"
    keep(alice, f"reply:{theirs.pk}")
    told, html = line()
    assert told == "You have an unfinished reply to Bob. Continue writing All your drafts"
    assert f'<a href="/c/{theirs.pk}/reply/">Continue writing' in html
    assert TEXT not in html
    writing_comments.delete(author=bob, comment=theirs)
    assert line()[0] == "You have an unfinished comment. Continue writing"


def test_response_to_sent_comment_names_its_draft(opening, alice, client):
    client.force_login(alice)
    for headers in ({}, {"HX-Request": "true"}):
        data = {"source": f"{WORDS} {len(headers)}", "key": f"k{len(headers)}", "place": f"reply:{opening.pk}"}
        refused = client.post(f"/c/{opening.pk}/reply/", data | {"source": "x"}, headers=headers)
        assert "sent" not in refused.cookies
        sent = client.post(f"/c/{opening.pk}/reply/", data, headers=headers)
        assert sent.cookies["sent"].value == f"reply:{opening.pk}~k{len(headers)}"
    sent = client.post(f"/c/{opening.pk}/reply/", {"source": WORDS, "key": "k;x=y", "place": "reply:1"})
    assert "sent" not in sent.cookies


def test_refused_form_keeps_place_of_draft(opening, alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    html = strict.post(
        f"/c/{opening.pk}/reply/",
        {"source": WORDS, "key": "k", "place": f"reply:{opening.pk}"},
        headers={"Sec-Fetch-Site": "same-origin"},
    ).content.decode()
    assert f'data-writing="reply:{opening.pk}"' in html
    assert f'name="place" value="reply:{opening.pk}"' in html


def test_draft_is_deleted_with_its_author(opening, alice):
    keep(alice, f"reply:{opening.pk}")
    Comment.objects.filter(author=alice).delete()
    alice.delete()
    assert drafts() == []


def test_saving_drafts_is_limited(opening, alice, client, settings):
    settings.LIMITS = {"draft": {"first day": "2 per minute"}}
    client.force_login(alice)
    answers = [client.post("/drafts/", {"place": "thread", "source": f"{TEXT} {n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 429]
    assert 1 <= int(answers[2]["Retry-After"]) <= 60


@pytest.mark.parametrize("field", ["key", "seen"])
def test_draft_with_a_character_that_no_text_has_is_kept(opening, alice, client, field):
    comment = reply(opening, alice)
    client.force_login(alice)
    for place in ("thread", f"edit:{comment.pk}"):
        answer = client.post("/drafts/", {"place": place, "title": "A title", "source": "A text.", field: "a\0b"})
        assert answer.status_code < 500
