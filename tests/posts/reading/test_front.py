"""The front page: the featured thread with a voice for each question, new comments, and how long reviews take."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts.models import Case, Comment, Reading
from posts.moderation import actions
from posts.reading import front
from tests.factories import WHY, WORDS, moderator, person, reply
from tests.factories import thread as make_thread


@pytest.fixture
def thread(db):
    return make_thread(questions=[("What did they learn?", "clinicians"), ("What did you learn?", "patients")])


def text_of(client, address="/"):
    """The page's text, without tags, with white space collapsed."""
    html = client.get(address).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html[html.index("<main") : html.index("</main>")]).split())


def test_featured_thread_has_its_questions_with_counts_and_a_voice_for_each(thread, client):
    for_clinicians, for_readers = thread.questions.all()
    dr, ann = person("Dr Sen"), person("Ann")
    first = reply(thread.opening, dr, "They stayed.", question=for_clinicians, standpoint="clinician")
    liked = reply(thread.opening, dr, "They left.", question=for_clinicians, standpoint="clinician")
    reply(first, ann, "Thank you.")
    # more helpful than both, and not by a clinician
    other = reply(thread.opening, ann, "I guess.", question=for_clinicians, standpoint="patient")
    mine = reply(thread.opening, ann, "To wait.", question=for_readers, standpoint="patient")
    Comment.objects.filter(pk=liked.pk).update(helpful_count=3)
    Comment.objects.filter(pk=other.pk).update(helpful_count=9)
    shown = text_of(client)
    assert "5 comments · 2 from clinicians" in shown
    assert "What did they learn? They left. Dr Sen Clinician (not verified)" in shown
    assert "3 answers · 1 reply" in shown
    assert "What did you learn? To wait. Ann Patient or former patient" in shown
    assert "1 answer What" not in shown
    # what is withdrawn, or concerns somebody's privacy, is not on the front page
    mod = moderator()
    actions.hold(moderator=mod, comment=liked, reason=WHY)
    assert "They stayed. Dr Sen" in text_of(client)
    Case.objects.create(comment=mine, kind=Case.Kind.PRIVACY, why=["flag"], opened_at=timezone.now())
    assert "To wait." not in text_of(client)


def test_thread_without_questions_or_post_is_featured(client, db):
    thread = make_thread(author=person("Ann"), questions=())
    assert WORDS in text_of(client)
    reply(thread.opening, person("Bob"), "Another one.")
    Comment.objects.filter(pk=thread.opening.pk).update(deleted_at=timezone.now())
    shown = text_of(client)
    assert WORDS not in shown
    assert "Ann" not in shown


def test_new_comments_of_each_thread_are_counted_for_members_who_were_there(thread, client):
    ann, bob = person("Ann"), person("Bob")
    other = make_thread(title="Another one")
    client.force_login(ann)
    client.get(thread.get_absolute_url())
    reply(thread.opening, bob)
    reply(thread.opening, bob)
    reply(thread.opening, ann)
    reply(other.opening, bob)
    rows = {row.thread: row for row in front.rows([thread, other], ann)}
    assert (rows[thread].new, rows[thread].is_visited) == (2, True)
    # nothing is new on a first visit
    assert (rows[other].new, rows[other].is_visited) == (0, False)
    assert "2 new" in text_of(client)
    Reading.objects.update(seen_until=F("seen_until") + timedelta(days=1))
    assert "2 new" not in text_of(client)


def test_query_count_of_front_page_does_not_depend_on_number_of_threads(thread, client):
    ann = person("Ann")
    client.force_login(ann)
    client.get(thread.get_absolute_url())

    def cost():
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        return len(queries)

    before = cost()
    for number in range(5):
        reply(make_thread(title=f"Thread {number}").opening, ann)
    actions.pin(moderator=moderator(), thread=thread, reason=WHY)
    assert cost() <= before


def test_median_wait_is_of_held_comments_of_last_seven_days(thread, client):
    now = timezone.now()
    mod, ann = moderator(), person("Ann")

    def case(kind, minutes, closed):
        comment = reply(thread.opening, ann)
        actions.hold(moderator=mod, comment=comment, reason=WHY)
        Case.objects.filter(comment=comment).delete()
        entry = comment.log_entries.first()
        opened = closed - timedelta(minutes=minutes)
        Case.objects.create(
            comment=comment, kind=kind, why=["hold"], opened_at=opened, closed_at=closed, closed_by=entry
        )

    assert Case.objects.median_wait(now) is None
    for minutes in (10, 38, 600):
        case(Case.Kind.HELD, minutes, now - timedelta(days=1))
    case(Case.Kind.HELD, 1, now - timedelta(days=8))
    case(Case.Kind.FLAGGED, 1, now - timedelta(days=1))
    assert Case.objects.median_wait(now) == timedelta(minutes=38)
    for wait, words in ((38, "38 minutes"), (0.2, "1 minute"), (200, "3 hours"), (4320, "3 days")):
        cache.set("median_wait", timedelta(minutes=wait))
        assert f"half of them were read within {words}." in text_of(client)


def test_voices_are_found_by_the_index_of_helpful_answers(thread, client):
    question = thread.questions.first()
    for _ in range(3):
        reply(thread.opening, person(), question=question, standpoint="clinician")
    with CaptureQueriesContext(connection) as queries:
        front.voices(thread, thread.opening)
    (sql,) = (query["sql"] for query in queries if "LIMIT" in query["sql"] and f", 0) = {question.pk}" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "comment_answer_helpful" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("address", ["/", "/?after=1-1"])
def test_front_page_without_threads_has_one_first_heading(db, client, address):
    assert client.get(address).content.decode().count("<h1") == 1
