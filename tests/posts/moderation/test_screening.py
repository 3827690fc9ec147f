"""Screening: which comments are held, and which words the author has to confirm."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from posts.models import Case, Comment, LogEntry, SiteChoices, WatchedWord
from posts.moderation import actions, sanctions
from posts.safety import spam, words
from posts.threads.exceptions import ConfirmationNeeded
from posts.writing import comments
from tests.factories import WORDS, moderator, person, reply, thread

LINKS = "Read [this](https://a.example), [that](https://b.example) and [those](https://c.example) as well."


def held_for(comment):
    """Return the reasons for which the comment is held, or None."""
    comment.refresh_from_db()
    case = Case.objects.open().filter(comment=comment).first()
    assert (case is None) == (comment.held_at is None and comment.hidden_at is None)
    return case and case.why


def test_first_two_comments_of_newcomer_are_held(opening, mod):
    new = person(trust=User.Trust.NEW, joined_at=timezone.now() - timedelta(days=2))
    first, second, third = (reply(opening, new, f"{WORDS} {number}") for number in range(3))
    assert [held_for(each) for each in (first, second, third)] == [["first"]] * 3
    for comment in (first, second):
        actions.approve(moderator=mod, comment=comment, reason="It fits.")
    assert held_for(reply(opening, new, "And now at once, as everybody else.")) is None


def test_owner_sets_number_of_held_comments(opening):
    SiteChoices.objects.update_or_create(pk=1, defaults={"first_held": 0})
    assert held_for(reply(opening, person(trust=User.Trust.NEW))) is None


@pytest.mark.parametrize(("trust", "held"), [(User.Trust.MEMBER, ["links"]), (User.Trust.TRUSTED, None)])
def test_many_links_are_held_unless_author_is_trusted(opening, trust, held):
    somebody = person(trust=trust)
    assert held_for(reply(opening, somebody, LINKS)) == held
    assert held_for(reply(opening, somebody, LINKS.replace(", [that](https://b.example)", ""))) is None


def test_staff_are_never_held(opening):
    assert held_for(reply(opening, moderator(), LINKS)) is None


def test_staff_in_session_without_second_factor_are_held_like_members(opening):
    staff = person(is_staff=True)
    staff.has_proven_factor = False
    assert held_for(reply(opening, staff, LINKS)) == ["links"]


def test_watched_word_is_held_if_found_as_whole_word(opening, alice):
    WatchedWord.objects.create(phrase="snake oil")
    assert held_for(reply(opening, alice, "They sold me Snake\nOil, and I drank it.")) == ["word"]
    assert held_for(reply(opening, alice, "A snake, oiled, is no phrase of ours.")) is None


def test_watched_word_asks_for_confirmation(opening, alice):
    WatchedWord.objects.create(phrase="crazy", act=WatchedWord.Act.ASK, advice="Many hear this as an insult.")
    text = "My family says that I am crazy, and I am not."
    with pytest.raises(ConfirmationNeeded) as asked:
        reply(opening, alice, text, sure=False)
    assert asked.value.asked == [("crazy", "Many hear this as an insult.")]
    assert Comment.objects.filter(depth=1).count() == 0
    assert held_for(reply(opening, alice, text, sure=True)) is None


def test_comments_of_watched_person_are_held_until_watch_ends(opening, alice, mod):
    sanctions.watch(moderator=mod, person=alice, reason="Too much at once.")
    alice.refresh_from_db()
    assert held_for(reply(opening, alice)) == ["watch"]
    sanctions.unwatch(moderator=mod, person=alice, reason="Calm again.")
    alice.refresh_from_db()
    assert held_for(reply(opening, alice, "Something else altogether.")) is None


@pytest.mark.parametrize(("removed", "held"), [(2, None), (3, ["record"])])
def test_author_with_three_of_ten_removed_in_a_week_is_held(opening, alice, mod, removed, held):
    written = [reply(opening, alice, f"{WORDS} {number}") for number in range(10)]
    for comment in written[:removed]:
        actions.remove(moderator=mod, comment=comment, reason="It is unkind.")
    assert held_for(reply(opening, alice, "One more, after all that.")) == held


def test_removals_of_earlier_week_do_not_count(opening, alice, mod):
    written = [reply(opening, alice, f"{WORDS} {number}") for number in range(3)]
    for comment in written:
        actions.remove(moderator=mod, comment=comment, reason="It is unkind.")
    Comment.objects.filter(author=alice).update(created_at=timezone.now() - timedelta(days=8))
    assert held_for(reply(opening, alice, "One more, a week later.")) is None


def test_new_account_that_repeats_link_is_held_as_spam(opening):
    SiteChoices.objects.update_or_create(pk=1, defaults={"first_held": 0})
    somebody = person(trust=User.Trust.NEW)
    text = "Buy [this](https://shop.example) today."
    assert held_for(reply(opening, somebody, text)) is None
    assert held_for(reply(thread(title="Another one").opening, somebody, text)) == ["spam"]


def test_edit_is_screened(opening, alice):
    comment = reply(opening, alice)
    comments.edit(editor=alice, comment=comment, source=LINKS)
    assert held_for(comment) == ["links"]
    entry = LogEntry.objects.get()
    assert (entry.act, entry.moderator, entry.person) == (LogEntry.Act.HIDE, None, alice)
    opening.thread.refresh_from_db()
    assert opening.thread.comment_count == 0


def test_edit_of_held_comment_raises_version_of_case(opening, alice):
    comment = reply(opening, alice, LINKS)
    before = Case.objects.get().version
    comments.edit(editor=alice, comment=comment, source="No links at all in here any more.")
    assert Case.objects.get().version > before
    assert held_for(comment) == ["links"]


def test_held_thread_is_not_visible(alice, mod):
    made = thread(alice, "Look at my links", questions=[])
    assert made.withdrawn_at is None
    WatchedWord.objects.create(phrase="look at")
    made = thread(alice, "Look at my links", questions=[])
    made.refresh_from_db()
    assert made.withdrawn_at is not None
    assert held_for(made.opening) == ["word"]
    actions.approve(moderator=mod, comment=made.opening, reason="It fits.")
    made.refresh_from_db()
    assert made.withdrawn_at is None


def test_form_sent_twice_creates_one_held_comment(opening):
    new = person(trust=User.Trust.NEW)
    assert reply(opening, new, key="once") == reply(opening, new, key="once")
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("What an ass.", "ass", True),
        ("A first class ticket", "ass", False),
        ("snake\n  oil", "snake oil", True),
        ("SNAKE OIL", "snake oil", True),
        ("GROSSE STRASSE", "straße", True),
        ("c++ is not c", "c++", True),
        ("die", "d.e", False),
        ("(ass)", "ass", True),
        ("ass_", "ass", False),
    ],
)
def test_whole_words_are_found(text, phrase, found):
    assert words.found_in(text, [phrase]) == ([phrase] if found else [])


@given(st.text(), st.lists(st.text(min_size=1).filter(str.strip)))
def test_found_in_accepts_any_text(text, phrases):
    assert set(words.found_in(text, phrases)) <= set(phrases)


@pytest.mark.parametrize(
    ("signs", "is_spam"),
    [
        (spam.Signs(links=1, age=timedelta(days=1), repeats=0, lately=0), False),
        (spam.Signs(links=3, age=timedelta(days=1), repeats=0, lately=0), False),
        (spam.Signs(links=1, age=timedelta(minutes=5), repeats=0, lately=0), False),
        (spam.Signs(links=0, age=timedelta(days=1), repeats=1, lately=6), False),
        (spam.Signs(links=2, age=timedelta(minutes=5), repeats=0, lately=0), True),
        (spam.Signs(links=1, age=timedelta(days=1), repeats=2, lately=0), True),
    ],
)
def test_spam_score(signs, is_spam):
    assert (spam.score(signs) >= spam.LOOKS_LIKE_SPAM) == is_spam
