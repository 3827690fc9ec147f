"""State for each reader: new and read comments, folded branches, helpful marks, and arrivals."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from forum import pagination
from posts.models import Comment, Helpful, Reading, Thread
from posts.models.reading import AWAY, FOLDS_KEPT_FOR, LEAST_PAUSE, MOST_FOLDS
from posts.moderation import actions, sanctions
from posts.reading import progress, slots
from posts.reading.views import progress as views_reading
from posts.threads.exceptions import Refused
from posts.writing import comments
from tests.factories import person, reply
from tests.posts.writing.test_concurrency import at_once
from tests.signing_in import sign_in_with_factor


def gone_for(reader, pause):
    """Moves the reader's last look back by `pause`."""
    seen = Reading.objects.get(person=reader)
    seen.seen_at -= pause
    seen.save()


def seen_as_new(client, thread, query=""):
    """Ids of the comments that the page marks as new."""
    html = client.get(thread.get_absolute_url() + query).content.decode()
    return [
        int(pk)
        for pk, rest in re.findall(r'<article class="comment[^"]*" id="c(\d+)"(.*?)</article>', html, re.S)
        if ">new</span>" in rest
    ]


@pytest.fixture
def talk(opening, alice, bob):
    return [reply(opening, alice), reply(opening, bob)]


@pytest.fixture
def reader(client):
    carol = person("Carol")
    client.force_login(carol)
    return carol


def test_nothing_is_new_on_first_visit(opening, talk, reader, client):
    assert seen_as_new(client, opening.thread) == []


def test_comments_since_last_visit_stay_new_until_next_visit(opening, talk, reader, alice, client):
    thread = opening.thread
    client.get(thread.get_absolute_url())
    gone_for(reader, AWAY + LEAST_PAUSE)
    late = reply(talk[0], alice)
    reply(talk[1], reader)
    # another visit: what came since the last is new, and stays so over a reload and on other pages
    for query in ("", "", "?order=newest", f"?at={talk[0].pk}"):
        assert seen_as_new(client, thread, query) == [late.pk]
    assert "<b>1 new</b> since your last visit" in client.get(thread.get_absolute_url()).content.decode()
    later = reply(talk[0], alice)
    assert seen_as_new(client, thread) == [late.pk, later.pk]
    gone_for(reader, LEAST_PAUSE)
    client.get(thread.get_absolute_url())
    gone_for(reader, AWAY + timedelta(seconds=1))
    assert seen_as_new(client, thread) == []


def test_mark_read_removes_marks_of_new_comments(opening, talk, reader, alice, client):
    client.get(opening.thread.get_absolute_url())
    gone_for(reader, AWAY + LEAST_PAUSE)
    reply(opening, alice)
    address = opening.thread.get_absolute_url()
    html = client.get(address).content.decode()
    assert f'formaction="/read/{opening.thread_id}/"' in html
    until = re.search(r'name="until" value="(\d+)"', html).group(1)
    unseen = reply(opening, alice)
    answer = client.post(
        f"/read/{opening.thread_id}/", {"until": until}, headers={"Referer": f"http://testserver{address}?order=newest"}
    )
    assert answer.url == f"http://testserver{address}?order=newest"
    # what came after the page was made was not read
    assert seen_as_new(client, opening.thread) == [unseen.pk]
    client.post(f"/read/{opening.thread_id}/")
    assert seen_as_new(client, opening.thread) == []


def test_reading_writes_at_most_once_a_minute(opening, talk, reader, client):
    address = opening.thread.get_absolute_url()

    def writes():
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return [
            query["sql"] for query in queries if not query["sql"].startswith(("SELECT", "\nSELECT", "\n(", "\nWITH"))
        ]

    assert len(writes()) == 1
    assert writes() == []
    gone_for(reader, LEAST_PAUSE)
    assert len(writes()) == 1
    client.logout()
    assert writes() == []


def test_approved_comment_is_new_from_its_approval(opening, alice, mod, reader, client):
    waiting = reply(opening, alice)
    Comment.objects.filter(pk=waiting.pk).update(held_at=timezone.now(), published_at=None)
    client.get(opening.thread.get_absolute_url())
    gone_for(reader, AWAY + LEAST_PAUSE)
    actions.approve(moderator=mod, comment=waiting, reason="It is fine.")
    assert seen_as_new(client, opening.thread) == [waiting.pk]
    # what was read before is not new again when it comes back
    progress.mark_read(reader=reader, thread=Thread.objects.get(), until=timezone.now())
    actions.remove(moderator=mod, comment=waiting, reason="A second look.")
    actions.restore(moderator=mod, comment=waiting, reason="A third look.")
    assert seen_as_new(client, opening.thread) == []


def test_next_new_comment_on_another_page_is_linked(opening, alice, reader, client, settings):
    old = [reply(opening, alice) for _ in range(3)]
    client.get(opening.thread.get_absolute_url())
    gone_for(reader, AWAY + LEAST_PAUSE)
    new = [reply(comment, alice) for comment in old]
    settings.COMMENTS_PER_PAGE = 2
    html = client.get(f"{opening.thread.get_absolute_url()}?at={old[1].pk}").content.decode()
    here = html[html.index(f'id="c{new[1].pk}"') :]
    links = re.findall(r'<a class="to-new" href="([^"]+)" rel="(prev|next)"', here)
    assert links[:2] == [(f"/c/{new[0].pk}/", "prev"), (f"/c/{new[2].pk}/", "next")]
    assert "<b>3 new</b> since your last visit" in html
    assert f'href="#c{new[1].pk}">First new' in html


def test_folded_and_cut_branches_show_number_of_new_replies(opening, alice, reader, client, settings):
    settings.COMMENTS_PER_PAGE = 10
    root = reply(opening, alice)
    for _ in range(30):
        reply(root, alice)
    client.get(opening.thread.get_absolute_url())
    gone_for(reader, AWAY + LEAST_PAUSE)
    last = reply(root, alice)
    reply(last, alice)
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert re.search(r"<summary>32 replies<span [^>]*>, 2 new</span></summary>", html)
    assert re.search(r"27 more replies [^/]*</bdi><span [^>]*>, 2 new</span></a></li>", html)


def test_folds_are_stored_per_member_and_expire(opening, alice, reader, client):
    root = reply(opening, alice)
    reply(root, alice)
    page = opening.thread.get_absolute_url()
    assert '<details class="branch" open>' in client.get(page).content.decode()
    for _twice in range(2):
        assert client.post(f"/c/{root.pk}/fold/", {"folded": "1"}).status_code == 204
    assert Reading.objects.get(person=reader).folded == [root.pk]
    assert '<details class="branch">' in client.get(page).content.decode()
    gone_for(reader, FOLDS_KEPT_FOR + timedelta(days=1))
    assert '<details class="branch" open>' in client.get(page).content.decode()
    client.post(f"/c/{root.pk}/fold/", {"folded": "1"})
    client.post(f"/c/{root.pk}/fold/", {"folded": "0"})
    assert Reading.objects.get(person=reader).folded == []
    full = list(range(10**6, 10**6 + MOST_FOLDS))
    Reading.objects.update(folded=full)
    client.post(f"/c/{root.pk}/fold/", {"folded": "1"})
    assert Reading.objects.get(person=reader).folded == [*full[1:], root.pk]


def test_fold_made_during_page_load_is_kept(opening, alice, reader, client):
    root = reply(opening, alice)
    client.get(opening.thread.get_absolute_url())
    gone_for(reader, LEAST_PAUSE)
    read_before = Reading.objects.get(person=reader)
    progress.fold(reader=reader, comment=root, is_folded=True)
    progress.record_visit(reader=reader, thread=opening.thread, reading=read_before, at=timezone.now())
    assert Reading.objects.get(person=reader).folded == [root.pk]


def test_new_comments_above_counted_maximum_are_marked(opening, alice, reader, client, monkeypatch):
    monkeypatch.setattr(slots, "MOST_NEW", 3)
    client.get(opening.thread.get_absolute_url())
    gone_for(reader, AWAY + LEAST_PAUSE)
    new = [reply(opening, alice) for _ in range(6)]
    assert seen_as_new(client, opening.thread, "?order=newest") == [comment.pk for comment in reversed(new)]
    assert "More than 3 new" in client.get(opening.thread.get_absolute_url()).content.decode()


@pytest.mark.parametrize("name", ["O'Neill & Co"])
def test_name_is_escaped_once(opening, client, name, bob):
    comment = reply(opening, person(name))
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert html.count("O&#x27;Neill &amp; Co") >= 3
    assert "&amp;#" not in html
    assert "&amp;amp;" not in html
    client.force_login(bob)
    for answer in (
        client.post(f"/c/{comment.pk}/helpful/", {"mark": "1"}, headers={"HX-Request": "true"}),
        client.get(opening.thread.get_absolute_url()),
        client.get(f"/c/{comment.pk}/branch/"),
    ):
        assert "(by O&#x27;Neill &amp; Co)" in answer.content.decode()


def test_helpful_mark_is_shown_in_words_and_can_be_removed(opening, talk, reader, client):
    comment = talk[0]
    page = f"{opening.thread.get_absolute_url()}?order=newest"
    for _twice in range(2):
        answer = client.post(
            f"/c/{comment.pk}/helpful/", {"mark": "1"}, headers={"Referer": f"http://testserver{page}"}
        )
        assert answer.url == f"http://testserver{page}#c{comment.pk}"
    html = client.get(page).content.decode()
    assert "helped a reader" in html
    assert re.search(rf'formaction="/c/{comment.pk}/helpful/" name="mark" value="0" aria-pressed="true"', html)
    comment.refresh_from_db()
    assert comment.helpful_count == Helpful.objects.count() == 1
    again = client.post(f"/c/{comment.pk}/helpful/", {"mark": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert 'value="0" aria-pressed="true"' in again
    button = client.post(f"/c/{comment.pk}/helpful/", {"mark": "0"}, headers={"HX-Request": "true"}).content.decode()
    assert 'aria-pressed="false"' in button
    comment.refresh_from_db()
    assert comment.helpful_count == Helpful.objects.count() == 0


@pytest.mark.parametrize(
    ("number", "words"), [(0, ""), (1, "helped a reader"), (2, "helped several readers"), (10, "helped many readers")]
)
def test_no_score_is_shown(number, words):
    assert Comment(helpful_count=number).helped == words


def test_own_or_deleted_comment_and_suspended_reader_cannot_mark_helpful(opening, talk, alice, bob, mod, client):
    with pytest.raises(PermissionDenied):
        progress.mark_helpful(reader=alice, comment=talk[0], is_helpful=True)
    with pytest.raises(PermissionDenied):
        progress.mark_helpful(reader=alice, comment=opening, is_helpful=True)
    sanctions.suspend(moderator=mod, person=bob, reason="Spam.")
    bob.refresh_from_db()
    with pytest.raises(Refused):
        progress.mark_helpful(reader=bob, comment=talk[0], is_helpful=True)
    reply(talk[1], alice)
    comments.delete(author=bob, comment=talk[1])
    client.force_login(alice)
    answer = client.post(f"/c/{talk[1].pk}/helpful/", {"mark": "1"})
    assert answer.status_code == 409
    assert "deleted or removed" in answer.content.decode()
    assert not Helpful.objects.exists()


def test_visitor_who_marks_helpful_signs_in_and_returns_to_comment(opening, talk, client):
    answer = client.get(f"/c/{talk[0].pk}/helpful/?mark=1")
    assert answer.url == f"/account/login/?next=/c/{talk[0].pk}/helpful/"
    strict = Client(enforce_csrf_checks=True)
    htmx = strict.post(f"/c/{talk[0].pk}/helpful/", {"mark": "1"}, headers={"HX-Request": "true"})
    assert htmx.headers["HX-Redirect"] == answer.url


@pytest.mark.parametrize(("came_from", "marks"), [("http://testserver/t/1/", 1), ("https://elsewhere.example/", 0)])
def test_helpful_mark_of_visitor_counts_after_signing_in(talk, client, bob, came_from, marks):
    address = f"/c/{talk[0].pk}/helpful/"
    client.post(address, {"mark": "1"}, headers={"Referer": came_from})
    client.force_login(bob)
    assert client.get(address, follow=True).status_code == 200
    assert Helpful.objects.filter(person=bob).count() == marks
    client.get(address)
    assert Helpful.objects.filter(person=bob).count() == marks


def test_helpful_mark_of_member_requires_csrf_token(opening, talk, bob):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bob)
    assert strict.post(f"/c/{talk[0].pk}/helpful/", {"mark": "1"}).status_code == 403
    assert not Helpful.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_ten_concurrent_helpful_marks_count_once():
    from tests.factories import thread as make_thread

    comment = reply(make_thread().opening, person("Anna"))
    carol = person("Carol")
    at_once([carol] * 10, lambda who: progress.mark_helpful(reader=who, comment=comment, is_helpful=True))
    comment.refresh_from_db()
    assert comment.helpful_count == Helpful.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_helpful_marks_and_replies_do_not_block_each_other():
    from tests.factories import thread as make_thread

    comment = reply(make_thread().opening, person("Anna"))
    people = [person() for _ in range(12)]

    def act(who):
        if who.pk % 2:
            progress.mark_helpful(reader=who, comment=comment, is_helpful=True)
        else:
            reply(comment, who)
        return True

    assert len(at_once(people, act)) == 12
    comment.refresh_from_db()
    assert comment.helpful_count == Helpful.objects.count() == 6
    assert comment.reply_count == 6


def arrivals(client, thread, since, **query):
    return client.get(f"/arrivals/{thread.pk}/", {"since": pagination.microseconds(since), **query})


def test_arrivals_are_reported_once_and_none_costs_one_query(opening, talk, alice, bob, client):
    thread = Thread.objects.get()
    with CaptureQueriesContext(connection) as queries:
        answer = arrivals(client, thread, thread.last_activity_at)
    assert (answer.status_code, len(queries), answer.content) == (304, 1, b"")
    late = reply(talk[0], bob)
    html = arrivals(client, thread, thread.last_activity_at).content.decode()
    assert "1 new reply" in html
    assert f'data-below="{talk[0].pk}"' in html
    assert f'<li id="b{late.pk}">' in html
    assert ">new</span>" in html
    client.force_login(bob)
    assert "<li" not in arrivals(client, thread, thread.last_activity_at).content.decode()
    since = re.search(r'data-since="(\d+)"', html).group(1)
    assert client.get(f"/arrivals/{thread.pk}/?since={since}").status_code == 304


def test_many_arrivals_are_sent_in_parts_without_gaps(opening, talk, alice, client, monkeypatch):
    monkeypatch.setattr(views_reading, "MOST_ARRIVALS", 2)
    since = Thread.objects.get().last_activity_at
    new = [reply(talk[0], alice) for _ in range(5)]
    seen, asked = [], pagination.microseconds(since)
    while (answer := client.get(f"/arrivals/{opening.thread_id}/?since={asked}")).status_code == 200:
        html = answer.content.decode()
        seen += [int(pk) for pk in re.findall(r'<li id="b(\d+)"', html)]
        asked = re.search(r'data-since="(\d+)"', html).group(1)
    assert seen == [comment.pk for comment in new]


def test_visit_of_member_who_keeps_reading_does_not_end(opening, talk, reader, client):
    client.get(opening.thread.get_absolute_url())
    gone_for(reader, AWAY - LEAST_PAUSE)
    late = reply(talk[0], talk[1].author)
    thread = Thread.objects.get()
    arrivals(client, thread, thread.created_at)
    assert timezone.now() - Reading.objects.get().seen_at >= AWAY - LEAST_PAUSE
    # what was put in place and read is not new on the next visit
    arrivals(client, thread, thread.last_activity_at, here=1)
    assert timezone.now() - Reading.objects.get().seen_at < LEAST_PAUSE
    assert Reading.objects.get().seen_until == late.published_at
    gone_for(reader, AWAY + LEAST_PAUSE)
    # a page left open over night goes on with nothing
    arrivals(client, thread, thread.last_activity_at, here=1)
    assert timezone.now() - Reading.objects.get().seen_at > AWAY
    assert seen_as_new(client, thread) == []


@pytest.mark.parametrize("since", ["", "x", "-1", "99999999999999999999999999"])
def test_arrivals_without_valid_timestamp_are_not_found(thread, client, since):
    assert client.get(f"/arrivals/{thread.pk}/?since={since}").status_code == 404


def test_withdrawn_thread_has_no_arrivals(opening, talk, mod, client):
    thread = Thread.objects.get()
    actions.remove(moderator=mod, comment=opening, reason="It names a patient.")
    assert arrivals(client, thread, thread.created_at).status_code == 404


def test_timestamps_increase_with_commits_if_clock_is_set_back(opening, alice, bob):
    first = reply(opening, alice)
    ahead = timezone.now() + timedelta(hours=1)
    Thread.objects.update(last_activity_at=ahead)
    second = reply(opening, bob)
    assert second.published_at > ahead > first.published_at


def test_held_comment_is_shown_in_its_place_to_author_and_moderators(opening, talk, alice, bob, mod, client):
    waiting = reply(talk[0], bob, source="Words that wait for somebody to look at them.")
    top = reply(opening, bob, source="A first comment that waits as well, on its own.")
    for comment in (waiting, top):
        actions.hold(moderator=mod, comment=comment, reason="A second look.")
    address = opening.thread.get_absolute_url()
    assert "Words that wait" not in client.get(address).content.decode()
    client.force_login(alice)
    assert "Words that wait" not in client.get(address).content.decode()
    for somebody, sign_in in ((bob, Client.force_login), (mod, sign_in_with_factor)):
        sign_in(client, somebody)
        html = client.get(address).content.decode()
        place = html.index("Words that wait")
        assert html.index(f'id="c{talk[0].pk}"') < place < html.index(f'id="c{talk[1].pk}"')
        assert html.index("A first comment that waits") < html.index('<div id="tree"')
        assert client.get(f"/c/{waiting.pk}/").url == f"{address}#w{waiting.pk}"
        assert "Words that wait" in client.get(f"/c/{waiting.pk}/branch/").content.decode()
    client.logout()
    assert client.get(f"/c/{waiting.pk}/branch/").status_code == 404


def test_held_comment_with_replies_is_shown_in_its_tombstone(opening, talk, alice, bob, mod, client):
    reply(talk[0], bob)
    actions.hold(moderator=mod, comment=talk[0], reason="A second look.")
    client.force_login(alice)
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert re.search(rf'id="c{talk[0].pk}".*?waiting for a moderator.*?id="w{talk[0].pk}"', html, re.S)


@pytest.mark.parametrize("referer", ["x", "front", "posts:no-such", "../../etc/passwd", "?q=1"])
def test_malformed_referer_redirects_to_thread(client, comment, bob, referer):
    client.force_login(bob)
    thread = comment.thread
    marked = client.post(f"/read/{thread.pk}/", headers={"referer": referer})
    assert (marked.status_code, marked.url) == (302, thread.get_absolute_url())
    helped = client.post(f"/c/{comment.pk}/helpful/", {"mark": "1"}, headers={"referer": referer})
    assert (helped.status_code, helped.url.endswith(f"#c{comment.pk}")) == (302, True)
