"""Pages of a thread: which comments they hold, what leads on, and what they cost."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts import page
from posts.actions import moderating, writing
from posts.models import Comment
from tests.factories import reply
from tests.factories import thread as make_thread

VISITOR = AnonymousUser()


@pytest.fixture
def talk(opening, alice, bob):
    """Seven comments: two branches under question 1, one under 2, one of conversation."""
    first, second = opening.thread.questions.all()
    one = reply(opening, alice, question=first, standpoint="clinician")
    two = reply(one, bob)
    three = reply(two, alice)
    four = reply(opening, bob, question=second, standpoint="patient")
    five = reply(opening, bob)
    six = reply(five, alice)
    seven = reply(opening, alice, question=first)
    return [one, two, three, four, five, six, seven]


def shown(thread, tab=page.ALL, viewer=VISITOR, **position):
    return [row.pk for row in page.of_thread(thread, viewer, tab, **position).rows]


def test_the_page_holds_the_tree_in_reading_order(opening, talk):
    assert shown(opening.thread) == [comment.pk for comment in talk]


def test_the_tabs_keep_each_answers_branch_and_their_counts_equal_the_rows(opening, talk, client):
    thread = opening.thread
    one, two, three, four, five, six, seven = (comment.pk for comment in talk)
    first, second = thread.questions.all()
    assert shown(thread, first) == [one, two, three, seven]
    assert shown(thread, second) == [four]
    assert shown(thread, page.CONVERSATION) == [five, six]
    html = client.get(thread.get_absolute_url()).content.decode()
    assert re.findall(r'<span class="count">(\d+)</span>', html) == ["7", "4", "1", "2"]


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_pages_by_position_leave_nothing_out_and_show_nothing_twice(opening, talk, settings, size):
    settings.COMMENTS_PER_PAGE = size
    seen, position = [], {}
    while True:
        part = page.of_thread(opening.thread, VISITOR, **position)
        seen += [row.pk for row in part.rows]
        list(part.steps())
        if part.after is None:
            break
        position = {"after": Comment.objects.get(pk=part.after).path}
    assert seen == [comment.pk for comment in talk]
    back = []
    while part.before is not None:
        part = page.of_thread(opening.thread, VISITOR, before=Comment.objects.get(pk=part.before).path)
        list(part.steps())
        back = [row.pk for row in part.rows] + back
    assert back == [comment.pk for comment in talk][: len(back)]
    assert len(back) >= len(talk) - size


def test_a_page_that_begins_inside_a_branch_shows_what_is_above(opening, talk, settings):
    settings.COMMENTS_PER_PAGE = 2
    part = page.of_thread(opening.thread, VISITOR, after=talk[1].path)
    assert part.rows[0] == talk[2]
    assert part.ancestors == talk[:2]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_permalink_leads_to_the_page_where_the_comment_stands(opening, talk, settings, size, client):
    settings.COMMENTS_PER_PAGE = size
    for comment in talk:
        answer = client.get(f"/c/{comment.pk}/")
        assert answer.status_code == 302
        assert answer.url.endswith(f"#c{comment.pk}")
        assert f'<article class="comment" id="c{comment.pk}"' in client.get(answer.url).content.decode()


def test_a_page_costs_the_same_number_of_queries_whatever_its_length(opening, talk, alice, bob, client):
    address = opening.thread.get_absolute_url()

    def cost():
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    few = cost()
    for _ in range(30):
        reply(talk[2], bob)
        reply(opening, alice)
    assert cost() == few <= 6


def test_a_members_page_costs_the_same_whatever_its_length(opening, talk, alice, client):
    client.force_login(alice)
    address = opening.thread.get_absolute_url()
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for _ in range(30):
        reply(opening, alice)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


@pytest.mark.parametrize("query", ["?q=9", "?q=x", "?after=abc", "?after=999999999", "?at=-1", "?before=0", "?at=²"])
def test_a_made_up_address_is_not_found(opening, client, query):
    assert client.get(opening.thread.get_absolute_url() + query).status_code == 404


def test_a_position_in_another_thread_is_not_found(opening, talk, client):
    other = make_thread(title="Another thread")
    assert client.get(f"{other.get_absolute_url()}?after={talk[0].pk}").status_code == 404


def test_an_old_slug_leads_to_the_thread_and_keeps_the_query(opening, client):
    answer = client.get(f"/t/{opening.thread_id}/old-words/?q=1")
    assert (answer.status_code, answer.url) == (301, f"{opening.thread.get_absolute_url()}?q=1")


def test_the_html_of_the_tree_is_the_same_for_everybody_but_for_what_is_mine(opening, talk, alice, bob, client):
    address = opening.thread.get_absolute_url()
    tree = re.compile(r'<div id="tree".*?</section>', re.S)
    visitor = tree.search(client.get(address).content.decode()).group(0)
    client.force_login(alice)
    member = tree.search(client.get(address).content.decode()).group(0)
    assert "/edit/" not in visitor
    assert f'href="/c/{talk[0].pk}/edit/"' in member
    assert f'href="/c/{talk[1].pk}/edit/"' not in member
    assert re.sub(r'<a href="/c/\d+/(edit|delete)/"[^>]*>.*?</a> ', "", member) == visitor
    assert "csrf" not in visitor


def test_the_front_page_lists_threads_by_latest_activity(opening, alice, mod, client):
    _quiet, busy, pinned = (make_thread(title=f"Thread {name}") for name in ("quiet", "busy", "pinned"))
    reply(busy.opening, alice)
    moderating.pin(moderator=mod, thread=pinned, reason="A good start.")
    html = client.get("/").content.decode()
    titles = re.findall(r"<h2><a [^>]*>([^<]*)</a>", html)
    assert titles == ["Thread pinned", "Thread busy", "Thread quiet", opening.thread.title]
    assert "1 comment" in html


def test_the_front_page_pages_by_position_at_a_constant_cost(settings, client, db):
    settings.THREADS_PER_PAGE = 2
    for number in range(5):
        make_thread(title=f"Thread number {number}")
    address, titles, costs = "/", [], []
    while address:
        with CaptureQueriesContext(connection) as queries:
            html = client.get(address).content.decode()
        costs.append(len(queries))
        titles += re.findall(r"<h2><a [^>]*>([^<]*)</a>", html)
        found = re.search(r'href="(\?after=[^"]+)" rel="next"', html)
        address = found and f"/{found.group(1)}"
    assert titles == [f"Thread number {number}" for number in (4, 3, 2, 1, 0)]
    assert max(costs) <= 2
    assert not any("OFFSET" in query["sql"] for query in queries)


@pytest.mark.parametrize("after", ["x", "1-", "99999999999999999999999-1", "-1-1"])
def test_a_broken_position_of_the_front_page_is_the_beginning(after, thread, client):
    assert thread.title in client.get("/", {"after": after}).content.decode()


def test_a_withdrawn_thread_is_not_there(opening, talk, mod, client):
    moderating.remove(moderator=mod, comment=opening, reason="It names a patient.")
    assert client.get(opening.thread.get_absolute_url()).status_code == 404
    assert client.get(f"/c/{talk[0].pk}/").status_code == 404
    assert opening.thread.title not in client.get("/").content.decode()
    client.force_login(mod)
    assert client.get(opening.thread.get_absolute_url()).status_code == 200


def test_every_state_has_its_words(opening, talk, alice, bob, mod, client):
    one, two, *_others, six, _seven = talk
    writing.delete(author=alice, comment=one)
    moderating.remove(moderator=mod, comment=two, reason="Unkind.")
    moderating.hold(moderator=mod, comment=talk[4], reason="A second look.")
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert "Its author took this comment back." in html
    assert "A moderator removed this comment." in html
    assert "waiting for a moderator" in html
    assert html.count("tombstone") == 3
    assert f'id="c{six.pk}"' in html


def test_earlier_comments_are_offered_from_a_page_in_the_middle(opening, talk, settings, client):
    settings.COMMENTS_PER_PAGE = 2
    html = client.get(f"{opening.thread.get_absolute_url()}?at={talk[3].pk}").content.decode()
    assert f'before={talk[3].pk}#talk" rel="prev"' in html


def test_below_the_indent_no_name_is_told_of_who_took_theirs_back(opening, alice, bob, client):
    parent = opening
    for _level in range(10):
        parent = reply(parent, alice)
    reply(parent, bob)
    writing.delete(author=alice, comment=parent)
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert "in reply to Alice" in html  # the one above, whose text is there
    assert "in reply to a comment above" in html


def test_what_is_mine_in_a_locked_thread_offers_deletion_only(opening, alice, mod, client):
    comment = reply(opening, alice)
    moderating.lock(moderator=mod, thread=opening.thread, reason="Enough.")
    client.force_login(alice)
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert f"/c/{comment.pk}/delete/" in html
    assert f"/c/{comment.pk}/edit/" not in html
    assert "/desk/" not in html


def test_a_deleted_opening_post_takes_no_answers_any_more(alice, bob, client):
    thread = make_thread(author=alice)
    reply(thread.opening, bob)
    writing.delete(author=alice, comment=thread.opening)
    html = client.get(thread.get_absolute_url()).content.decode()
    assert "The opening post is no longer here" in html
    assert "/reply/?q=1" not in html
    assert "Write a comment" not in html


def test_two_questions_to_the_same_people_have_tabs_of_different_names(client, db):
    thread = make_thread(questions=[("One?", "clinicians"), ("Two?", "clinicians"), ("Three?", "patients")])
    html = client.get(thread.get_absolute_url()).content.decode()
    assert [name in html for name in ("Question 1", "Question 2", "Patients answer", "Clinicians answer")] == [
        True, True, True, False
    ]  # fmt: skip
