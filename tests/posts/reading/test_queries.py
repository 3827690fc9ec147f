"""Pages of a thread: their comments, their links to other pages, and their number of queries."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from posts.models import Comment
from posts.moderation import actions
from posts.reading import orders, progress
from posts.reading import queries as reading_queries
from posts.writing import comments as writing_comments
from tests.factories import person, reply
from tests.factories import thread as make_thread
from tests.signing_in import sign_in_with_factor


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


def shown(thread, tab=reading_queries.ALL, order="oldest", position=None):
    return [
        row.pk
        for row in reading_queries.page_of_replies(thread.opening.pk, tab=tab, order=order, position=position).rows
    ]


def parts_of(thread, order="oldest", **place):
    """The pages of the thread's comments from the first to the last, each once forward and once back."""
    part = reading_queries.page_of_replies(thread.opening.pk, order=order, **place)
    pages = [part]
    while part.after is not None:
        part = reading_queries.page_of_replies(
            thread.opening.pk, order=order, position=("after", orders.parse_position(order, part.after)), **place
        )
        pages.append(part)
    back = [part]
    while part.before is not None:
        part = reading_queries.page_of_replies(
            thread.opening.pk, order=order, position=("before", orders.parse_position(order, part.before)), **place
        )
        back.append(part)
    return pages, back[::-1]


def test_page_shows_tree_in_reading_order(opening, talk):
    assert shown(opening.thread) == [comment.pk for comment in talk]


def test_tabs_show_complete_branches_and_correct_counts(opening, talk, client):
    thread = opening.thread
    one, two, three, four, five, six, seven = (comment.pk for comment in talk)
    first, second = thread.questions.all()
    assert shown(thread, first) == [one, two, three, seven]
    assert shown(thread, second) == [four]
    assert shown(thread, reading_queries.CONVERSATION) == [five, six]
    html = client.get(thread.get_absolute_url()).content.decode()
    counts = [" ".join(found.split()) for found in re.findall(r'<span class="count">([^<]+)</span>', html)]
    assert counts == ["7", "2 · 2 replies", "1", "2"]


def test_newest_branch_is_first_and_shown_from_its_beginning(opening, talk):
    one, two, three, four, five, six, seven = (comment.pk for comment in talk)
    assert shown(opening.thread, order="newest") == [seven, five, six, four, one, two, three]


def test_most_helpful_then_oldest_is_first_at_every_level(opening, talk, alice, bob):
    one, two, three, four, five, six, seven = (comment.pk for comment in talk)
    late = reply(talk[0], alice)
    carol = person()
    for reader, comment in ((carol, four), (alice, four), (carol, five), (bob, seven), (carol, late.pk)):
        helped = Comment.objects.select_related("thread").get(pk=comment)
        if helped.author_id != reader.pk:
            progress.mark_helpful(reader=reader, comment=helped, is_helpful=True)
    assert shown(opening.thread, order="helpful") == [four, five, six, seven, one, late.pk, two, three]
    first = opening.thread.questions.first()
    assert shown(opening.thread, first, order="helpful") == [seven, one, late.pk, two, three]


@pytest.mark.parametrize("order", orders.ORDERS)
@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_pages_show_each_comment_exactly_once(opening, talk, settings, size, order):
    Comment.objects.filter(pk__in=[talk[3].pk, talk[6].pk]).update(helpful_count=2)
    settings.COMMENTS_PER_PAGE = 100
    whole = shown(opening.thread, order=order)
    assert sorted(whole) == sorted(comment.pk for comment in talk)
    settings.COMMENTS_PER_PAGE = size
    for pages in parts_of(opening.thread, order):
        assert [row.pk for part in pages for row in part.rows] == whole
    for tab in (reading_queries.CONVERSATION, *opening.thread.questions.all()):
        forward, back = parts_of(opening.thread, order, tab=tab)
        assert [row.pk for part in forward for row in part.rows] == [row.pk for part in back for row in part.rows]


def test_position_of_deleted_comment_is_still_valid(opening, talk, settings):
    settings.COMMENTS_PER_PAGE = 1
    after = reading_queries.page_of_replies(opening.pk).after
    writing_comments.delete(author=talk[0].author, comment=talk[0])
    for comment in talk[1:3]:
        writing_comments.delete(author=comment.author, comment=comment)
    position = ("after", orders.parse_position("oldest", after))
    assert shown(opening.thread, position=position) == [talk[3].pk]


def test_long_branch_is_cut_and_shows_number_of_omitted_replies(opening, alice, settings):
    settings.COMMENTS_PER_PAGE = 20
    root = reply(opening, alice)
    many = [reply(root, alice) for _ in range(30)]
    chain = [reply(many[0], alice)]
    for _ in range(9):
        chain.append(reply(chain[-1], alice))
    part = reading_queries.page_of_replies(opening.pk)
    # five steps: the first five replies, the first of which shows four more levels below it
    assert [row.pk for row in part.rows] == [c.pk for c in (root, many[0], *chain[:4], *many[1:5])]
    left = {more.parent.pk: more for step in part.steps for more in [step.more, *step.closes] if more}
    assert {pk: more.count for pk, more in left.items()} == {chain[3].pk: 6, root.pk: 25}
    assert left[root.pk].after == many[4]
    assert left[chain[3].pk].after is None


def test_branch_that_fits_is_shown_completely(opening, alice):
    root = reply(opening, alice)
    below = [reply(root, alice) for _ in range(60)]
    deep = [reply(below[7], alice)]
    for _ in range(20):
        deep.append(reply(deep[-1], alice))
    part = reading_queries.page_of_replies(opening.pk)
    assert len(part.rows) == 1 + len(below) + len(deep)
    assert not [more for step in part.steps for more in [step.more, *step.closes] if more]


@pytest.mark.parametrize("order", orders.ORDERS)
def test_rest_of_cut_branch_is_complete_in_every_order(opening, alice, bob, client, settings, order):
    settings.COMMENTS_PER_PAGE = 20
    root = reply(opening, alice)
    many = [reply(root, bob) for _ in range(40)]
    Comment.objects.filter(pk__in=[many[20].pk, many[25].pk]).update(helpful_count=3)
    html = client.get(f"{opening.thread.get_absolute_url()}?order={order}").content.decode()
    seen = re.findall(r'<li id="b(\d+)"', html)
    address = re.search(r'data-hx-get="(/c/\d+/branch/[^"]+)"', html).group(1)
    while address:
        html = client.get(address.replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
        seen += re.findall(r'<li id="b(\d+)"', html)
        found = re.search(r'data-hx-get="(/c/\d+/branch/[^"]+)"', html)
        address = found and found.group(1)
    assert sorted(seen) == sorted(str(comment.pk) for comment in (root, *many))
    assert len(seen) == len(set(seen)) == 41


def test_page_after_last_one_links_back(opening, talk, client):
    html = client.get(f"{opening.thread.get_absolute_url()}?after={talk[-1].pk + 9}").content.decode()
    assert "nothing here any more" in html
    assert f'href="{opening.thread.get_absolute_url()}' in html or 'href="?#talk"' in html
    assert "first reply" not in html
    assert 'class="opening"' not in html


def test_page_of_branch_shows_rest_and_comments_above(opening, alice, bob, client, settings):
    settings.COMMENTS_PER_PAGE = 20
    root = reply(opening, alice, source="The root of it all, in words of its own.")
    many = [reply(root, bob) for _ in range(40)]
    below = reply(many[0], alice)
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    words = "Show 35 more replies to <bdi>Alice</bdi>"
    link = re.search(rf'href="(/c/{root.pk}/branch/\?after=\d+)"[^>]*>{words}', html).group(1)
    assert link.endswith(f"after={many[4].pk}")
    seen, address = re.findall(r'<li id="b(\d+)"', html), link
    while address:
        html = client.get(address).content.decode()
        assert f'id="c{root.pk}"' in html
        seen += re.findall(r'<li id="b(\d+)"', html)
        found = re.search(r'href="(\?after=\d+)#talk" rel="next"', html)
        address = found and f"/c/{root.pk}/branch/{found.group(1)}"
    assert seen == [str(comment.pk) for comment in (root, many[0], below, *many[1:])]
    html = client.get(f"/c/{below.pk}/branch/").content.decode()
    above = html[html.index('class="above"') : html.index(f'id="c{below.pk}"')]
    assert "The root of it all" in above
    assert f"/c/{many[0].pk}/branch/" in above
    assert re.search(rf'href="{opening.thread.get_absolute_url()}#c{below.pk}">Back', html)


def test_rest_of_list_is_loaded_in_place_by_htmx(opening, alice, bob, client, settings):
    settings.COMMENTS_PER_PAGE = 20
    root = reply(opening, alice)
    many = [reply(root, bob) for _ in range(40)]
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    inline = re.search(r'data-hx-get="(/c/\d+/branch/[^"]+)"', html).group(1).replace("&amp;", "&")
    part = client.get(inline, headers={"HX-Request": "true"}).content.decode()
    assert re.findall(r'^<li id="b(\d+)"', part) == [str(many[5].pk)]
    assert len(re.findall(r'<li id="b', part)) == 20
    assert "Show more replies to <bdi>Alice</bdi>" in part
    assert "<html" not in part


@pytest.mark.parametrize("size", [1, 3, 100])
def test_permalink_redirects_to_page_of_comment(opening, talk, settings, size, client):
    settings.COMMENTS_PER_PAGE = size
    for comment in talk:
        answer = client.get(f"/c/{comment.pk}/")
        assert answer.status_code == 302
        assert answer.url.endswith(f"#c{comment.pk}")
        assert f'<article class="comment" id="c{comment.pk}"' in client.get(answer.url).content.decode()


@settings_of_hypothesis(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(0, 10**6), min_size=1, max_size=60), size=st.sampled_from([3, 10, 40]))
def test_permalink_finds_comment_between_long_branches(alice, client, settings, numbers, size):
    """Talks that lean to their first comments, so that branches outgrow what a page shows."""
    settings.COMMENTS_PER_PAGE = size
    thread = make_thread(questions=())
    comments = [thread.opening]
    for number in numbers:
        comments.append(reply(comments[(number % len(comments)) // 2], alice))
    for comment in comments[1:]:
        address = client.get(f"/c/{comment.pk}/").url
        html = client.get(address).content.decode()
        assert re.search(rf'<article class="comment[^"]*" id="c{comment.pk}"', html), (address, comment.path)
    thread_page = client.get(thread.get_absolute_url()).content.decode()
    for pk in re.findall(r'id="c(\d+)"', thread_page):
        assert client.get(f"/c/{pk}/").url == f"{thread.get_absolute_url()}#c{pk}"


def test_query_count_of_thread_page_is_constant(opening, talk, alice, bob, client):
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


def test_query_count_of_thread_page_for_members_is_constant(opening, talk, alice, client):
    client.force_login(alice)
    address = opening.thread.get_absolute_url()
    # the first look is written down
    client.get(address)
    for _ in range(30):
        reply(opening, alice)
    costs = []
    for place in ("", "?order=newest", "?order=helpful", "?q=1", f"?at={talk[3].pk}"):
        with CaptureQueriesContext(connection) as queries:
            client.get(address + place)
        costs.append(len(queries))
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/c/{talk[0].pk}/branch/")
    assert [*costs, len(queries)] == [6] * 6


@pytest.mark.parametrize(
    "query", ["?q=9", "?q=x", "?after=abc", "?at=-1", "?at=²", "?order=best", "?order=helpful&at=3"]
)
def test_invalid_address_is_not_found(opening, client, query):
    assert client.get(opening.thread.get_absolute_url() + query).status_code == 404


def test_old_slug_redirects_to_thread_with_query(opening, client):
    answer = client.get(f"/t/{opening.thread_id}/old-words/?q=1")
    assert (answer.status_code, answer.url) == (301, f"{opening.thread.get_absolute_url()}?q=1")


def test_html_of_tree_differs_only_in_own_comments(opening, talk, alice, bob, client):
    address = opening.thread.get_absolute_url()
    tree = re.compile(r'<div id="tree".*?</section>', re.S)
    visitor = tree.search(client.get(address).content.decode()).group(0)
    client.force_login(alice)
    member = tree.search(client.get(address).content.decode()).group(0)
    assert "/edit/" not in visitor
    assert f'href="/c/{talk[0].pk}/edit/"' in member
    assert f'href="/c/{talk[1].pk}/edit/"' not in member
    mine = (
        r'<a href="/c/\d+/(?:edit|delete|flag)/"[^>]*>.*?</a> ?|<button [^>]*formaction="/c/\d+/helpful/".*?</button> '
    )
    form = r'<form id="acts".*?</form>'
    same = [re.sub(f"{mine}|{form}", "", html, flags=re.S).split() for html in (visitor, member)]
    assert same[0] == same[1]
    # everybody may be helped, but not by what they wrote themselves
    assert f'formaction="/c/{talk[0].pk}/helpful/"' in visitor
    assert f'formaction="/c/{talk[0].pk}/helpful/"' not in member
    assert f'formaction="/c/{talk[1].pk}/helpful/"' in member
    assert "csrf" not in visitor


def test_front_page_lists_threads_by_latest_activity(opening, alice, mod, client):
    _quiet, busy, pinned = (make_thread(title=f"Thread {name}") for name in ("quiet", "busy", "pinned"))
    reply(busy.opening, alice)
    actions.pin(moderator=mod, thread=pinned, reason="A good start.")
    html = client.get("/").content.decode()
    titles = re.findall(r"<h[13]><a [^>]*>([^<]*)</a>", html)
    assert titles == ["Thread pinned", "Thread busy", "Thread quiet", opening.thread.title]
    assert "1 comment" in html


def test_query_count_of_front_page_is_constant_on_each_page(settings, client, db):
    settings.THREADS_PER_PAGE = 2
    for number in range(5):
        make_thread(title=f"Thread number {number}")
    address, titles, costs = "/", [], []
    while address:
        with CaptureQueriesContext(connection) as queries:
            html = client.get(address).content.decode()
        costs.append(len(queries))
        titles += re.findall(r"<h[13]><a [^>]*>([^<]*)</a>", html)
        found = re.search(r'href="(\?after=[^"]+)" rel="next"', html)
        address = found and f"/{found.group(1)}"
    assert titles == [f"Thread number {number}" for number in (4, 3, 2, 1, 0)]
    # the first page also has the featured thread, its questions, and the median wait
    assert costs[0] <= 8
    assert set(costs[1:]) == {2}
    assert not any("OFFSET" in query["sql"] for query in queries)


@pytest.mark.parametrize("after", ["x", "1-", "99999999999999999999999-1", "-1-1"])
def test_invalid_position_shows_beginning_of_front_page(after, thread, client):
    assert thread.title in client.get("/", {"after": after}).content.decode()


def test_withdrawn_thread_is_not_found(opening, talk, mod, client):
    actions.remove(moderator=mod, comment=opening, reason="It names a patient.")
    assert client.get(opening.thread.get_absolute_url()).status_code == 404
    assert client.get(f"/c/{talk[0].pk}/").status_code == 404
    assert opening.thread.title not in client.get("/").content.decode()
    sign_in_with_factor(client, mod)
    assert client.get(opening.thread.get_absolute_url()).status_code == 200


def test_every_state_of_a_comment_is_described(opening, talk, alice, bob, mod, client):
    one, two, *_others, six, _seven = talk
    writing_comments.delete(author=alice, comment=one)
    actions.remove(moderator=mod, comment=two, reason="Unkind.")
    actions.hold(moderator=mod, comment=talk[4], reason="A second look.")
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert "Its author deleted this comment." in html
    assert "A moderator removed this comment." in html
    assert "waiting for a moderator" in html
    assert html.count("tombstone") == 3
    assert f'id="c{six.pk}"' in html


def test_page_in_the_middle_links_to_earlier_comments(opening, talk, settings, client):
    settings.COMMENTS_PER_PAGE = 2
    html = client.get(f"{opening.thread.get_absolute_url()}?at={talk[3].pk}").content.decode()
    assert re.search(rf'href="\?before={talk[3].pk}#talk" rel="prev"', html)


def test_author_of_deleted_comment_is_not_named_below_maximum_indent(opening, alice, bob, client):
    parent = opening
    for _level in range(10):
        parent = reply(parent, alice)
    reply(parent, bob)
    writing_comments.delete(author=alice, comment=parent)
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert "in reply to </span>Alice<q>" in html  # the one above, whose text is there
    assert "in reply to </span>a deleted comment</a>" in html


def test_own_comment_in_locked_thread_offers_only_deletion(opening, alice, mod, client):
    comment = reply(opening, alice)
    actions.lock(moderator=mod, thread=opening.thread, reason="Enough.")
    client.force_login(alice)
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert f"/c/{comment.pk}/delete/" in html
    assert f"/c/{comment.pk}/edit/" not in html
    assert "/admin/" not in html


def test_reply_to_deleted_opening_post_is_refused(alice, bob, client):
    thread = make_thread(author=alice)
    reply(thread.opening, bob)
    writing_comments.delete(author=alice, comment=thread.opening)
    html = client.get(thread.get_absolute_url()).content.decode()
    assert "The opening post is no longer here" in html
    assert "/reply/?q=1" not in html
    assert "Write a comment" not in html


def test_questions_to_same_people_have_tabs_with_different_names(client, db):
    thread = make_thread(questions=[("One?", "clinicians"), ("Two?", "clinicians"), ("Three?", "patients")])
    html = client.get(thread.get_absolute_url()).content.decode()
    assert [name in html for name in ("Question 1", "Question 2", "Readers’ answers", "Clinicians’ answers")] == [
        True,
        True,
        True,
        False,
    ]
