"""The moderators' desk: lists that stay fast, verbs that ask for a reason, and nothing that edits or deletes."""

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from accounts.models import User
from forum.templatetags.moments import moment
from posts.models import Comment, LogEntry, Rules, Thread
from posts.moderation import actions, decisions, flags, sanctions
from tests.factories import moderator, person, reply
from tests.signing_in import sign_in_with_factor

LISTS = ["posts/comment", "posts/thread", "posts/logentry", "accounts/user", "accounts/verification"]


@pytest.fixture
def desk(client, mod):
    """A browser in which the moderator is signed in, with a second factor."""
    return sign_in_with_factor(client, mod)


def act(desk, place, verb, *rows, **data):
    """What the moderator does: tick the rows, choose the act, give the reason."""
    ticked = {"action": verb, "_selected_action": [row.pk for row in rows], "index": 0}
    asked = desk.post(f"/admin/{place}/", ticked)
    assert 'name="reason"' in asked.content.decode()
    return desk.post(
        f"/admin/{place}/", ticked | {"confirmed": "1", "reason": "It names a patient."} | data, follow=True
    )


def test_mod_removes_a_comment_with_a_reason_and_restores_it(desk, mod, opening, alice):
    comment = reply(opening, alice)
    assert "Remove: done." in act(desk, "posts/comment", "remove", comment).content.decode()
    comment.refresh_from_db()
    assert comment.state == Comment.State.REMOVED
    entry = LogEntry.objects.get()
    assert (entry.moderator, entry.act, entry.comment, entry.reason) == (mod, "remove", comment, "It names a patient.")
    # told in the words of every other page
    assert f">{strip_tags(moment(entry.at))}<" in desk.get("/admin/posts/logentry/").content.decode()
    act(desk, "posts/comment", "restore", comment)
    comment.refresh_from_db()
    assert comment.is_published


def test_without_a_reason_nothing_happens(desk, opening, alice):
    comment = reply(opening, alice)
    answer = desk.post(
        "/admin/posts/comment/", {"action": "remove", "_selected_action": [comment.pk], "confirmed": "1", "reason": " "}
    )
    assert answer.status_code == 422
    comment.refresh_from_db()
    assert comment.is_published


@pytest.mark.parametrize(("verb", "field"), [("lock", "locked_at"), ("pin", "pinned_at")])
def test_mod_locks_and_pins_threads(desk, thread, verb, field):
    act(desk, "posts/thread", verb, thread)
    assert getattr(Thread.objects.get(), field) is not None


def test_mod_suspends_for_a_week(desk, alice):
    act(desk, "accounts/user", "suspend", alice, days=7)
    alice.refresh_from_db()
    assert alice.is_suspended
    assert (alice.suspended_until - alice.suspended_at).days in (6, 7)


def test_mod_suspends_without_an_end(desk, alice):
    act(desk, "accounts/user", "suspend", alice, days=0)
    alice.refresh_from_db()
    assert alice.is_suspended
    assert alice.suspended_until is None


def test_mod_verifies_a_clinician(desk, mod, alice):
    act(
        desk,
        "accounts/user",
        "grant",
        alice,
        profession="Psychologist",
        regulator="Board",
        region="US-MD",
        method="Register",
    )
    verification = alice.verifications.get()
    assert (verification.profession, verification.checked_by) == ("Psychologist", mod)


def test_what_a_verb_refuses_is_told_row_by_row(desk, mod, alice):
    html = act(desk, "accounts/user", "suspend", mod, alice, days=1).content.decode()
    assert "Moderators take no steps against themselves" in html
    assert ": done." in html


def test_before_deciding_mod_reads_the_whole_text_and_what_else_goes(desk, opening, alice):
    comment = reply(opening, alice, source="A long comment. " * 20)
    asked = {"action": "remove", "_selected_action": [comment.pk, opening.pk], "index": 0}
    html = desk.post("/admin/posts/comment/", asked).content.decode()
    assert ("A long comment. " * 20).strip() in html
    assert html.count("its whole thread, 1 comments, is withdrawn") == 1


def test_more_rows_than_can_be_read_are_refused(desk, opening, alice, monkeypatch):
    monkeypatch.setattr("posts.moderation.admin.base.AT_ONCE", 2)
    rows = [reply(opening, alice) for _ in range(3)]
    data = {"action": "remove", "_selected_action": [row.pk for row in rows], "select_across": "1", "index": 0}
    assert (
        "At most 2 rows at once; nothing was done."
        in desk.post("/admin/posts/comment/", data, follow=True).content.decode()
    )


@pytest.mark.parametrize("place", LISTS)
def test_a_list_cannot_be_sorted_where_no_index_gives_the_order(desk, place):
    assert "?o=" not in desk.get(f"/admin/{place}/").content.decode()


def test_several_rows_at_once(desk, opening, alice):
    comments = [reply(opening, alice) for _ in range(3)]
    assert "Remove: 3 done." in act(desk, "posts/comment", "remove", *comments).content.decode()
    assert Thread.objects.get().comment_count == 0


@pytest.mark.parametrize("place", LISTS)
def test_a_list_costs_the_same_number_of_queries_whatever_its_length(desk, mod, opening, place):
    def more():
        for _ in range(3):
            somebody = person()
            actions.remove(moderator=mod, comment=reply(opening, somebody), reason="x")
            actions.lock(moderator=mod, thread=opening.thread, reason="x")
            actions.unlock(moderator=mod, thread=opening.thread, reason="x")
            act(desk, "accounts/user", "grant", somebody, profession="x", regulator="x", region="x", method="x")

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(f"/admin/{place}/").status_code == 200
        return [query["sql"] for query in queries]

    more()
    few = cost()
    more()
    many = cost()
    assert len(many) == len(few)
    assert not any(
        "COUNT(*)" in sql and "LIMIT" not in sql and f'FROM "{place.replace("/", "_")}"' in sql for sql in many
    )


@pytest.mark.parametrize("place", LISTS)
def test_rows_are_neither_added_nor_changed_nor_deleted_here(desk, mod, opening, alice, place):
    act(desk, "posts/comment", "remove", reply(opening, alice))
    act(desk, "accounts/user", "grant", alice, profession="x", regulator="x", region="x", method="x")
    model = next(model for model in site._registry if f"{model._meta.app_label}/{model._meta.model_name}" == place)
    row = model.objects.first()
    assert desk.get(f"/admin/{place}/{row.pk}/change/").status_code == 200
    for door in ("add/", f"{row.pk}/delete/"):
        assert desk.get(f"/admin/{place}/{door}").status_code == 403
    assert desk.post(f"/admin/{place}/{row.pk}/change/", {"display_name": "Other"}).status_code in (302, 403)
    assert "delete_selected" not in desk.get(f"/admin/{place}/").content.decode()


def test_the_group_may_do_what_moderators_do_and_nothing_else(db):
    rights = Group.objects.get(name="Moderators").permissions.values_list("codename", flat=True)
    assert set(rights) == {
        "view_thread",
        "view_question",
        "view_comment",
        "view_revision",
        "view_logentry",
        "moderate_comment",
        "view_case",
        "view_note",
        "view_rules",
        "view_user",
        "view_verification",
        "view_cannedreason",
        "add_cannedreason",
        "change_cannedreason",
        "delete_cannedreason",
        "view_watchedword",
        "add_watchedword",
        "change_watchedword",
        "delete_watchedword",
    }


def test_a_moderator_cannot_raise_themselves(desk, mod):
    desk.post(f"/admin/accounts/user/{mod.pk}/change/", {"is_superuser": "on", "is_staff": "on"})
    assert not User.objects.get(pk=mod.pk).is_superuser


def test_staff_who_may_only_look_use_no_verbs(client, opening, alice):
    clerk = person("Clara Clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_comment"))
    sign_in_with_factor(client, clerk)
    comment = reply(opening, alice)
    data = {"action": "remove", "_selected_action": [comment.pk], "confirmed": "1", "reason": "x"}
    assert 'value="remove"' not in client.get("/admin/posts/comment/").content.decode()
    client.post("/admin/posts/comment/", data)
    comment.refresh_from_db()
    assert comment.is_published


@pytest.mark.parametrize(
    ("search", "found"),
    [("unkind", True), ("by:alice", True), ("by:bob", False), ("somebody stayed", True), ("zebra", False)],
)
def test_comments_are_found_by_words_and_by_author(desk, opening, alice, search, found):
    comment = reply(opening, alice)
    html = desk.get("/admin/posts/comment/", {"q": search}).content.decode()
    assert (f"/admin/posts/comment/{comment.pk}/change/" in html) is found


@pytest.mark.parametrize(("search", "found"), [("therapy rehearsal", True), ("zebra", False)])
def test_threads_are_found_by_words_of_their_title(desk, thread, search, found):
    html = desk.get("/admin/posts/thread/", {"q": search}).content.decode()
    assert (f"/admin/posts/thread/{thread.pk}/change/" in html) is found


@pytest.mark.parametrize(
    ("search", "found"), [("MO.DERBY@example.org", True), ("mo derby", True), ("alice@example.org", False)]
)
def test_the_log_is_found_by_moderator(desk, mod, opening, search, found):
    actions.remove(moderator=mod, comment=opening, reason="It names a patient.")
    html = desk.get("/admin/posts/logentry/", {"q": search}).content.decode()
    assert ("It names a patient." in html) is found


def test_a_comment_is_found_by_its_number_and_by_its_state(desk, mod, opening, alice):
    one, other = reply(opening, alice), reply(opening, alice)
    actions.remove(moderator=mod, comment=one, reason="x")
    html = desk.get("/admin/posts/comment/", {"state": "published"}).content.decode()
    assert f"/comment/{other.pk}/change/" in html
    assert f"/comment/{one.pk}/change/" not in html
    for query in ({"q": f"#{one.pk}"}, {"state": "removed"}):
        html = desk.get("/admin/posts/comment/", query).content.decode()
        assert f"/comment/{one.pk}/change/" in html
        assert f"/comment/{other.pk}/change/" not in html


def test_what_is_told_in_numbers_only_are_rules_that_there_are(desk, mod):
    mod.is_superuser = True
    mod.save()
    add = "/admin/posts/rules/add/"
    begun = desk.get(add).context["adminform"].form.initial
    assert begun["in_numbers"].splitlines() == Rules.in_force().titles_in_numbers != []
    refused = desk.post(add, begun | {"in_numbers": "Risk\nNo such rule"})
    assert "No rule has this title: No such rule." in refused.content.decode()
    assert desk.post(add, begun | {"in_numbers": "Risk"}).status_code == 302
    assert Rules.in_force().titles_in_numbers == ["Risk"]


def test_before_several_are_removed_one_sees_who_looks_at_them_and_what_is_masked(desk, mod, opening, alice):
    mia = moderator("Mia Second")
    comments = [reply(opening, alice, f"Oak Lane {number}") for number in range(6)]
    flags.flag(comment=comments[0], person=person(), reason="personal")
    decisions.claim(moderator=mia, case_id=comments[0].cases.get().pk)
    costs = []
    for number in (2, 6):
        data = {"action": "remove", "_selected_action": [comment.pk for comment in comments[:number]]}
        with CaptureQueriesContext(connection) as asked:
            page = desk.post("/admin/posts/comment/", data).content.decode()
        costs.append(len(asked))
    assert costs[0] == costs[1]
    assert "Mia Second is looking at its item" in page
    assert page.count('<details class="masked">') == 1


def test_what_was_refused_can_be_sent_in_another_way_with_what_was_typed(desk, mod, alice):
    sanctions.suspend(moderator=mod, person=alice, reason="Spam.")
    data = {"action": "suspend", "_selected_action": [alice.pk], "confirmed": "1", "days": "1"}
    refused = desk.post("/admin/accounts/user/", data | {"reason": "A long and careful reason."})
    assert refused.status_code == 409
    assert "A long and careful reason." in refused.content.decode()
    assert "for longer than that" in refused.content.decode()
