"""The page of a person in the admin: their record and the actions on them."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from posts.models import Case, Comment, LogEntry, Note, Rules
from posts.moderation import actions, appeals, decisions, flags, sanctions, undo, verification
from posts.moderation.admin import person as shown
from posts.moderation.admin import record
from posts.writing import comments as writing_comments
from tests import factories
from tests.factories import WORDS, moderator, person, reply
from tests.posts.moderation.case_forms import mark_of, seated
from tests.posts.reading.test_query_plans import faults, grow

MOST_QUERIES = 10


@pytest.fixture
def mod_client(client, mod):
    """A test client in which the moderator is signed in to the admin."""
    return seated(client, mod)


def page(somebody):
    """Return the address of a person's page."""
    return f"/admin/accounts/user/{somebody.pk}/change/"


def said(response, heading=None):
    """Return the text of the page, or of the section below `heading` without tags."""
    html = response.content.decode()
    if heading is None:
        return html
    section = html.partition(f">{heading}</h2>")[2].partition("</section>")[0]
    assert section, f"no {heading}"
    return " ".join(re.sub(r"<[^>]+>", " ", section).split())


def test_record_counts_comments_and_flags(mod_client, opening, alice, bob, mod):
    kept, removed, held, deleted = [reply(opening, alice, f"{WORDS} {number}") for number in range(4)]
    actions.remove(moderator=mod, comment=removed, reason="It is unkind.")
    actions.hold(moderator=mod, comment=held, reason="A second look.")
    flags.flag(comment=kept, person=bob, reason="unkind")
    flags.flag(comment=deleted, person=bob, reason="unkind")
    writing_comments.delete(author=alice, comment=deleted)
    theirs = [reply(opening, bob, f"{WORDS} {number}") for number in range(3)]
    for comment in theirs:
        flags.flag(comment=comment, person=alice, reason="unkind")
    actions.approve(moderator=mod, comment=theirs[0], reason="Looked at.")
    actions.remove(moderator=mod, comment=theirs[1], reason="Looked at.")
    told = said(mod_client.get(page(alice)), "Their record")
    assert "Comments: 4 · removed: 1 · held now: 0 · hidden now: 1" in told
    assert "raised: 3 (a moderator agreed: 1, kept the comment: 1) · flags on what they wrote: 2" in told
    for state, number in (("", 4), ("&amp;state=removed", 1), ("&amp;state=hidden", 1)):
        address = f"/admin/posts/comment/?q=by:Alice{state}"
        assert f'href="{address}"' in said(mod_client.get(page(alice)))
        assert mod_client.get(address.replace("&amp;", "&")).context["cl"].result_count == number


def test_acknowledged_warning_is_shown(mod_client, alice, mod):
    def told():
        return re.search("warned [^·]*? read( yet| it)", said(mod_client.get(page(alice)), "Their record"))

    assert told() is None
    first, second = (sanctions.warn(moderator=mod, person=alice, reason=f"No. {number}") for number in (1, 2))
    assert told().group(1) == " yet"
    alice.refresh_from_db()
    assert ">none<" not in said(mod_client.get(page(alice)))
    sanctions.acknowledge(person=alice, warned_at=alice.warned_at)
    assert told().group(1) == " it"
    assert ">none<" in said(mod_client.get(page(alice)))
    undo.undo(moderator=mod, entry=second, reason="No.")
    assert told().group(1) == " it"
    undo.undo(moderator=mod, entry=first, reason="No.")
    assert told() is None


def test_link_to_comments_works_for_any_name(mod_client, opening):
    odd = person("Ann “&=#” O’Hé")
    reply(opening, odd)
    address = re.search(r'href="(/admin/posts/comment/\?q=by:[^"]+)"', said(mod_client.get(page(odd)))).group(1)
    assert mod_client.get(address).context["cl"].result_count == 1


def test_page_says_if_counts_are_limited(mod_client, opening, alice, monkeypatch):
    monkeypatch.setattr(record, "MOST_COUNTED", 2)
    reply(opening, alice)
    assert "the latest" not in said(mod_client.get(page(alice)), "Their record")
    reply(opening, alice, f"{WORDS} More.")
    reply(opening, alice, f"{WORDS} And more.")
    told = said(mod_client.get(page(alice)), "Their record")
    assert "Comments: 2" in told
    assert "Of each, the latest 2 are counted." in told


def test_latest_comments_with_link_state_and_first_words(mod_client, opening, alice, bob, mod, monkeypatch):
    monkeypatch.setattr(shown, "MOST_COMMENTS", 3)
    gone = reply(opening, alice, "The oldest, which is not shown any more.")
    comments = [reply(opening, alice, f"Number {number} of what I have to say. {WORDS * 3}") for number in range(3)]
    reply(opening, bob, "What Bob wrote is on his page.")
    actions.remove(moderator=mod, comment=comments[0], reason="It is unkind.")
    told = said(mod_client.get(page(alice)), "What they wrote lately")
    assert told.index("Number 2 of") < told.index("Number 1 of") < told.index("Number 0 of")
    assert f"comment {comments[0].pk}" in told
    assert "removed by a moderator" in told
    assert f"comment {gone.pk}" not in told
    assert "Bob wrote" not in told
    assert WORDS * 3 not in told
    assert f'href="/admin/posts/case/of/{comments[0].pk}/"' in said(mod_client.get(page(alice)))
    assert f'href="/c/{comments[0].pk}/"' in said(mod_client.get(page(alice)))


@pytest.mark.parametrize("decides", [False, True])
def test_urgent_and_private_texts_are_masked(mod_client, opening, alice, mod, decides):
    urgent, private = reply(opening, alice, f"{WORDS} In danger."), reply(opening, alice, f"{WORDS} Told of me.")
    reply(opening, alice, f"{WORDS} Harmless.")
    flags.flag(comment=urgent, person=person(), reason="harm")
    flags.flag(comment=private, person=person(), reason="personal")
    Case.objects.filter(comment=private).update(kind=Case.Kind.PRIVACY)
    if decides:
        for comment in (urgent, private):
            actions.remove(moderator=mod, comment=comment, reason="It is better so.")
    html = said(mod_client.get(page(alice)))
    assert "In danger." not in html
    assert "Told of me." not in html
    assert "Harmless." in html
    assert html.count("Open it: the text is shown when you ask for it") == 2


def test_only_decisions_about_this_person_are_shown(mod_client, opening, alice, bob, mod):
    gone = actions.remove(moderator=mod, comment=reply(opening, alice), reason="It is unkind.", rule="Be kind")
    sanctions.warn(moderator=mod, person=alice, reason="The third time.")
    assert f'href="/admin/posts/case/undo/{gone.pk}/?from_person={alice.pk}"' in said(mod_client.get(page(alice)))
    actions.remove(moderator=mod, comment=reply(opening, bob), reason="Bob’s own affair.")
    told = said(mod_client.get(page(alice)), "Decided about them")
    assert told.index("The third time.") < told.index("It is unkind.")
    for part in ("removed ·", "warned ·", "Mo Derby", "Be kind", "comment "):
        assert part in told
    assert "Bob’s own affair." not in told
    assert "Nothing so far." in said(mod_client.get(page(person())), "Decided about them")


def test_undo_from_page_leads_back(mod_client, alice, mod):
    entry = sanctions.watch(moderator=mod, person=alice, reason="Too much at once.")
    html = said(mod_client.get(page(alice)))
    assert f'action="/admin/posts/case/undo/{entry.pk}/"' in html
    assert f'name="from_person" value="{alice.pk}"' in html
    assert "under watch" in said(mod_client.get(page(alice)), "Their record")
    assert mod_client.post(f"/admin/posts/case/undo/{entry.pk}/", {"from_person": alice.pk}).url == page(alice)
    html = said(mod_client.get(page(alice)))
    assert f'action="/admin/posts/case/undo/{entry.pk}/"' not in html
    assert "under watch" not in said(mod_client.get(page(alice)), "Their record")


def test_open_cases_are_listed_most_pressing_first(mod_client, opening, alice, bob, mod):
    assert "Waiting for review" not in said(mod_client.get(page(alice)))
    for reason in ("unkind", "harm"):
        flags.flag(comment=reply(opening, alice, f"{WORDS} {reason}"), person=bob, reason=reason)
    flags.flag(comment=reply(opening, bob), person=alice, reason="unkind")
    entry = sanctions.apply_sanction(moderator=mod, person=alice, name="watch", reason="Too much at once.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    other = actions.remove(moderator=mod, comment=reply(opening, alice, f"{WORDS} Gone."), reason="It is unkind.")
    appeals.appeal(entry=other, text="This too.", person=alice)
    told = said(mod_client.get(page(alice)), "Waiting for review")
    assert [told.count(kind) for kind in ("urgent", "appeals", "flagged")] == [1, 2, 1]
    assert told.index("urgent") < told.index("appeals") < told.index("flagged")
    for case in Case.objects.open().exclude(comment__author=bob):
        assert f'href="/admin/posts/case/{case.pk}/change/"' in said(mod_client.get(page(alice)))
    urgent = Case.objects.open().get(kind=Case.Kind.URGENT)
    actions.approve(moderator=mod, comment=urgent.comment, reason="It is all right.")
    assert "urgent" not in said(mod_client.get(page(alice)), "Waiting for review")


def test_note_is_stored_and_shown(mod_client, alice, bob, mod):
    done = mod_client.post(f"/admin/accounts/user/{alice.pk}/note/", {"text": " Seen before. "})
    assert done.url == f"{page(alice)}#record"
    note = Note.objects.get()
    assert (note.text, note.person, note.comment, note.noted_by) == ("Seen before.", alice, None, mod)
    decisions.note(moderator=mod, text="Knows no bounds.", person=bob)
    html = said(mod_client.get(page(alice)))
    assert "Seen before." in html
    assert "The note is kept." in html
    assert "Knows no bounds." not in html


@pytest.mark.parametrize(("text", "error"), [("Too long. " * 250, "at most 2000 characters"), ("  ", "required")])
def test_invalid_note_stays_in_form(mod_client, alice, text, error):
    answer = mod_client.post(f"/admin/accounts/user/{alice.pk}/note/", {"text": text})
    assert answer.status_code == 422
    told = said(answer, "Add a note")
    assert error in told
    assert text.strip() in told
    assert "Their record" in said(answer)
    assert not Note.objects.exists()
    # the address after signing in again
    assert mod_client.get(f"/admin/accounts/user/{alice.pk}/note/").status_code == 200
    assert mod_client.post("/admin/accounts/user/999999/note/", {"text": "x"}).status_code == 404


def buttons(mod_client, somebody):
    """Return the sanctions that are offered on a person's page."""
    return re.findall(r'name="action" value="(\w+)"', said(mod_client.get(page(somebody))))


def test_actions_without_effect_are_not_offered(mod_client, alice, mod):
    assert buttons(mod_client, alice) == ["warn", "watch", "suspend", "trust", "grant"]
    sanctions.watch(moderator=mod, person=alice, reason="x")
    sanctions.suspend(moderator=mod, person=alice, reason="x")
    sanctions.trust(moderator=mod, person=alice, reason="x")
    checked = {"profession": "Psychologist", "regulator": "Board", "region": "US-MD", "method": "Register"}
    verification.grant(moderator=mod, person=alice, reason="x", **checked)
    assert buttons(mod_client, alice) == ["warn", "unwatch", "suspend", "unsuspend", "untrust", "grant", "revoke"]
    assert "verified as a clinician: Psychologist, US-MD" in said(mod_client.get(page(alice)), "Their record")


def test_sanction_asks_for_reason_and_leads_back(mod_client, alice, mod):
    html = said(mod_client.get(page(alice))).partition(">Sanctions</h2>")[2].partition("</form>")[0]
    pressed = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', html)) | {"action": "warn"}
    asked = mod_client.post("/admin/accounts/user/", pressed)
    assert asked.status_code == 200
    assert f'href="{page(alice)}">Cancel' in said(asked)
    assert not LogEntry.objects.exists()
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([\w:]+)"', said(asked)))
    empty = mod_client.post("/admin/accounts/user/", fields | {"reason": " "})
    assert empty.status_code == 422
    assert 'name="from_page"' in said(empty)
    done = mod_client.post("/admin/accounts/user/", fields | {"reason": "Please be gentler."})
    assert done.url == page(alice)
    assert "Please be gentler." in said(mod_client.get(page(alice)), "Decided about them")
    assert LogEntry.objects.get().rule == ""
    # a refusal leads to the page, too
    pressed |= {"_selected_action": mod.pk, "confirmed": "1", "reason": "x", "length": "suspend_1", "action": "suspend"}
    pressed |= {"mark": mark_of(mod)}
    refused = mod_client.post("/admin/accounts/user/", pressed, follow=True)
    assert refused.redirect_chain[0][0] == page(mod)
    assert "Moderators decide neither about themselves" in said(refused)
    # ending what is against oneself is refused in the same way
    ended = mod_client.post("/admin/accounts/user/", pressed | {"action": "unsuspend"}, follow=True)
    assert "Mo Derby: Moderators decide neither about themselves" in said(ended)


@pytest.mark.parametrize(
    ("data", "act", "sentence"),
    [
        ({"action": "warn"}, "warn", "You were warned."),
        ({"action": "watch"}, "watch", "is read by a moderator first"),
        ({"action": "suspend", "length": "suspend_7"}, "suspend", "You are suspended: you can read"),
        ({"action": "suspend", "length": "ban"}, "ban", "You are banned"),
    ],
)
def test_sanction_has_rule_and_preview(mod_client, alice, data, act, sentence):
    data |= {"_selected_action": alice.pk, "index": 0, "from_page": 1, "confirmed": 1}
    data |= {"rule": "Be kind", "reason": "The third time.", "mark": mark_of(alice)}
    looked = mod_client.post("/admin/accounts/user/", data | {"preview": 1})
    told = said(looked, "What the person will read")
    for part in (sentence, "Be kind", "The third time."):
        assert part in told
    assert ("Until" in told) == (act == "suspend")
    assert looked.status_code == 200
    assert not LogEntry.objects.exists()
    # the typed text is still in the form
    assert ">The third time.</textarea>" in re.sub(r">\s+", ">", said(looked))
    assert mod_client.post("/admin/accounts/user/", data | {"preview": 1, "reason": " "}).status_code == 422
    mod_client.post("/admin/accounts/user/", data)
    entry = LogEntry.objects.get()
    assert (entry.act, entry.rule, entry.rules) == (act, "Be kind", Rules.in_force())


def test_action_on_list_leads_back_to_list(mod_client, alice):
    ticked = {"action": "warn", "_selected_action": [alice.pk], "index": 0, "confirmed": "1", "reason": "x"}
    ticked |= {"mark": mark_of(alice)}
    assert mod_client.post("/admin/accounts/user/", ticked).url == "/admin/accounts/user/"


def test_staff_who_are_not_moderators_see_account_only(client, opening, alice, bob, mod):
    decisions.note(moderator=mod, text="Seen before.", person=alice)
    flags.flag(comment=reply(opening, alice), person=bob, reason="unkind")
    clerk = person("Clara Clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_user"))
    html = said(seated(client, clerk).get(page(alice)))
    assert alice.email in html
    for word in ("Seen before.", "Their record", "Waiting for review", WORDS, 'name="action"', "/note/"):
        assert word not in html
    for text in ("x", ""):
        assert client.post(f"/admin/accounts/user/{alice.pk}/note/", {"text": text}).status_code == 403
    assert Note.objects.count() == 1


def test_other_people_cannot_open_page(client, alice, bob):
    client.force_login(bob)
    for address in (page(alice), f"/admin/accounts/user/{alice.pk}/note/"):
        assert client.post(address, {"text": "x"}).status_code in (302, 403)
        assert client.get(address).status_code in (302, 403)
    assert not Note.objects.exists()


def test_owner_can_change_rights(client, alice):
    owner = person("Olga", is_staff=True, is_superuser=True)
    html = said(seated(client, owner).get(page(alice)))
    assert "Their record" in html
    assert 'name="is_staff"' in html
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    client.post(page(alice), {"is_staff": "on"})
    assert User.objects.get(pk=alice.pk).is_staff


@pytest.mark.parametrize("is_owner", [False, True])
def test_query_count_of_page_is_constant(client, opening, alice, is_owner, monkeypatch):
    # so that comments are not held for earlier removals
    monkeypatch.setattr("posts.moderation.screening.REMOVED_PART", 2)
    mo = moderator()
    seated(client, person("Olga", is_staff=True, is_superuser=True) if is_owner else mo)

    def fill(number):
        for _each in range(number):
            writers = (alice, alice, person())
            comment, flagged, theirs = (reply(opening, one, f"{WORDS} {Comment.objects.count()}") for one in writers)
            actions.remove(moderator=mo, comment=comment, reason="It is unkind.", rule="Be kind")
            flags.flag(comment=flagged, person=person(), reason="unkind")
            flags.flag(comment=theirs, person=alice, reason="unkind")
            decisions.note(moderator=mo, text="Hm.", person=alice)

    costs = []
    for number in (3, 9):
        fill(number)
        client.get(page(alice))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page(alice)).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= MOST_QUERIES


def test_record_is_read_by_indexes(mod):
    """For a person with 10,000 comments, a long queue, and a long log."""
    somebody, others = person(), [person() for _number in range(5)]
    thread = factories.thread()
    theirs = grow(thread, [somebody])
    strangers = grow(factories.thread(title="Another talk"), others)
    now = theirs[0].created_at
    Case.objects.bulk_create(
        Case(comment=comment, kind=Case.Kind.FLAGGED, why=["flag"], opened_at=now)
        for comment in [*strangers[:3_000], *theirs[-30:]]
    )
    LogEntry.objects.bulk_create(
        LogEntry(at=now, moderator=mod, act="remove", reason="x", comment=comment, person=comment.author)
        for comment in [*strangers[:3_000], *theirs[:3_000]]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE posts_case; ANALYZE posts_logentry")
    told = shown.Person(somebody)
    with CaptureQueriesContext(connection) as queries:
        assert told.about["record"]["comments"] == record.MOST_COUNTED
        assert len(told.about["waiting"]) == shown.MOST_WAITING
        assert len(told.entries) == shown.MOST_ENTRIES
        assert len(told.comments) == shown.MOST_COMMENTS
    assert len(queries) == 3
    assert not any("OFFSET" in query["sql"] for query in queries)
    assert list(faults(queries, record.MOST_COUNTED)) == []


@pytest.mark.parametrize("act", ["warn", "suspend", "grant"])
def test_action_on_person_sent_twice_is_done_once(mod_client, alice, act):
    data = {"action": act, "_selected_action": alice.pk, "index": 0, "confirmed": 1, "reason": "The third time."}
    data |= {"length": "suspend_1", "mark": mark_of(alice)}
    data |= {"profession": "Psychotherapist", "regulator": "HCPC", "region": "UK", "method": "Register looked up"}
    assert mod_client.post("/admin/accounts/user/", data).status_code == 302
    again = mod_client.post("/admin/accounts/user/", data)
    assert again.status_code == 409
    assert "The third time." in said(again)
    assert LogEntry.objects.count() == 1


def test_owner_cannot_take_their_own_rights_away(client, alice):
    owner = moderator("Olga", is_superuser=True)
    other = moderator("Otto", is_superuser=True)
    seated(client, owner)
    html = client.get(page(owner)).content.decode()
    assert 'name="is_superuser"' not in html
    client.post(page(owner), {"groups": []})
    owner.refresh_from_db()
    assert owner.is_superuser
    assert owner.is_staff
    assert 'name="is_superuser"' in client.get(page(other)).content.decode()
    client.post(page(other), {"is_staff": "on", "groups": []})
    other.refresh_from_db()
    assert not other.is_superuser


def test_groups_are_not_edited_in_the_admin(client, db):
    seated(client, moderator("Olga", is_superuser=True))
    assert client.get("/admin/auth/group/").status_code == 404
