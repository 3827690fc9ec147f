"""Edits and deletions by the author: what readers see, and undo."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from posts.models import Comment, LogEntry, Revision, Thread
from posts.moderation import actions, sanctions
from posts.threads.exceptions import EditConflict, Refused
from posts.writing import comments
from tests.factories import WORDS, reply
from tests.factories import thread as make_thread
from tests.signing_in import sign_in_with_factor

LATER = "Somebody left, although I had been kind the week before."


def grow_old(comment, minutes=10):
    """So long ago that a change is seen."""
    Comment.objects.filter(pk=comment.pk).update(created_at=timezone.now() - timedelta(minutes=minutes))


def history(client, comment, version=""):
    answer = client.get(f"/c/{comment.pk}/history/", {"version": version} if version else {})
    return answer.content.decode() if answer.status_code == 200 else answer.status_code


def plain(html):
    """The difference on a history page, with [-…-] and [+…+]."""
    found = re.search(r'<div class="parts words" dir="auto">(.*?)</div>', html, re.S).group(1)
    found = re.sub(r'<span class="unseen">.*?</span>', "", found)
    for tag, sign in (("del", "-"), ("ins", "+")):
        found = found.replace(f"<{tag}>", f"[{sign}").replace(f"</{tag}>", f"{sign}]")
    return found


def test_first_minutes_edit_is_unmarked_and_later_edit_is_public(comment, alice, client):
    comments.edit(editor=alice, comment=comment, source="Somebody stayed, at first without a word.")
    assert "edited" not in client.get(comment.thread.get_absolute_url()).content.decode()
    grow_old(comment)
    comments.edit(editor=alice, comment=comment, source="Somebody stayed, at last without a word.")
    page = client.get(comment.thread.get_absolute_url()).content.decode()
    assert (
        f'<a class="edited" href="/c/{comment.pk}/history/">edited<span class="unseen"> (by Alice)</span></a>' in page
    )
    html = history(client, comment)
    assert plain(html) == "Somebody stayed, at [-first -][+last +]without a word."
    assert plain(history(client, comment, 1)) == "Somebody stayed, at first without a word."
    assert history(client, comment, 3) == history(client, comment, "x") == history(client, comment, "0") == 404


def test_history_escapes_html_of_texts(comment, alice, client):
    grow_old(comment)
    comments.edit(editor=alice, comment=comment, source="<script>alert(1)</script> and some more words")
    html = history(client, comment)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_history_shows_change_of_each_version(comment, alice, client, django_assert_max_num_queries):
    grow_old(comment)
    for number in range(2, 60):
        comments.edit(editor=alice, comment=comment, source=f"This is now version number {number}.")
    assert plain(history(client, comment)) == "This is now version number [-58.-][+59.+]"
    assert plain(history(client, comment, 30)) == "This is now version number [-29.-][+30.+]"
    assert plain(history(client, comment, 1)) == WORDS
    with django_assert_max_num_queries(6):
        listed = re.findall(r'href="\?version=(\d+)"', history(client, comment, 30))
    assert listed == [str(number) for number in range(51, 9, -1)]


def test_deleted_comment_has_no_history(comment, alice, bob, mod, client):
    grow_old(comment)
    comments.edit(editor=alice, comment=comment, source=LATER)
    reply(comment, bob)
    actions.remove(moderator=mod, comment=comment, reason="It names a patient.")
    assert history(client, comment) == 404
    sign_in_with_factor(client, mod)
    assert WORDS.split()[-1] in history(client, comment)
    actions.restore(moderator=mod, comment=comment, reason="A mistake.")
    client.force_login(bob)
    assert WORDS.split()[1] in history(client, comment)
    comments.delete(author=alice, comment=comment)
    assert history(client, comment) == 404


def test_moderator_withholds_version_and_shows_it_again(comment, alice, mod, client):
    grow_old(comment)
    comments.edit(editor=alice, comment=comment, source="The name of my patient is Anna.")
    comments.edit(editor=alice, comment=comment, source="The name of my patient is nobody’s business.")
    named = comment.revisions.get(number=2)
    assert "Anna" in history(client, comment)
    sign_in_with_factor(client, mod)
    for verb, withheld in (("withhold", True), ("show_again", False)):
        ticked = {"action": verb, "_selected_action": [named.pk], "index": 0, "confirmed": "1", "reason": "A name."}
        assert ": done." in client.post("/admin/posts/revision/", ticked, follow=True).content.decode()
        assert "Anna" in history(client, comment)
        client.logout()
        for version in (2, 3):
            assert ("Anna" not in history(client, comment, version)) is withheld
        assert plain(history(client, comment, 1)) == WORDS
        sign_in_with_factor(client, mod)
        again = getattr(actions, verb)(moderator=mod, revision=named, reason="Twice is once.")
        assert again is False
    assert set(LogEntry.objects.values_list("act", "comment")) == {("withhold", comment.pk), ("show_again", comment.pk)}


def test_only_moderator_can_withhold_version(comment, alice, bob):
    grow_old(comment)
    comments.edit(editor=alice, comment=comment, source=LATER)
    for somebody in (alice, bob):
        with pytest.raises(PermissionDenied):
            actions.withhold(moderator=somebody, revision=Revision.objects.get(), reason="Mine.")


def test_edit_in_second_window_does_not_overwrite_first(comment, alice, client):
    client.force_login(alice)
    address = f"/c/{comment.pk}/edit/"
    seen = re.search(r'name="seen" value="(\w+)"', client.get(address).content.decode()).group(1)
    assert client.post(address, {"source": LATER, "seen": seen}).status_code == 302
    second = "Somebody stayed, and I do not know to this day why."
    answer = client.post(address, {"source": second, "seen": seen})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "changed in another window" in html
    assert second in html
    assert plain(html).startswith("Somebody [-left, although")
    comment.refresh_from_db()
    assert comment.source == LATER
    now_seen = re.search(r'name="seen" value="(\w+)"', html).group(1)
    assert client.post(address, {"source": second, "seen": now_seen}).status_code == 302
    comment.refresh_from_db()
    assert comment.source == second


def test_same_edit_in_two_windows_is_no_conflict(comment, alice):
    seen = comment.fingerprint
    comments.edit(editor=alice, comment=comment, source=LATER, seen=seen)
    comments.edit(editor=alice, comment=comment, source=LATER, seen=seen)
    with pytest.raises(EditConflict):
        comments.edit(editor=alice, comment=comment, source=WORDS + " Still.", seen=seen)


def rows():
    """All that counts and shows, byte for byte."""
    changing = {"version", "last_activity_at"}
    threads = [{k: v for k, v in row.items() if k not in changing} for row in Thread.objects.order_by("pk").values()]
    return threads, list(Comment.objects.order_by("pk").values())


@pytest.mark.parametrize("answered", [True, False])
def test_deletion_undone_within_a_minute_restores_everything(opening, alice, bob, client, answered):
    comment = reply(opening, alice, question=opening.thread.questions.first())
    if answered:
        reply(comment, bob)
    before = rows()
    client.force_login(alice)
    page = client.post(f"/c/{comment.pk}/delete/", follow=True).content.decode()
    assert "Your comment is deleted." in page
    assert f'<form method="post" action="/c/{comment.pk}/undelete/">' in page
    assert rows() != before
    back = client.post(f"/c/{comment.pk}/undelete/", follow=True).content.decode()
    assert "Your comment is back." in back
    assert WORDS in back
    assert rows() == before
    assert client.post(f"/c/{comment.pk}/undelete/").status_code == 302
    assert rows() == before


def test_thread_returns_when_deletion_of_opening_post_is_undone(alice, client):
    thread = make_thread(author=alice)
    client.force_login(alice)
    page = client.post(f"/c/{thread.opening.pk}/delete/", follow=True).content.decode()
    assert thread.title not in page.partition("<main")[2]
    assert "Undo" in page
    client.post(f"/c/{thread.opening.pk}/undelete/")
    assert client.get(thread.get_absolute_url()).status_code == 200


def test_deletion_cannot_be_undone_after_a_minute(comment, alice, client):
    comments.delete(author=alice, comment=comment)
    Comment.objects.filter(pk=comment.pk).update(deleted_at=timezone.now() - timedelta(seconds=80))
    with pytest.raises(Refused):
        comments.undelete(author=alice, comment=comment)
    client.force_login(alice)
    answer = client.post(f"/c/{comment.pk}/undelete/")
    assert "that minute is over" in answer.content.decode()
    comment.refresh_from_db()
    assert comment.deleted_at


def test_only_author_undoes_deletion_and_not_removal(comment, alice, bob, mod):
    comments.delete(author=alice, comment=comment)
    for somebody in (bob, mod):
        with pytest.raises(PermissionDenied):
            comments.undelete(author=somebody, comment=comment)
    actions.remove(moderator=mod, comment=comment, reason="Unkind.")
    comments.undelete(author=alice, comment=comment)
    comment.refresh_from_db()
    assert comment.state == Comment.State.REMOVED
    assert Thread.objects.get().comment_count == 0


def test_deletion_in_locked_thread_can_be_undone_but_not_by_suspended_author(comment, alice, mod):
    actions.lock(moderator=mod, thread=comment.thread, reason="Enough.")
    comments.delete(author=alice, comment=comment)
    assert comments.undelete(author=alice, comment=comment).is_published
    sanctions.suspend(moderator=mod, person=alice, reason="Unkind.")
    alice.refresh_from_db()
    comments.delete(author=alice, comment=comment)
    with pytest.raises(Refused):
        comments.undelete(author=alice, comment=comment)


def test_deleting_and_undoing_is_limited(comment, alice, client, settings):
    settings.LIMITS = {"edit": {"first day": "3 per hour"}}
    client.force_login(alice)
    answers = [client.post(f"/c/{comment.pk}/{act}/") for act in ("delete", "undelete") * 2]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert int(answers[3]["Retry-After"]) > 3_000
    assert "A little slower, please" in answers[3].content.decode()


@pytest.mark.parametrize("state", ["hidden", "held"])
def test_version_that_was_never_visible_stays_withheld(opening, comment, alice, mod, client, state):
    named = "The name of my patient is Anna, and she said so."
    comments.edit(editor=alice, comment=comment, source=named)
    grow_old(comment)
    if state == "hidden":
        actions.hold(moderator=mod, comment=comment, reason="It names a patient.")
    else:
        Comment.objects.filter(pk=comment.pk).update(held_at=timezone.now(), published_at=None)
    comments.edit(editor=alice, comment=comment, source="A patient of mine said so, and I believed it.")
    actions.approve(moderator=mod, comment=comment, reason="Thank you.")
    for version in (1, 2):
        assert "Anna" not in history(client, comment, version)
    page = client.get(opening.thread.get_absolute_url()).content.decode()
    assert ("/history/" in page) is (state == "hidden")
    sign_in_with_factor(client, mod)
    assert "Anna" in history(client, comment, 1)


def test_deleted_comment_is_not_found_by_search(comment, alice):
    assert Comment.objects.matching("unkind week").filter(pk=comment.pk).exists()
    comments.delete(author=alice, comment=comment)
    assert not Comment.objects.matching("unkind week").filter(pk=comment.pk).exists()


def test_query_count_of_history_is_constant(comment, client, django_assert_max_num_queries):
    now = timezone.now()
    Revision.objects.bulk_create(
        Revision(comment=comment, number=number, source="x", replaced_at=now) for number in range(1, 2_001)
    )
    with django_assert_max_num_queries(6):
        assert history(client, comment).count("?version=") <= 42
