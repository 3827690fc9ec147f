"""Export of everything that a person wrote: who can download it, and what it contains."""

import json
import re
from contextlib import ExitStack
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User, Verification
from forum import web_server
from posts.models import Appeal, Case, Comment, Draft, Flag, Helpful, Question, Revision
from posts.models.comment import EDIT_GRACE
from posts.moderation import actions, appeal_answers, appeals, decisions, flags, sanctions, verification
from posts.privacy import as_html, as_json, data_export, export_file
from posts.privacy.views import download
from posts.reading import progress
from posts.writing import comments as writing_comments
from posts.writing import drafts
from tests.factories import WHY, WORDS, moderator, person, reply
from tests.factories import thread as make_thread

PAGE, HTML, JSON = "/account/download/", "/account/download/words.html", "/account/download/words.json"
SITE = "https://forum.example"
ODD = 'Tabs\tand  two spaces,\n\n\na line sep\u2028arator, “quotes” \\ "straight", 🌊 and <script>alert(1)</script>.'


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE


@pytest.fixture
def odd_comment(opening, alice):
    """A comment with characters that are easily lost or run."""
    return reply(opening, alice, ODD)


def body(response):
    """What was streamed, as a text."""
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def data(client, who):
    """What `who` gets as data."""
    client.force_login(who)
    return json.loads(body(client.get(JSON)))


def page(client, who):
    """What `who` gets to read."""
    client.force_login(who)
    return body(client.get(HTML))


def age(comment):
    Comment.objects.filter(pk=comment.pk).update(created_at=comment.created_at - 2 * EDIT_GRACE)
    comment.refresh_from_db()


def rewrite(comment, source):
    age(comment)
    writing_comments.edit(editor=comment.author, comment=comment, source=source)
    comment.refresh_from_db()


# For whom ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [PAGE, HTML, JSON])
def test_visitor_is_redirected_to_sign_in_and_back(client, db, address):
    assert client.get(address).url == f"/account/login/?next={PAGE}"


def test_page_describes_export_and_links_to_both_files(client, alice):
    client.force_login(alice)
    text = client.get(PAGE).content.decode()
    for told in ("What is in it", "What is not in it", "moderators keep for themselves", HTML, JSON):
        assert told in text
    for place in ("/account/", "/decisions/"):
        assert f'href="{PAGE}"' in client.get(place).content.decode()


@pytest.mark.parametrize("sanction", ["warn", "suspend_1", "ban"])
def test_warned_suspended_and_banned_people_can_export(client, odd_comment, alice, mod, sanction):
    sanctions.apply_sanction(moderator=mod, person=alice, name=sanction, reason=WHY, comment=odd_comment)
    client.force_login(alice)
    assert client.get(PAGE).status_code == 200
    got = data(client, alice)
    assert [each["text"] for each in got["comments"]] == [ODD]
    assert got["account"]["is_suspended"] == (sanction != "warn")
    assert (got["account"]["suspended_until"] is not None) == (sanction == "suspend_1")
    assert "Tabs" in page(client, alice)
    closed = client.get(f"/c/{odd_comment.parent_id}/reply/").content.decode()
    assert (f'href="{PAGE}"' in closed) == (sanction != "warn")


def test_files_are_downloads_and_not_cached(client, comment, alice):
    client.force_login(alice)
    for address, kind in ((HTML, "text/html; charset=utf-8"), (JSON, "application/json")):
        response = client.get(address)
        today = timezone.localdate().isoformat()
        assert response["Content-Disposition"] == f'attachment; filename="words-{today}.{address[-4:]}"'
        assert response["Content-Type"] == kind
        assert response["X-Content-Type-Options"] == "nosniff"
        assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
        assert response.streaming
        assert body(response)
        assert client.post(address).status_code == 405


def test_download_is_sent_from_file_so_that_slow_reader_holds_no_thread(client, odd_comment, alice):
    """Waitress needs a thread for what a view yields piece by piece, and none for a file."""
    client.force_login(alice)
    cookie = f"session={client.cookies['session'].value}"
    for address in (HTML, JSON):
        # the client of the tests reads the file itself
        response = WSGIHandler().get_response(RequestFactory().get(address, headers={"Cookie": cookie}))
        assert response.file_to_stream.fileno() > 0
        content = response.file_to_stream.read()
        assert int(response["Content-Length"]) == len(content)
        assert "thread" in content.decode()
        response.file_to_stream.close()


def test_second_download_is_refused_while_first_is_being_sent(client, alice, bob, settings):
    from forum import settings as shipped

    settings.LIMITS = shipped.LIMITS
    client.force_login(alice)
    first = client.get(JSON)
    for _ in range(11):
        refused = client.get(HTML)
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert "A download of yours is still running." in refused.content.decode()
    client.force_login(bob)
    assert body(client.get(JSON))
    client.force_login(alice)
    assert body(first)
    # a refused download does not count
    assert body(client.get(HTML))


def test_downloads_of_too_many_people_at_once_are_refused(client, alice, bob, monkeypatch):
    monkeypatch.setattr(export_file, "MOST_OPEN", 1)
    client.force_login(alice)
    first = client.get(JSON)
    client.force_login(bob)
    refused = client.get(JSON)
    assert refused.status_code == 429
    assert "yours did not begin. Please try again in a minute." in refused.content.decode()
    assert body(first)
    assert body(client.get(JSON))


def test_downloads_are_not_written_by_all_threads_at_once(client, alice):
    others = [person() for _ in range(export_file.MOST_WRITTEN)]
    client.force_login(alice)
    with ExitStack() as stack:
        for other in others:
            stack.enter_context(export_file.new_file(other)).close()
        assert client.get(JSON).status_code == 429
    assert body(client.get(JSON))
    assert export_file.MOST_WRITTEN <= web_server.THREADS / 4


def test_download_that_fails_leaves_no_file_open(client, alice, monkeypatch):
    def breaks(document):
        yield "{"
        raise RuntimeError("a fault of ours")

    client.force_login(alice)
    with monkeypatch.context() as broken:
        broken.setattr(as_json, "pieces", breaks)
        with pytest.raises(RuntimeError):
            client.get(JSON)
    assert body(client.get(JSON))


def test_head_request_reads_no_texts(comment, alice, rf):
    # the client of the tests cuts off what a server would send
    request = rf.head(JSON)
    request.user = alice
    with CaptureQueriesContext(connection) as queries:
        response = download.words(request, "json")
        assert b"".join(response.streaming_content) == b""
    response.file_to_stream.close()
    assert response.status_code == 200
    assert "Content-Length" not in response
    assert not [query for query in queries if "posts_" in query["sql"]]


def test_exports_over_limit_are_refused_with_time_to_wait(client, alice, settings):
    from forum import settings as shipped

    settings.LIMITS = shipped.LIMITS
    client.force_login(alice)
    for number in range(10):
        assert body(client.get((HTML, JSON)[number % 2]))
    refused = client.get(JSON)
    assert refused.status_code == 429
    assert "A little slower, please" in refused.content.decode()
    assert 0 < int(refused["Retry-After"]) <= 3_600
    # the page that tells of it stays open
    assert client.get(PAGE).status_code == 200


# What is in it -------------------------------------------------------------------------------------------------------


def test_export_has_account_and_verification(client, alice, mod):
    now = timezone.now()
    Verification.objects.create(
        user=alice,
        profession="Psychologist",
        regulator="Board",
        region="US-MD",
        method="Looked up by Mo",
        checked_at=now - timedelta(days=400),
        checked_by=mod,
        expires_at=now - timedelta(days=35),
        revoked_at=None,
    )
    got = data(client, alice)
    assert got["format"] == "two-way-street-export-1"
    assert got["site"] == {"name": "Two-Way Street", "address": f"{SITE}/"}
    account = got["account"]
    assert (account["display_name"], account["email"]) == ("Alice", "alice@example.org")
    assert account["trust"] == {"code": 1, "words": "member"}
    (row,) = account["verifications"]
    assert (row["profession"], row["regulator"], row["region"], row["revoked_at"]) == (
        "Psychologist",
        "Board",
        "US-MD",
        None,
    )
    assert row["checked_at"] == (now - timedelta(days=400)).isoformat().replace("+00:00", "Z")
    text = page(client, alice)
    for told in ("alice@example.org", "Psychologist", "US-MD"):
        assert told in text


def test_export_has_request_for_verification(client, alice):
    given = {"profession": "Psychologist", "regulator": "HCPC", "region": "GB"}
    verification.ask(person=alice, number="PYL 55501", evidence="Registered as <A.> Lice", **given)
    (row,) = data(client, alice)["account"]["verification_requests"]
    assert (row["number"], row["outcome"]["code"]) == ("PYL 55501", "open")
    assert "Registered as &lt;A.&gt; Lice" in page(client, alice)
    verification.withdraw(person=alice)
    (row,) = data(client, alice)["account"]["verification_requests"]
    assert (row["number"], row["evidence"], row["outcome"]["code"]) == (None, None, "withdrawn")


def test_export_has_exact_texts_and_earlier_versions(client, odd_comment, alice):
    rewrite(odd_comment, ODD + " More.")
    rewrite(odd_comment, ODD + " Less.")
    (got,) = data(client, alice)["comments"]
    odd_comment.refresh_from_db()
    assert got["text"] == odd_comment.source == ODD + " Less."
    assert [(each["number"], each["text"]) for each in got["earlier_versions"]] == [(1, ODD), (2, ODD + " More.")]
    assert (got["id"], got["address"]) == (odd_comment.pk, f"{SITE}/c/{odd_comment.pk}/")
    assert got["edited_at"] == odd_comment.edited_at.isoformat().replace("+00:00", "Z")
    assert "html" not in got


def test_export_has_place_parent_and_standpoint_of_comment(client, opening, alice, bob):
    question = opening.thread.questions.first()
    first = reply(opening, bob, "Bob’s own words, all of them his.")
    answer = reply(opening, alice, question=question, standpoint="clinician")
    reply(first, alice, f"{WORDS} Below.")
    to_question, to_bob = data(client, alice)["comments"]
    assert to_question["thread"] == opening.thread.title
    assert to_question["question"] == question.text
    assert to_question["standpoint"] == {"code": "clinician", "words": "Clinician"}
    assert to_question["answers"]["by"] == "The blogger"
    assert (to_bob["question"], to_bob["shown_as"]) == (None, "Alice")
    assert to_bob["answers"] == {"id": first.pk, "address": f"{SITE}/c/{first.pk}/", "by": "Bob"}
    assert to_bob["state"] == {"code": "published", "words": "everybody can read it"}
    text = page(client, alice)
    assert "In reply to <bdi>Bob</bdi>" in text
    assert f'id="c{answer.pk}"' in text
    for told in (text, json.dumps(data(client, alice), ensure_ascii=False)):
        assert "Bob’s own words" not in told


def test_parent_has_no_name_where_readers_see_none(client, opening, alice, bob, mod):
    gone = reply(opening, bob)
    reply(gone, alice)
    writing_comments.delete(author=bob, comment=gone)
    assert data(client, alice)["comments"][0]["answers"]["by"] is None
    assert "Bob" not in page(client, alice)


def test_title_of_hidden_thread_is_exported_for_its_author_only(client, alice, bob, mod):
    theirs = make_thread(author=bob, title="What Bob asks")
    below = reply(theirs.opening, bob)
    reply(theirs.opening, alice, question=theirs.questions.first())
    reply(below, alice, f"{WORDS} Below.")
    actions.remove(moderator=mod, comment=theirs.opening, reason=WHY)
    for hers in data(client, alice)["comments"]:
        assert (hers["thread"], hers["question"], hers["answers"]["by"]) == (None, None, None)
        assert hers["state"] == {"code": "thread_hidden", "words": "its thread is hidden"}
    assert "Bob" not in page(client, alice)
    his = data(client, bob)["comments"][0]
    assert his["thread"] == "What Bob asks"
    assert [each["text"] for each in his["asks"]] == [each.text for each in theirs.questions.all()]
    assert his["state"] == {"code": "removed", "words": "removed by a moderator"}


def test_export_of_thread_has_opening_post_and_questions(client, alice, bob):
    mine = make_thread(author=alice, title="Is it <b>real</b>?")
    reply(mine.opening, bob)
    (got,) = data(client, alice)["comments"]
    assert (got["thread"], got["starts_thread"], got["answers"]) == ("Is it <b>real</b>?", True, None)
    assert got["asks"][0] == {
        "text": "What have your patients learned?",
        "of": {"code": "clinicians", "words": "Clinicians"},
    }
    assert "You started “<bdi>Is it &lt;b&gt;real&lt;/b&gt;?</bdi>”" in page(client, alice)


def test_export_has_deleted_held_and_removed_comments(client, opening, alice, mod):
    taken_back, held, removed = (reply(opening, alice, f"{WORDS} {number}") for number in range(3))
    writing_comments.delete(author=alice, comment=taken_back)
    actions.hold(moderator=mod, comment=held, reason=WHY)
    actions.remove(moderator=mod, comment=removed, reason=WHY)
    got = data(client, alice)["comments"]
    assert [each["text"] for each in got] == [f"{WORDS} {number}" for number in range(3)]
    assert [each["state"]["code"] for each in got] == ["deleted", "hidden", "removed"]
    assert got[0]["deleted_at"]
    text = page(client, alice)
    for told in ("deleted by you", "hidden until a moderator has reviewed it", "removed by a moderator"):
        assert told in text


def test_export_has_passage_that_moderators_took_out(client, opening, alice, mod):
    comment = reply(opening, alice, "She lives on Elm Street and is very kind.")
    actions.edit_out(moderator=mod, comment=comment, passage="on Elm Street", reason=WHY)
    (version,) = data(client, alice)["comments"][0]["earlier_versions"]
    assert version["text"] == "She lives on Elm Street and is very kind."
    assert version["taken_out"] == "on Elm Street"
    assert version["withheld_at"]
    assert "on Elm Street" in page(client, alice)


def test_export_has_drafts_flags_and_helpful_marks(client, comment, alice, bob, opening):
    theirs = reply(opening, bob)
    drafts.save(person=alice, place=f"reply:{theirs.pk}", fields={"source": "Half a <i>thought</i>"}, key="k")
    drafts.save(person=bob, place=f"reply:{comment.pk}", fields={"source": "Bob’s half"}, key="k")
    flags.flag(comment=theirs, person=alice, reason="spam", note="Look at the <end>.")
    flags.flag(comment=comment, person=bob, reason="harm", note="Bob’s note")
    progress.mark_helpful(reader=alice, comment=theirs, is_helpful=True)
    got = data(client, alice)
    (draft,), (flag,), (mark,) = got["drafts"], got["flags"], got["helpful_marks"]
    assert draft["fields"] == {"source": "Half a <i>thought</i>"}
    assert (draft["place"], draft["address"]) == (f"reply:{theirs.pk}", f"{SITE}/c/{theirs.pk}/reply/")
    assert (flag["comment"], flag["note"]) == (f"{SITE}/c/{theirs.pk}/", "Look at the <end>.")
    assert flag["reason"] == {"code": "spam", "words": "It is spam or advertising"}
    assert flag["outcome"] == {"code": "open", "words": "A moderator will look at it."}
    assert mark["comment"] == f"{SITE}/c/{theirs.pk}/"
    text = page(client, alice)
    for told in ("Half a &lt;i&gt;thought&lt;/i&gt;", "Look at the &lt;end&gt;.", "It is spam or advertising"):
        assert told in text
    for told in (text, json.dumps(got, ensure_ascii=False)):
        assert "Bob’s" not in told


def test_export_has_decisions_reasons_appeals_and_answers(client, comment, alice, mod):
    entry = actions.remove(moderator=mod, comment=comment, reason="It is <unkind>.", rule="Be kind")
    appeals.appeal(entry=entry, text="I meant <well>.", person=alice)
    case = Case.objects.get()
    appeal_answers.answer_appeal(
        moderator=moderator("Mia Second"),
        case=case,
        seen=case.version,
        outcome=Appeal.Outcome.REVERSED,
        answer="You are right.",
    )
    told = data(client, alice)["decisions"]
    assert [each["act"]["code"] for each in told] == ["remove", "reverse", "undo"]
    removed = told[0]
    assert removed["act"]["words"] == "Your comment was removed."
    assert (removed["reason"], removed["rule"]) == ("It is <unkind>.", "Be kind")
    assert removed["by"] == {"code": "moderator", "words": "a moderator"}
    assert removed["comment"] == f"{SITE}/c/{comment.pk}/"
    assert removed["address"] == f"{SITE}/decisions/{entry.pk}/"
    assert removed["taken_back_at"] == told[2]["at"]
    assert removed["appeal"]["text"] == "I meant <well>."
    assert removed["appeal"]["outcome"] == {"code": "reversed", "words": "the decision was reversed"}
    assert removed["appeal"]["answer"] == "You are right."
    text = page(client, alice)
    for each in ("It is &lt;unkind&gt;.", "I meant &lt;well&gt;.", "You are right.", "Be kind"):
        assert each in text


def test_export_names_automatic_decisions(client, comment, alice):
    flags.flag(comment=comment, person=moderator("Mia Second"), reason="unkind")
    (told,) = data(client, alice)["decisions"]
    assert told["by"]["code"] == "forum"
    assert "the forum itself" in page(client, alice)


# What is not in it ---------------------------------------------------------------------------------------------------


def test_export_has_nothing_of_other_members(client, odd_comment, alice, bob, mod):
    theirs = reply(odd_comment, bob, "What only Bob would say, at some length.")
    rewrite(theirs, "What only Bob would say, at greater length.")
    actions.remove(moderator=mod, comment=theirs, reason="A reason for Bob.")
    flags.flag(comment=odd_comment, person=bob, reason="other", note="A note of Bob’s.")
    Helpful.objects.create(person=bob, comment=odd_comment, at=timezone.now())
    got = data(client, alice)
    assert [each["id"] for each in got["comments"]] == [odd_comment.pk]
    assert (got["drafts"], got["flags"], got["helpful_marks"], got["decisions"]) == ([], [], [], [])
    for told in (page(client, alice), json.dumps(got, ensure_ascii=False)):
        assert "Bob" not in told
    got = data(client, bob)
    assert [each["text"] for each in got["comments"]] == ["What only Bob would say, at greater length."]
    assert ODD not in json.dumps(got, ensure_ascii=False)
    assert [len(got[name]) for name in ("flags", "helpful_marks", "decisions")] == [1, 1, 1]


def test_export_has_no_names_or_notes_of_moderators(client, odd_comment, alice, mod):
    decisions.note(moderator=mod, text="Seen before, under another name.", comment=odd_comment)
    decisions.note(moderator=mod, text="Seen before, under another name.", person=alice)
    rewrite(odd_comment, ODD + " More.")
    actions.withhold(moderator=mod, revision=Revision.objects.get(), reason="Unseen by her.")
    entry = sanctions.warn(moderator=mod, person=alice, reason=WHY, comment=odd_comment)
    decisions.annotate(moderator=mod, entry=entry, reason="Noted behind it.")
    got = data(client, alice)
    assert [each["act"]["code"] for each in got["decisions"]] == ["warn"]
    for told in (page(client, alice), json.dumps(got, ensure_ascii=False)):
        for kept in ("Mo Derby", "mo.derby", "Seen before", "Unseen by her", "Noted behind it"):
            assert kept not in told


# The files -----------------------------------------------------------------------------------------------------------


class Outline(HTMLParser):
    """Which elements a page has, and whether each that is opened is closed in its turn."""

    EMPTY = {"meta", "br", "hr", "link", "img", "input"}

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.ids, self.open = set(), set(), [], []
        self.feed(text)
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _value in attrs)
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_exported_page_is_complete_and_runs_no_scripts(client, odd_comment, alice, bob, mod):
    rewrite(odd_comment, "Now <script>alert(2)</script> and [a link](/rules/) and <b onclick=alert(3)>this</b>.")
    make_thread(author=alice, title="<script>alert(4)</script>")
    theirs = reply(odd_comment, bob)
    drafts.save(person=alice, place="thread", fields={"title": "<script>alert(5)</script>", "source": "x"}, key="k")
    flags.flag(comment=theirs, person=alice, reason="spam", note="<script>alert(6)</script>")
    entry = actions.remove(moderator=mod, comment=odd_comment, reason="<script>alert(7)</script>")
    appeals.appeal(entry=entry, text="<script>alert(8)</script>", person=alice)
    Helpful.objects.create(person=alice, comment=theirs, at=timezone.now())
    text = page(client, alice)
    outline = Outline(text)
    assert not outline.tags & {"script", "style", "link", "img", "iframe", "form", "b"}
    assert not {name for name in outline.attributes if name.startswith("on") or name in ("style", "src")}
    assert text.startswith("<!doctype html>")
    assert "this page is complete" in text[-200:]
    for number in (1, 2, 4, 5, 6, 7, 8):
        assert f"&lt;script&gt;alert({number})&lt;/script&gt;" in text
    # from a file, too, a link to a page of the forum leads there
    assert f'<a href="{SITE}/rules/"' in text
    assert re.findall(r'href="(?!https?://|#)[^"]*', text) == []


def test_export_without_comments_has_complete_files(client, alice):
    got = data(client, alice)
    assert [got[name] for name in ("comments", "drafts", "flags", "helpful_marks", "decisions")] == [[]] * 5
    text = page(client, alice)
    Outline(text)
    assert text.count("There are none.") == 5


def test_each_row_is_exported_once_with_any_batch_size(client, opening, alice, bob, mod, monkeypatch):
    comments = [reply(opening, alice, f"{WORDS} {number}") for number in range(7)]
    for number, comment in enumerate(comments):
        for version in range(number % 4):
            rewrite(comment, f"{WORDS} {number}, version {version}")
        theirs = reply(opening, bob, f"{WORDS} His {number}")
        Helpful.objects.create(person=alice, comment=theirs, at=timezone.now())
        flags.flag(comment=theirs, person=alice, reason="spam")
        actions.remove(moderator=mod, comment=comment, reason=WHY)
    whole, read = data(client, alice), page(client, alice)
    assert [len(whole[name]) for name in ("comments", "flags", "helpful_marks", "decisions")] == [7] * 4
    assert [len(each["earlier_versions"]) for each in whole["comments"]] == [0, 1, 2, 3, 0, 1, 2]
    for size in (1, 2, 3, 7):
        monkeypatch.setattr(data_export, "BATCH", size)
        again = data(client, alice)
        assert {**again, "made_at": None} == {**whole, "made_at": None}
        assert page(client, alice).count("<article") == read.count("<article")


def grown(alice, bob, mod, number):
    """`number` comments of Alice with each an earlier version, flags, marks and appealed decisions."""
    opening = make_thread(author=alice).opening
    written = []
    for _each in range(number):
        mine = reply(opening, alice, question=Question.objects.filter(thread=opening.thread).first())
        rewrite(mine, f"{WORDS} Anew.")
        theirs = reply(mine, bob)
        reply(theirs, alice)
        flags.flag(comment=theirs, person=alice, reason="spam")
        Helpful.objects.create(person=alice, comment=theirs, at=timezone.now())
        written.append(mine)
    # removed at the end, because comments are held after several removals
    for mine in written:
        entry = actions.remove(moderator=mod, comment=mine, reason=WHY)
        appeals.appeal(entry=entry, text="Please think again.", person=alice)


@pytest.mark.parametrize("rendered", [False, True])
def test_query_count_of_batch_is_constant(db, mod, rendered):
    counts = []
    for number in (3, 12):
        alice, bob = person(), person()
        grown(alice, bob, mod, number)
        with CaptureQueriesContext(connection) as queries:
            document = data_export.everything(person=alice, at=timezone.now(), rendered=rendered)
            text = "".join((as_html if rendered else as_json).pieces(document))
        assert text.count("Please think again.") == number
        counts.append(len(queries))
        assert not [query["sql"] for query in queries if " OFFSET " in query["sql"]]
    assert counts[0] == counts[1] <= 9


def test_texts_of_others_are_not_read_from_database(db, alice, bob):
    opening = make_thread(author=bob).opening
    reply(reply(opening, bob), alice)
    with CaptureQueriesContext(connection) as queries:
        list(data_export.everything(person=alice, at=timezone.now())["comments"])
    sql = next(query["sql"] for query in queries if query["sql"].startswith('SELECT "posts_comment"'))
    assert '"posts_comment"."source"' in sql
    assert sql.count('."source"') == 1
    assert '."html"' not in sql


def test_unknown_fields_are_not_exported():
    with pytest.raises(TypeError):
        "".join(as_json.pieces({"oddity": object()}))


def test_every_model_about_a_person_is_exported_or_excluded():
    """A new kind of row that belongs to a person is either in the download or named here, with a reason."""
    told = {(Comment, "author"), (Draft, "person"), (Flag, "person"), (Helpful, "person"), (Appeal, "person")}
    named = told | {
        (apps.get_model(name), field)
        for name, field in (
            ("posts.LogEntry", "person"),
            ("accounts.Verification", "user"),
            ("accounts.VerificationRequest", "person"),
            # titles come with their opening posts, earlier texts with their comments
            ("posts.Thread", "author"),
            ("posts.Revision", "replaced_by"),
            # how far they have read, names kept for them, and where they are signed in: nothing they wrote
            ("posts.Reading", "person"),
            ("accounts.HeldName", "person"),
            ("accounts.UserSession", "user"),
            # what moderators do and keep for themselves
            ("posts.LogEntry", "moderator"),
            ("posts.Appeal", "decided_by"),
            ("posts.Case", "claimed_by"),
            ("posts.Note", "person"),
            ("posts.Note", "noted_by"),
            ("accounts.Verification", "checked_by"),
            ("posts.Rules", "published_by"),
        )
    }
    found = {
        (model, field.name)
        for app in ("posts", "accounts")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.concrete_fields
        if field.is_relation and issubclass(field.related_model, User)
    }
    assert found == named
