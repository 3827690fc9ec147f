"""Statements for members, flags, appeals, public pages about moderation, and trust."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from forum.models import OutboxMessage
from posts.models import Appeal, Case, Comment, Flag, LogEntry, Reading, Rules, SiteChoices, WatchedWord
from posts.moderation import actions, appeal_answers, appeals, decisions, flags, notices, sanctions, undo
from posts.moderation import trust as moderation_trust
from posts.writing import guests
from tests import factories
from tests.factories import WHY, WORDS, moderator, person, reply


def said(response):
    """Return the text of the page."""
    return response.content.decode()


def remove(mod, comment, **more):
    return actions.remove(moderator=mod, comment=comment, reason=WHY, rule="Be kind", **more)


# Flags ---------------------------------------------------------------------------------------------------------------


def test_reader_flags_comment_and_sees_outcome(client, comment, bob, mod):
    client.force_login(bob)
    assert f'href="/c/{comment.pk}/flag/"' in said(client.get(comment.thread.get_absolute_url()))
    assert WORDS in said(client.get(f"/c/{comment.pk}/flag/"))
    sent = client.post(f"/c/{comment.pk}/flag/", {"reason": "unkind", "note": "The end of it."}, follow=True)
    assert "Thank you. A moderator will look at it." in said(sent)
    assert "The end of it." in said(client.get("/flags/"))
    assert "A moderator will look at it." in said(client.get("/flags/"))
    remove(mod, comment)
    text = said(client.get("/flags/"))
    assert "A moderator agreed and did something about it." in text
    assert "A comment that is hidden" in text


def test_visitor_flags_if_owner_allows_it(client, comment):
    assert client.post(f"/c/{comment.pk}/flag/", {"reason": "spam"}).status_code == 302
    assert Flag.objects.get().visitor
    SiteChoices.objects.update_or_create(pk=1, defaults={"visitors_may_flag": False})
    assert client.get(f"/c/{comment.pk}/flag/").url.startswith("/account/login/")


@pytest.mark.parametrize("data", [{}, {"reason": "dull"}, {"reason": "other", "note": "x" * 1_001}])
def test_invalid_flag_is_refused(client, comment, bob, data):
    client.force_login(bob)
    assert client.post(f"/c/{comment.pk}/flag/", data).status_code == 422
    assert not Flag.objects.exists()


def test_own_comment_cannot_be_flagged(client, comment, alice):
    client.force_login(alice)
    assert f'href="/c/{comment.pk}/flag/"' not in said(client.get(comment.thread.get_absolute_url()))
    assert "This is your own comment" in said(client.get(f"/c/{comment.pk}/flag/"))
    assert client.post(f"/c/{comment.pk}/flag/", {"reason": "spam"}).status_code == 422


def test_flag_that_hides_comment_redirects_to_existing_page(client, comment):
    client.force_login(moderator("Mia Second"))
    sent = client.post(f"/c/{comment.pk}/flag/", {"reason": "harm"})
    assert sent.status_code == 302
    assert client.get(sent.url).status_code == 200


@pytest.mark.parametrize("place", ["flag", "appeal"])
def test_form_sent_after_session_ended_is_kept(client, comment, alice, bob, mod, place):
    entry = remove(mod, reply(comment, alice))
    who, address, data = {
        "flag": (bob, f"/c/{comment.pk}/flag/", {"reason": "harm", "note": "She needs somebody."}),
        "appeal": (alice, f"/decisions/{entry.pk}/", {"text": "She needs somebody."}),
    }[place]
    refused = client.post(address, data | {"writer": who.pk})
    assert refused.status_code == 422
    assert "She needs somebody." in said(refused)
    session = dict(client.session.items())
    client.force_login(who)
    kept = client.session
    kept.update({name: value for name, value in session.items() if name == "unsent"})
    kept.save()
    assert "She needs somebody." in said(client.get(address))


# Held comments -------------------------------------------------------------------------------------------------------


def send(client, parent, text, **more):
    form = client.get(f"/c/{parent.pk}/reply/").context["form"]
    data = {"source": text, "standpoint": "", "key": form["key"].value()} | more
    return client.post(f"/c/{parent.pk}/reply/", data, headers=more.pop("headers", {}))


def test_author_sees_and_can_edit_held_comment(client, opening):
    new = person(trust=User.Trust.NEW)
    client.force_login(new)
    sent = send(client, opening, "My first words here, and I mean them.")
    held = Comment.objects.get(author=new)
    assert sent.url.endswith(f"#w{held.pk}")
    text = said(client.get(sent.url))
    assert "A moderator reads it before others do" in text
    assert "My first words here" in text
    assert f'href="/c/{held.pk}/edit/"' in text
    assert "My first words here" not in said(type(client)().get(opening.thread.get_absolute_url()))
    fragment = client.post(
        f"/c/{opening.pk}/reply/",
        {"source": "My second words here, as well.", "key": "k"},
        headers={"hx-request": "true"},
    )
    assert "It is waiting for a moderator" in said(fragment)


def test_author_sees_held_thread(client, alice, bob):
    WatchedWord.objects.create(phrase="lottery")
    client.force_login(alice)
    data = {"title": "The lottery of names", "source": "Who gets which therapist, and why.", "key": "k"}
    sent = client.post("/t/new/", data, follow=True)
    assert sent.status_code == 200
    assert "Who gets which therapist" in said(sent)
    assert "A moderator reads it before others do" in said(sent)
    address = Comment.objects.get(author=alice).thread.get_absolute_url()
    opening = Comment.objects.get(author=alice)
    answer = client.post(f"/c/{opening.pk}/edit/", {"source": "Who gets which therapist at all?"})
    assert answer.status_code == 302, said(answer)
    client.force_login(bob)
    assert client.get(address).status_code == 404


def test_watched_word_is_sent_after_confirmation(client, opening, alice):
    WatchedWord.objects.create(phrase="crazy", act=WatchedWord.Act.ASK, advice="Many hear this as an insult.")
    client.force_login(alice)
    text = "My family says that I am crazy, and I am not."
    asked = send(client, opening, text)
    assert asked.status_code == 409
    assert "Many hear this as an insult." in said(asked)
    assert "error-summary-asks" in said(asked)
    assert text in said(asked)
    assert 'type="checkbox" name="sure"' in said(asked)
    assert send(client, opening, text, sure="on").status_code == 302
    comment = Comment.objects.get(author=alice)
    assert comment.is_published
    asked = client.post(f"/c/{comment.pk}/edit/", {"source": text + " Or am I?"})
    assert (asked.status_code, text + " Or am I?" in said(asked)) == (409, True)


# Decisions and appeals -----------------------------------------------------------------------------------------------


def test_author_reads_decision_and_reason(client, comment, alice, mod):
    entry = remove(mod, comment)
    client.force_login(alice)
    assert "A moderator’s decision" in said(client.get("/"))
    assert "Your comment was removed." in said(client.get("/decisions/"))
    text = said(client.get(f"/decisions/{entry.pk}/"))
    for told in (WHY, "Be kind", "a moderator", WORDS, f"?version={entry.rules_id}"):
        assert told in text
    assert "Mo Derby" not in text
    assert "A moderator’s decision" not in said(client.get("/"))


def test_other_people_cannot_read_statement(client, comment, bob, mod):
    entry = remove(mod, comment)
    assert client.get(f"/decisions/{entry.pk}/").status_code == 302
    client.force_login(bob)
    assert client.get(f"/decisions/{entry.pk}/").status_code == 404
    assert "Your comment was removed." not in said(client.get("/decisions/"))


def test_statement_shows_appeal_and_answer(client, comment, alice, mod):
    entry = remove(mod, comment)
    client.force_login(alice)
    address = f"/decisions/{entry.pk}/"
    assert client.post(address, {"text": "  "}).status_code == 422
    sent = client.post(address, {"text": "It names nobody but me."}, follow=True)
    assert "Your appeal is with the moderators." in said(sent)
    assert "It is waiting for a moderator." in said(sent)
    assert "Send the appeal" not in said(sent)
    again = client.post(address, {"text": "Another try."})
    assert again.status_code == 302
    assert Appeal.objects.get().text == "It names nobody but me."
    case = Case.objects.get()
    mia = moderator("Mia Second")
    appeal_answers.answer_appeal(
        moderator=mia, case=case, seen=case.version, outcome=Appeal.Outcome.REVERSED, answer="You are right."
    )
    text = said(client.get(address))
    assert "You are right." in text
    assert "This decision was reversed" in text


@pytest.mark.django_db(transaction=True)
def test_mail_has_link_without_sign_in_and_no_text_of_decision(client):
    alice, mod = person("Alice"), moderator()
    from tests.factories import thread

    comment = reply(thread().opening, alice)
    entry = sanctions.apply_sanction(moderator=mod, person=alice, name="ban", reason=WHY, comment=comment)
    # decisions in the person's favour are shown on the site only
    sanctions.trust(moderator=mod, person=person(), reason="Kind for years.")
    call_command("send_outbox")
    (sent,) = mail.outbox
    assert sent.to == [alice.email]
    assert WORDS not in sent.body
    assert WHY not in sent.body
    link = f"/decisions/by-link/{notices.token_of(entry)}/"
    assert f"/decisions/by-link/{entry.pk}" not in sent.body
    page = client.get(link)
    assert WHY in said(page)
    assert "no-store" in page["Cache-Control"]
    assert client.post(link, {"text": "I only told of myself."}).status_code == 302
    assert Appeal.objects.get().person == alice
    assert client.get(link[:-3] + "xx/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_guest_with_address_gets_mail():
    from tests.factories import thread

    mod = moderator()
    opening = thread().opening
    held = guests.comment_as_guest(name="Wren", email="wren@example.org", parent=opening, source=WORDS, key="k")
    remove(mod, held)
    call_command("send_outbox")
    assert [sent.to for sent in mail.outbox] == [["wren@example.org"]]


def test_appeal_is_refused_after_six_months(client, comment, alice, mod, monkeypatch):
    entry = remove(mod, comment)
    client.force_login(alice)
    monkeypatch.setattr("posts.moderation.appeals.APPEAL_WITHIN", timedelta())
    assert "the six months for it are over." in said(client.get(f"/decisions/{entry.pk}/"))
    assert client.post(f"/decisions/{entry.pk}/", {"text": "Too late, I know."}).status_code == 422


def test_warning_must_be_acknowledged_on_page_before_next_comment(client, comment, alice, mod, opening):
    sanctions.warn(moderator=mod, person=alice, reason=WHY, comment=comment)
    client.force_login(alice)
    refused = client.post(f"/c/{opening.pk}/reply/", {"source": "Words that are not lost.", "key": "k"})
    assert refused.status_code == 422
    assert "Words that are not lost." in said(refused)
    assert "under “Decisions”" in said(refused)
    page = said(client.get("/decisions/"))
    assert "I have read it" in page
    # warned again after the page was opened: only the warning on the page is acknowledged
    sanctions.warn(moderator=mod, person=alice, reason=WHY, comment=comment)
    again = client.post("/decisions/acknowledge/", {"warned": _warned(page)}, follow=True)
    assert "You were warned once more meanwhile." in said(again)
    assert client.post("/decisions/acknowledge/", {"warned": "nonsense"}).status_code == 302
    alice.refresh_from_db()
    assert alice.warned_at is not None
    for _twice in range(2):
        done = client.post("/decisions/acknowledge/", {"warned": _warned(said(again))}, follow=True)
        assert "You can write again." in said(done)
    assert client.post(f"/c/{opening.pk}/reply/", {"source": "Words that are not lost.", "key": "k"}).status_code == 302


def _warned(page):
    return re.search(r'name="warned" value="([^"]+)"', page).group(1)


def test_end_of_suspension_is_shown(client, comment, alice, mod, opening):
    sanctions.apply_sanction(moderator=mod, person=alice, name="suspend_3", reason=WHY, comment=comment)
    client.force_login(alice)
    until = User.objects.get(pk=alice.pk).suspended_until
    assert f'until <time datetime="{until:%Y-%m-%dT%H:%M}' in said(client.get("/decisions/"))
    refused = said(client.post(f"/c/{opening.pk}/reply/", {"source": "Words that are not lost.", "key": "k"}))
    assert "suspended until" in refused
    assert "how to appeal" in refused
    assert f"{until.year}" in refused


@pytest.mark.parametrize("sanction", ["warn", "suspend_1", "ban"])
def test_warned_suspended_and_banned_people_can_read_and_appeal(client, comment, alice, mod, sanction):
    entry = sanctions.apply_sanction(moderator=mod, person=alice, name=sanction, reason=WHY, comment=comment)
    client.force_login(alice)
    assert client.get(comment.thread.get_absolute_url()).status_code == 200
    assert client.get(f"/decisions/{entry.pk}/").status_code == 200
    assert client.post(f"/decisions/{entry.pk}/", {"text": "Please think again."}).status_code == 302
    assert Appeal.objects.get().person == alice


def test_statements_of_replaced_and_replacing_decision_link_to_each_other(client, comment, alice, mod):
    """Each statement links to the other, both for a signed-in member and by the link of the mail."""
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    removal = decisions.decide(moderator=mod, case=case, seen=1, act="remove", reason=WHY, sanction="ban")
    appeals.appeal(entry=removal, text="It names nobody but me.", person=alice)
    case = Case.objects.open().get()
    appeal_answers.answer_appeal(
        moderator=moderator("Mia Second"),
        case=case,
        seen=case.version,
        outcome="changed",
        answer="One passage.",
        act="edit_out",
        passage="unkind the week",
        sanction="warn",
    )
    cut, warned = LogEntry.objects.get(act="edit_out"), LogEntry.objects.get(act="warn")
    by_link = f"/decisions/by-link/{notices.token_of(removal)}/"
    before = said(client.get(by_link))
    client.force_login(alice)
    old, new = said(client.get(f"/decisions/{removal.pk}/")), said(client.get(f"/decisions/{cut.pk}/"))
    for page in (before, old):
        assert "Replaced by:" in page
        assert "One passage." in page
        assert "reversed</span>" in page
    assert f'href="/decisions/{cut.pk}/"' in old
    assert f'href="/decisions/{cut.pk}/"' not in before
    led = re.findall(r'href="(/decisions/by-link/[^"]+)"', before)
    assert [said(client.get(link)).count("<h1>You are banned") for link in led] == [1, 0, 0]
    # the text at the time of the decision, and the present text
    for page in (before, old, new):
        assert "unkind the week" in page
        assert "What it says now" in page
    assert "This replaces an earlier decision" in new
    assert f'href="/decisions/{removal.pk}/"' in new
    assert f'href="/decisions/{warned.pk}/"' in new
    listed = said(client.get("/decisions/"))
    assert listed.count("reversed</span>") == 2
    answer = LogEntry.objects.get(act="change")
    assert f'href="/decisions/{removal.pk}/"' in said(client.get(f"/decisions/{answer.pk}/"))


def test_query_count_of_list_of_decisions_is_constant(client, comment, alice, mod):
    counts = []
    for _number in range(2):
        entry = remove(mod, comment)
        undo.undo(moderator=mod, entry=entry, reason="No.")
        client.force_login(alice)
        with CaptureQueriesContext(connection) as asked:
            assert said(client.get("/decisions/")).count("It is about this:") == len(counts) + 1
        counts.append(len(asked))
        User.objects.filter(pk=alice.pk).update(has_statement=False)
    assert counts[0] - counts[1] in (0, 1)


@pytest.mark.parametrize("how", ["undo", "restore", "unsuspend"])
def test_undo_sends_mail_if_decision_did(comment, alice, mod, how):
    removed = remove(mod, comment)
    sanctions.suspend(moderator=mod, person=alice, reason=WHY)
    OutboxMessage.objects.all().delete()
    {
        "undo": lambda: undo.undo(moderator=mod, entry=removed, reason="No."),
        "restore": lambda: actions.restore(moderator=mod, comment=comment, reason="No."),
        "unsuspend": lambda: sanctions.unsuspend(moderator=mod, person=alice, reason="No."),
    }[how]()
    letter = OutboxMessage.objects.get()
    assert (letter.address, "reversed or ended" in letter.body) == (alice.email, True)
    # a decision without a mail is undone without a mail
    undo.undo(moderator=mod, entry=sanctions.trust(moderator=mod, person=alice, reason="Kind."), reason="No.")
    assert OutboxMessage.objects.count() == 1


# Public pages --------------------------------------------------------------------------------------------------------


def test_public_log_has_no_names_and_texts(client, comment, alice, mod):
    remove(mod, comment)
    sanctions.suspend(moderator=mod, person=alice, reason="A reason of its own.")
    text = said(client.get("/moderation-log/"))
    for told in ("removed", "Be kind", comment.thread.title, "a moderator", "banned"):
        assert told in text
    for kept in ("Alice", "Mo Derby", WORDS, WHY, "A reason of its own.", f"/c/{comment.pk}"):
        assert kept not in text


@pytest.mark.parametrize("reason", ["harm", "personal"])
def test_confidential_decision_appears_as_number_only(client, comment, bob, mod, reason):
    flags.flag(comment=comment, person=bob, reason=reason)
    entry = remove(mod, comment)
    undo.undo(moderator=mod, entry=entry, reason="No.")
    response = client.get("/moderation-log/")
    assert not response.context["entries"]
    assert [number for _month, number in response.context["confidential"]] == [2]


def test_decision_by_rule_about_privacy_is_confidential(client, comment, alice, mod):
    """There is no flag for privacy, but the moderator chose a rule about privacy."""
    rule = Rules.in_force().titles_in_numbers[0]
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY, rule=rule)
    undo.undo(moderator=mod, entry=entry, reason="No.")
    sanction = sanctions.warn(moderator=mod, person=alice, reason=WHY, rule=rule)
    undo.undo(moderator=mod, entry=sanction, reason="No.")
    response = client.get("/moderation-log/")
    assert not response.context["entries"]
    assert [number for _month, number in response.context["confidential"]] == [4]


def test_query_count_of_public_log_is_constant(client, comment, mod, django_assert_num_queries):
    for _number in range(30):
        actions.lock(moderator=mod, thread=comment.thread, reason=WHY)
        actions.unlock(moderator=mod, thread=comment.thread, reason=WHY)
    with django_assert_num_queries(2):
        first = client.get("/moderation-log/")
    seen = [entry.pk for entry in first.context["entries"]]
    second = client.get(f"/moderation-log/?before={first.context['before']}")
    seen += [entry.pk for entry in second.context["entries"]]
    assert seen == sorted(LogEntry.objects.values_list("pk", flat=True), reverse=True)
    assert second.context["before"] is None


def test_decision_links_to_its_version_of_rules(client, comment, mod):
    entry = remove(mod, comment)
    Rules.objects.create(text="Be brief.\n\n## Be brave\n\nSay *it*.", published_at=timezone.now())
    now = said(client.get("/rules/"))
    assert '<h2 dir="auto">Be brave</h2>' in now
    assert "<em>it</em>" in now
    then = said(client.get(f"/rules/?version={entry.rules_id}"))
    # versions of the same minute have different numbers
    assert re.findall(r">(Version \d), <time", then) == ["Version 2", "Version 1"]
    assert '<h2 dir="auto">Be kind</h2>' in then
    assert "These are not the current rules." in then
    for nonsense in ("x", "0", "9" * 30):
        assert client.get(f"/rules/?version={nonsense}").status_code == 404


def test_version_keeps_number_if_list_is_cut(client, db, monkeypatch):
    monkeypatch.setattr("posts.moderation.views.transparency.MOST_VERSIONS", 2)
    for word in ("brave", "brief"):
        Rules.objects.create(text=f"## Be {word}", published_at=timezone.now())
    assert re.findall(r">(Version \d), <time", said(client.get("/rules/"))) == ["Version 3", "Version 2"]


def test_transparency_page_shows_numbers(client, comment, bob, mod):
    cache.clear()
    flags.flag(comment=comment, person=bob, reason="unkind")
    undo.undo(moderator=mod, entry=actions.lock_branch(moderator=mod, comment=comment, reason=WHY), reason="No.")
    remove(mod, comment)
    text = re.sub(r"<td[^>]*>", "<td>", said(client.get("/transparency/")))
    assert "<td>removed</td><td>1</td><td>0</td><td>0</td>" in text
    assert "<td>branch locked</td><td>1</td><td>0</td><td>1</td>" in text
    assert "<td>It is unkind</td><td>1</td><td>1</td>" in text


@pytest.mark.parametrize(("address", "tables"), [("/moderation-log/", 1), ("/transparency/", 3)])
def test_table_cells_have_column_names_for_phones(client, comment, bob, mod, address, tables):
    cache.clear()
    flags.flag(comment=comment, person=bob, reason="unkind")
    remove(mod, comment)
    found = re.findall(r"<table.*?</table>", said(client.get(address)), re.S)
    assert len(found) == tables
    for table in found:
        columns = re.findall(r'<th scope="col">([^<]+)', table)
        row = re.findall(r'<td data-label="([^"]+)"', table.rpartition("<tr")[2])
        assert row == (columns[1:] if 'scope="row"' in table else columns) != []


@pytest.mark.parametrize("address", ["/rules/", "/trust/", "/moderation-log/", "/transparency/"])
def test_public_pages_work_without_data(client, db, address):
    cache.clear()
    Rules.objects.all().delete()
    assert client.get(address).status_code == 200


# Trust ---------------------------------------------------------------------------------------------------------------


def known_for(days, comments, threads=1, trust=User.Trust.NEW):
    """Create a person who joined so many days ago, with so many published comments and read threads."""
    from tests.factories import thread

    somebody = person(joined_at=timezone.now() - timedelta(days=days), trust=User.Trust.MEMBER)
    opening = None
    for _number in range(threads):
        opening = thread().opening
        Reading.objects.create(
            person=somebody,
            thread=opening.thread,
            new_since=timezone.now(),
            seen_until=timezone.now(),
            seen_at=timezone.now(),
        )
    for number in range(comments):
        reply(opening, somebody, f"{WORDS} {number}")
    User.objects.filter(pk=somebody.pk).update(trust=trust)
    somebody.refresh_from_db()
    return somebody


@pytest.mark.parametrize(
    ("days", "comments", "threads", "level"),
    [
        (2, 2, 1, User.Trust.NEW),
        (4, 1, 1, User.Trust.NEW),
        (4, 2, 1, User.Trust.MEMBER),
        (61, 29, 5, User.Trust.MEMBER),
        (61, 30, 4, User.Trust.MEMBER),
        (61, 30, 5, User.Trust.TRUSTED),
    ],
)
def test_days_comments_and_reading_raise_trust(db, days, comments, threads, level):
    somebody = known_for(days, comments, threads)
    moderation_trust.recalculate()
    somebody.refresh_from_db()
    assert somebody.trust == level


def test_removals_lower_trust(db, mod):
    somebody = known_for(4, 5, trust=User.Trust.MEMBER)
    for number, comment in enumerate(Comment.objects.filter(author=somebody)[:3], start=1):
        actions.remove(moderator=mod, comment=comment, reason=WHY)
        moderation_trust.recalculate()
        somebody.refresh_from_db()
        assert somebody.trust == (User.Trust.MEMBER if number < 3 else User.Trust.NEW)


def test_trust_set_by_moderator_is_not_recalculated(db, mod):
    somebody = person()
    sanctions.trust(moderator=mod, person=somebody, reason="I know her work.")
    moderation_trust.recalculate()
    somebody.refresh_from_db()
    assert somebody.trust == User.Trust.TRUSTED


def test_trust_is_recalculated_in_batches(db, monkeypatch):
    monkeypatch.setattr(moderation_trust, "BATCH", 3)
    for _number in range(7):
        person(trust=User.Trust.TRUSTED)
    told = []
    assert moderation_trust.recalculate(told.append) == 7
    assert told == [3, 3, 1]
    # stops after the current batch
    assert moderation_trust.recalculate(told.append, stopped=lambda: len(told) == 4) == 0
    assert told[3:] == [3]


def test_title_of_withdrawn_thread_is_not_shown_to_author_of_comment(opening, bob, mod, client):
    comment = reply(opening, bob)
    entry = actions.remove(moderator=mod, comment=comment, reason="It is unkind.")
    actions.remove(moderator=mod, comment=opening, reason="Its title names a patient.")
    title = opening.thread.title
    client.force_login(bob)
    pages = ["/decisions/", f"/decisions/{entry.pk}/", f"/decisions/by-link/{notices.token_of(entry)}/"]
    for page in pages:
        assert title not in client.get(page).content.decode()
    for address in (f"/c/{comment.pk}/{way}/" for way in ("edit", "delete", "history", "reply", "flag", "branch")):
        answers = [client.get(address, follow=True), client.post(address, {"source": WORDS}, follow=True)]
        for answer in answers:
            assert title not in answer.content.decode()
            assert not [way for way, _status in answer.redirect_chain if opening.thread.slug in way]


def test_title_of_withdrawn_thread_is_shown_to_its_author(bob, mod, client):
    thread = factories.thread(author=bob, title="What I have learned from my analyst")
    entry = actions.remove(moderator=mod, comment=thread.opening, reason="It names a patient.")
    client.force_login(bob)
    assert thread.title in client.get(f"/decisions/{entry.pk}/").content.decode()
    assert thread.title in client.get("/decisions/").content.decode()
