"""A redaction covers the title and the questions of a thread, and the author's other comments."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from posts.models import Case, Comment, LogEntry, Revision
from posts.moderation import actions, flags, undo
from posts.privacy import as_html, as_json, data_export
from posts.safety.redaction import joined
from posts.threads.exceptions import Refused
from posts.writing import comments
from tests import factories
from tests.factories import WHY, person, reply
from tests.posts.moderation.case_forms import page, said

TITLE, QUESTIONS = "What Anna Bell taught me", [("What did Anna Bell say?", "clinicians"), ("And you?", "patients")]


@pytest.fixture
def named(alice):
    """A thread of Alice with a name in its title, its slug and one question."""
    return factories.thread(alice, title=TITLE, questions=QUESTIONS)


def redact(mod, comment, *passages):
    return actions.edit_out(moderator=mod, comment=comment, passage=joined(passages), reason=WHY)


def headings(thread):
    thread.refresh_from_db()
    return [thread.title, *(question.text for question in thread.questions.all())]


def everything_readers_see(thread):
    client = Client()
    ways = ["/", "/moderation/", thread.get_absolute_url(), f"/c/{thread.opening.pk}/history/"]
    return "".join(said(client.get(way, follow=True)) for way in ways)


def test_redaction_of_opening_post_reaches_title_slug_and_questions(named, mod):
    old_address = named.get_absolute_url()
    assert "Anna" in everything_readers_see(named)
    redact(mod, named.opening, "Anna Bell")
    assert headings(named) == ["What […] taught me", "What did […] say?", "And you?"]
    assert "anna" not in everything_readers_see(named).lower()
    assert Client().get(old_address).headers["Location"] == named.get_absolute_url()


def test_passage_that_is_only_in_title_can_be_undone(named, mod):
    entry = redact(mod, named.opening, "Anna Bell")
    assert undo.undo(moderator=mod, entry=entry).act == "undo"
    assert headings(named) == [TITLE, *(text for text, _asks in QUESTIONS)]
    assert named.slug == "what-anna-bell-taught-me"
    assert not Revision.objects.exists()


def test_undo_of_first_of_two_redactions_of_title_restores_nothing(named, mod):
    first = redact(mod, named.opening, "Anna Bell", "unkind")
    redact(mod, named.opening, "taught")
    assert undo.undo(moderator=mod, entry=first).act == "reopen"
    assert headings(named)[0] == "What […] […] me"


def test_title_alone_changed_since_is_noticed_by_undo(named, mod):
    first = redact(mod, named.opening, "Anna Bell")
    redact(mod, named.opening, "taught")
    assert undo.undo(moderator=mod, entry=first).act == "reopen"
    assert headings(named)[0] == "What […] […] me"


def test_redaction_of_reply_leaves_title(named, mod, bob):
    comment = reply(named.opening, bob, "Anna Bell is not me.")
    redact(mod, comment, "Anna Bell")
    assert headings(named)[0] == TITLE
    with pytest.raises(Refused):
        redact(mod, comment, "taught")


def test_case_page_shows_questions_and_previews_redacted_title(named, mod_client):
    flags.flag(comment=named.opening, person=person(), reason="personal")
    case = Case.objects.get()
    assert "What did Anna Bell say?" in said(mod_client.get(page(case)))
    data = {"act": "edit_out", "passage": "Anna Bell", "reason": WHY, "seen": case.version, "preview": 1}
    shown = said(mod_client.post(page(case), data))
    assert "What […] taught me" in shown
    assert "What did […] say?" in shown
    assert headings(named)[0] == TITLE


@pytest.mark.parametrize("way", ["reply", "edit", "thread"])
def test_redacted_passage_in_another_comment_of_its_author_is_held(opening, alice, mod, way):
    first = reply(opening, alice, "I am with Doctor Anna Bell in Oak Lane.")
    other = reply(opening, alice, "Something else, at length.")
    redact(mod, first, "Anna Bell")
    source = "It was anna *Bell* who said so."
    if way == "reply":
        made = reply(opening, alice, source)
    elif way == "edit":
        made = comments.edit(editor=alice, comment=other, source=source)
    else:
        made = factories.thread(alice, title=source).opening
    assert not Comment.objects.get(pk=made.pk).is_published
    assert Case.objects.get(comment=made).why == [Case.Why.PASSAGE]


def test_redacted_passage_of_somebody_else_holds_nothing(opening, alice, mod):
    redact(mod, reply(opening, alice, "I am with Doctor Anna Bell in Oak Lane."), "Anna Bell")
    assert reply(opening, person(), "My therapist is Anna Bell.").is_published


def test_version_that_undo_deleted_is_refused_in_list_of_versions(opening, alice, mod, mod_client):
    comment = reply(opening, alice, "I am with Doctor Anna Bell in Oak Lane.")
    entry = redact(mod, comment, "Anna Bell")
    revision = Revision.objects.get()
    undo.undo(moderator=mod, entry=entry)
    for verb in (actions.withhold, actions.show_again):
        with pytest.raises(Refused):
            verb(moderator=mod, revision=revision, reason=WHY)


def test_list_action_without_mark_is_refused_and_keeps_reason(opening, alice, mod_client):
    comment = reply(opening, alice)
    ticked = {"action": "remove", "_selected_action": [comment.pk], "index": 0, "confirmed": "1", "reason": WHY}
    answer = mod_client.post("/admin/posts/comment/", ticked)
    assert answer.status_code == 409
    assert WHY in said(answer)
    assert not LogEntry.objects.filter(act="remove").exists()


def test_passage_that_a_moderator_writes_again_is_held(opening, mod):
    own = reply(opening, factories.moderator("Mia Second"), "I am with Doctor Anna Bell in Oak Lane.")
    redact(mod, own, "Anna Bell")
    own.author.has_proven_factor = True
    made = comments.edit(editor=own.author, comment=own, source="It was anna *Bell* who said so.")
    assert not Comment.objects.get(pk=made.pk).is_published


def test_passage_whose_absence_makes_the_text_too_complex_is_refused_with_a_sentence(opening, alice, mod_client):
    source = "I want to tell you about her and me.\n\n~~~ Zoe Quist\n" + ">" * 400 + " some text\n~~~\n"
    comment = reply(opening, alice, source)
    flags.flag(comment=comment, person=person(), reason="unkind")
    case = Case.objects.get()
    data = {"act": "edit_out", "passage": "~~~ Zoe Quist", "reason": WHY, "seen": case.version}
    looked = mod_client.post(page(case), data | {"preview": 1})
    assert looked.status_code == 200
    for answer in (looked, mod_client.post(page(case), data)):
        assert "Its Markdown would be too complex".lower() in said(answer).lower()
        assert WHY in said(answer)
    comment.refresh_from_db()
    assert comment.source == source


def test_export_has_title_and_questions_from_before_a_redaction(named, alice, mod):
    redact(mod, named.opening, "Anna Bell")
    headings = [TITLE, *(text for text, _asks in QUESTIONS)]
    everything = data_export.everything(person=alice, at=timezone.now())
    exported = json.loads("".join(as_json.pieces(everything)))
    (version,) = exported["comments"][0]["earlier_versions"]
    assert version["headings"] == headings
    readable = "".join(as_html.pieces(data_export.everything(person=alice, at=timezone.now(), rendered=True)))
    assert all(heading in readable for heading in headings)
