"""The admin lists of moderators: constant query counts, actions that ask for a reason, and read-only rows."""

import re

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
from posts.writing import comments
from tests.factories import moderator, person, reply
from tests.posts.moderation.case_forms import flagged, mark_of
from tests.signing_in import sign_in_with_factor

LISTS = ["posts/comment", "posts/thread", "posts/logentry", "accounts/user", "accounts/verification"]


@pytest.fixture
def mod_client(client, mod):
    """A test client in which the moderator is signed in with a second factor."""
    return sign_in_with_factor(client, mod)


def act(mod_client, place, verb, *rows, **data):
    """Run an admin action: tick the rows, choose the action, and give the reason."""
    ticked = {"action": verb, "_selected_action": [row.pk for row in rows], "index": 0}
    asked = mod_client.post(f"/admin/{place}/", ticked)
    assert 'name="reason"' in asked.content.decode()
    sent = ticked | {"confirmed": "1", "reason": "It names a patient.", "mark": marks_in(asked)} | data
    return mod_client.post(f"/admin/{place}/", sent, follow=True)


def marks_in(response):
    """Return the marks of the rows on the page that asks for a reason."""
    return re.findall(r'name="mark" value="([^"]+)"', response.content.decode())


def test_moderator_removes_and_restores_comment_in_admin(mod_client, mod, opening, alice):
    comment = reply(opening, alice)
    assert "Remove: done." in act(mod_client, "posts/comment", "remove", comment).content.decode()
    comment.refresh_from_db()
    assert comment.state == Comment.State.REMOVED
    entry = LogEntry.objects.get()
    assert (entry.moderator, entry.act, entry.comment, entry.reason) == (mod, "remove", comment, "It names a patient.")
    # the time has the same format as on other pages
    assert f">{strip_tags(moment(entry.at))}<" in mod_client.get("/admin/posts/logentry/").content.decode()
    act(mod_client, "posts/comment", "restore", comment)
    comment.refresh_from_db()
    assert comment.is_published


def test_action_without_reason_is_refused(mod_client, opening, alice):
    comment = reply(opening, alice)
    answer = mod_client.post(
        "/admin/posts/comment/", {"action": "remove", "_selected_action": [comment.pk], "confirmed": "1", "reason": " "}
    )
    assert answer.status_code == 422
    comment.refresh_from_db()
    assert comment.is_published


@pytest.mark.parametrize(("verb", "field"), [("lock", "locked_at"), ("pin", "pinned_at")])
def test_moderator_locks_and_pins_thread_in_admin(mod_client, thread, verb, field):
    act(mod_client, "posts/thread", verb, thread)
    assert getattr(Thread.objects.get(), field) is not None


def test_moderator_suspends_for_a_week(mod_client, alice):
    act(mod_client, "accounts/user", "suspend", alice, length="suspend_7")
    alice.refresh_from_db()
    assert alice.is_suspended
    assert (alice.suspended_until - alice.suspended_at).days in (6, 7)


def test_suspension_without_end_is_a_ban(mod_client, alice):
    act(mod_client, "accounts/user", "suspend", alice, length="ban")
    alice.refresh_from_db()
    assert alice.is_suspended
    assert alice.suspended_until is None


def test_moderator_verifies_clinician(mod_client, mod, alice):
    act(
        mod_client,
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


def test_refusals_are_shown_for_each_row(mod_client, mod, alice):
    html = act(mod_client, "accounts/user", "suspend", mod, alice, length="suspend_1").content.decode()
    assert "Moderators decide neither about themselves" in html
    assert ": done." in html


def test_confirmation_shows_whole_text_and_withdrawn_thread(mod_client, opening, alice):
    comment = reply(opening, alice, source="A long comment. " * 20)
    asked = {"action": "remove", "_selected_action": [comment.pk, opening.pk], "index": 0}
    html = mod_client.post("/admin/posts/comment/", asked).content.decode()
    assert ("A long comment. " * 20).strip() in html
    assert html.count("its whole thread, 1 comments, is withdrawn") == 1


def test_too_many_rows_are_refused(mod_client, opening, alice, monkeypatch):
    monkeypatch.setattr("posts.moderation.admin.base.AT_ONCE", 2)
    rows = [reply(opening, alice) for _ in range(3)]
    data = {"action": "remove", "_selected_action": [row.pk for row in rows], "select_across": "1", "index": 0}
    assert (
        "At most 2 rows at once; nothing was done."
        in mod_client.post("/admin/posts/comment/", data, follow=True).content.decode()
    )


@pytest.mark.parametrize("place", LISTS)
def test_lists_offer_no_sorting(mod_client, place):
    assert "?o=" not in mod_client.get(f"/admin/{place}/").content.decode()


def test_action_on_several_rows(mod_client, opening, alice):
    comments = [reply(opening, alice) for _ in range(3)]
    assert "Remove: 3 done." in act(mod_client, "posts/comment", "remove", *comments).content.decode()
    assert Thread.objects.get().comment_count == 0


def test_query_count_of_lists_is_constant(mod_client, mod, opening):
    def more():
        for _ in range(3):
            somebody = person()
            actions.remove(moderator=mod, comment=reply(opening, somebody), reason="x")
            actions.lock(moderator=mod, thread=opening.thread, reason="x")
            actions.unlock(moderator=mod, thread=opening.thread, reason="x")
            act(mod_client, "accounts/user", "grant", somebody, profession="x", regulator="x", region="x", method="x")

    def queries_of(place):
        with CaptureQueriesContext(connection) as queries:
            assert mod_client.get(f"/admin/{place}/").status_code == 200, place
        return [query["sql"] for query in queries]

    def counts_rows(sql, place):
        return "COUNT(*)" in sql and "LIMIT" not in sql and f'FROM "{place.replace("/", "_")}"' in sql

    more()
    few = {place: queries_of(place) for place in LISTS}
    more()
    many = {place: queries_of(place) for place in LISTS}
    assert {place: len(sent) for place, sent in many.items()} == {place: len(sent) for place, sent in few.items()}
    assert [(place, sql) for place, sent in many.items() for sql in sent if counts_rows(sql, place)] == []


@pytest.mark.parametrize("place", LISTS)
def test_rows_cannot_be_added_changed_or_deleted(mod_client, mod, opening, alice, place):
    act(mod_client, "posts/comment", "remove", reply(opening, alice))
    act(mod_client, "accounts/user", "grant", alice, profession="x", regulator="x", region="x", method="x")
    model = next(model for model in site._registry if f"{model._meta.app_label}/{model._meta.model_name}" == place)
    row = model.objects.first()
    assert mod_client.get(f"/admin/{place}/{row.pk}/change/").status_code == 200
    for door in ("add/", f"{row.pk}/delete/"):
        assert mod_client.get(f"/admin/{place}/{door}").status_code == 403
    assert mod_client.post(f"/admin/{place}/{row.pk}/change/", {"display_name": "Other"}).status_code in (302, 403)
    assert "delete_selected" not in mod_client.get(f"/admin/{place}/").content.decode()


def test_moderators_group_has_exactly_its_permissions(db):
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


def test_moderator_cannot_make_themselves_superuser(mod_client, mod):
    mod_client.post(f"/admin/accounts/user/{mod.pk}/change/", {"is_superuser": "on", "is_staff": "on"})
    assert not User.objects.get(pk=mod.pk).is_superuser


def test_staff_with_view_permission_cannot_use_actions(client, opening, alice):
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
def test_search_comments_by_words_and_author(mod_client, opening, alice, search, found):
    comment = reply(opening, alice)
    html = mod_client.get("/admin/posts/comment/", {"q": search}).content.decode()
    assert (f"/admin/posts/comment/{comment.pk}/change/" in html) is found


@pytest.mark.parametrize(("search", "found"), [("therapy rehearsal", True), ("zebra", False)])
def test_search_threads_by_title(mod_client, thread, search, found):
    html = mod_client.get("/admin/posts/thread/", {"q": search}).content.decode()
    assert (f"/admin/posts/thread/{thread.pk}/change/" in html) is found


@pytest.mark.parametrize(
    ("search", "found"), [("MO.DERBY@example.org", True), ("mo derby", True), ("alice@example.org", False)]
)
def test_search_log_by_moderator(mod_client, mod, opening, search, found):
    actions.remove(moderator=mod, comment=opening, reason="It names a patient.")
    html = mod_client.get("/admin/posts/logentry/", {"q": search}).content.decode()
    assert ("It names a patient." in html) is found


def test_find_comment_by_number_and_state(mod_client, mod, opening, alice):
    one, other = reply(opening, alice), reply(opening, alice)
    actions.remove(moderator=mod, comment=one, reason="x")
    html = mod_client.get("/admin/posts/comment/", {"state": "published"}).content.decode()
    assert f"/comment/{other.pk}/change/" in html
    assert f"/comment/{one.pk}/change/" not in html
    for query in ({"q": f"#{one.pk}"}, {"state": "removed"}):
        html = mod_client.get("/admin/posts/comment/", query).content.decode()
        assert f"/comment/{one.pk}/change/" in html
        assert f"/comment/{other.pk}/change/" not in html


def test_rules_in_numbers_only_must_exist(mod_client, mod):
    mod.is_superuser = True
    mod.save()
    add = "/admin/posts/rules/add/"
    begun = mod_client.get(add).context["adminform"].form.initial
    assert begun["in_numbers"].splitlines() == Rules.in_force().titles_in_numbers != []
    refused = mod_client.post(add, begun | {"in_numbers": "Risk\nNo such rule"})
    assert "No rule has this title: No such rule." in refused.content.decode()
    assert mod_client.post(add, begun | {"in_numbers": "Risk"}).status_code == 302
    assert Rules.in_force().titles_in_numbers == ["Risk"]


def test_confirmation_shows_claims_and_masks_texts(mod_client, mod, opening, alice):
    mia = moderator("Mia Second")
    comments = [reply(opening, alice, f"Oak Lane {number}") for number in range(6)]
    flags.flag(comment=comments[0], person=person(), reason="personal")
    decisions.claim(moderator=mia, case_id=comments[0].cases.get().pk)
    costs = []
    for number in (2, 6):
        data = {"action": "remove", "_selected_action": [comment.pk for comment in comments[:number]]}
        with CaptureQueriesContext(connection) as asked:
            page = mod_client.post("/admin/posts/comment/", data).content.decode()
        costs.append(len(asked))
    assert costs[0] == costs[1]
    assert "Mia Second is looking at its item" in page
    assert page.count('<details class="masked">') == 1


def test_refused_action_keeps_typed_text(mod_client, mod, alice):
    sanctions.suspend(moderator=mod, person=alice, reason="Spam.")
    data = {"action": "suspend", "_selected_action": [alice.pk], "confirmed": "1", "length": "suspend_1"}
    data |= {"mark": mark_of(alice)}
    refused = mod_client.post("/admin/accounts/user/", data | {"reason": "A long and careful reason."})
    assert refused.status_code == 409
    assert "A long and careful reason." in refused.content.decode()
    assert "for longer than that" in refused.content.decode()


@pytest.mark.parametrize("verb", ["remove", "approve", "hold", "restore"])
def test_action_on_comment_that_colleague_has_claimed_is_refused(mod_client, opening, verb):
    case = flagged(opening)
    comment, mia = case.comment, moderator("Mia Second")
    if verb == "restore":
        Comment.objects.filter(pk=comment.pk).update(removed_at=comment.created_at)
    before = Comment.objects.values().get(pk=comment.pk)
    decisions.claim(moderator=mia, case_id=case.pk)
    data = {"action": verb, "_selected_action": [comment.pk]}
    data |= {"mark": marks_in(mod_client.post("/admin/posts/comment/", data))}
    data |= {"confirmed": "1", "reason": "It is unkind."}
    refused = mod_client.post("/admin/posts/comment/", data)
    assert refused.status_code == 409
    told = refused.content.decode()
    assert ("Mia Second is looking at this" in told, "It is unkind." in told) == (True, True)
    assert Comment.objects.values().get(pk=comment.pk) == before
    assert not LogEntry.objects.exists()
    decisions.pass_on(moderator=mia, case=case)
    assert mod_client.post("/admin/posts/comment/", data).status_code == 302
    assert LogEntry.objects.exists()


@pytest.mark.parametrize("verb", ["remove", "approve", "hold"])
def test_action_confirmed_after_edit_is_refused(mod_client, opening, alice, mod, verb):
    comment = reply(opening, alice)
    if verb == "approve":
        actions.hold(moderator=mod, comment=comment, reason="A second look.")
    ticked = {"action": verb, "_selected_action": [comment.pk], "index": 0}
    shown = mod_client.post("/admin/posts/comment/", ticked)
    (mark,) = marks_in(shown)
    comments.edit(editor=alice, comment=comment, source="A text that no moderator has read.")
    before = Comment.objects.values().get(pk=comment.pk)
    sent = ticked | {"confirmed": "1", "reason": "It is fine.", "mark": mark}
    refused = mod_client.post("/admin/posts/comment/", sent)
    assert refused.status_code == 409
    told = refused.content.decode()
    assert ("has changed since you opened it" in told, "A text that no moderator" in told) == (True, True)
    assert Comment.objects.values().get(pk=comment.pk) == before
    (mark,) = marks_in(refused)
    assert mod_client.post("/admin/posts/comment/", sent | {"mark": mark}).status_code == 302
    assert Comment.objects.values().get(pk=comment.pk) != before
