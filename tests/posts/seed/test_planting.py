"""The seed thread: created once, replaced by the text of the owner without losing replies, and with its questions."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from forum import markup
from posts.management.commands.plant_thread import SEED
from posts.models import Comment, Thread
from posts.moderation import actions
from posts.seed import plain_text
from tests.factories import moderator, person, reply

ORIGINAL = """A  reader wrote:  "is it so?"  I can't find it.

It isn't 'all about you' - or *is* it? 1. No.

# not a heading

Say more?   What do your clients tell you they've kept, and how has your therapist changed you?
"""


BYLINE = ("--byline", "The blogger")


@pytest.fixture
def original(tmp_path):
    path = tmp_path / "original.txt"
    path.write_text(ORIGINAL)
    return path


def plant(*arguments, **options):
    call_command("plant_thread", *map(str, arguments), **options)
    return Thread.objects.get()


def test_seed_creates_post_with_its_two_questions(db, client):
    thread = plant()
    assert [question.asks for question in thread.questions.all()] == ["clinicians", "patients"]
    html = client.get(thread.get_absolute_url()).content.decode()
    assert "The editor" in html
    assert thread.opening.source.count("\n\n") == 9


def test_seed_run_twice_creates_one_thread(db):
    assert plant() == plant()
    assert Comment.objects.count() == 1


def test_text_of_owner_replaces_seed_post_and_keeps_replies(db, original):
    thread = plant()
    answer = reply(thread.opening, person("Alice"), question=thread.questions.first())
    thread = plant(
        "--file",
        original,
        "--title",
        "Not real life",
        "--byline",
        "The blogger",
        "--source-url",
        "https://example.org/post",
        "--source-date",
        "2010-05-31",
    )
    opening = thread.opening
    assert (thread.title, opening.byline, thread.source_url) == (
        "Not real life",
        "The blogger",
        "https://example.org/post",
    )
    assert str(thread.source_date) == "2010-05-31"
    assert opening.revisions.count() == 0
    answer.refresh_from_db()
    assert answer.question.text == "What do your clients tell you they’ve kept?"
    assert thread.comment_count == 1


def test_same_file_again_changes_nothing_and_keeps_values_not_given(db, original):
    plant("--file", original, "--title", "Not real life", "--byline", "The blogger")
    thread = plant("--file", original)
    assert (thread.title, thread.opening.byline) == ("Not real life", "The blogger")
    assert thread.opening.revisions.count() == 0


def test_start_does_not_overwrite_text_of_owner(db, original):
    plant("--file", original, *BYLINE)
    assert "reader wrote" in plant().opening.source


def test_questions_of_seed_thread_can_be_set(db, original):
    thread = plant(
        "--file", original, *BYLINE, "--question", "Who are you?", "--question", "What did your therapist say?"
    )
    assert [(q.text, q.asks) for q in thread.questions.all()] == [
        ("Who are you?", "everybody"),
        ("What did your therapist say?", "patients"),
    ]


@pytest.mark.parametrize(
    "option",
    [
        ("--title", "x" * 201),
        ("--byline", "x" * 81),
        ("--source-url", "javascript:alert(1)"),
        ("--source-date", "yesterday"),
        ("--question", "x" * 301),
    ],
)
def test_invalid_option_is_refused_in_one_sentence(db, original, option):
    with pytest.raises(CommandError, match="Nothing was changed"):
        plant("--file", original, *option)
    assert not Thread.objects.exists()


def test_name_of_seed_author_cannot_be_registered(db, original):
    plant("--file", original, "--byline", "Dinah M.")
    assert not User.objects.name_is_free("Dinah M.")
    assert not User.objects.name_is_free("DINAH м")
    assert User.objects.name_is_free("Dina")


def test_blank_title_keeps_title(db, original):
    assert plant("--file", original, *BYLINE, "--title", "   ").title == "Is therapy a rehearsal for real life?"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff", b"  \n", b"No question here.", b"x" * 100_001])
def test_unusable_file_is_refused_in_one_sentence(db, tmp_path, content):
    path = tmp_path / "post.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match="Nothing was changed"):
        plant("--file", path)
    assert not Thread.objects.exists()


def test_plain_text_is_shown_unchanged():
    assert plain_text.to_markdown(ORIGINAL).split("\n\n")[:3] == [
        "A reader wrote: “is it so?” I can’t find it.",
        r"It isn’t ‘all about you’ - or \*is\* it? 1. No.",
        r"\# not a heading",
    ]


@pytest.mark.parametrize(
    ("straight", "curly"),
    [
        ("the '70s", "the ’70s"),
        ('("so")', "(“so”)"),
        ("dogs' \"'inner' quote\"", "dogs’ “‘inner’ quote”"),
        ("rock—'n'", "rock—‘n’"),
        ("it's 'Work'", "it’s ‘Work’"),
    ],
)
def test_typographic_quotes_open_and_close_correctly(straight, curly):
    assert plain_text.curled(straight) == curly


@pytest.mark.parametrize(
    ("closing", "questions"),
    [
        ("What do you think?", [("What do you think?", "everybody")]),
        ("Tell me what you think?", []),
        ("So. And what did your therapist teach you?", [("What did your therapist teach you?", "patients")]),
        ("Thank you.", []),
        ("", []),
    ],
)
def test_questions_at_end_of_text_are_recognised(closing, questions):
    assert plain_text.closing_questions(f"First paragraph, why?\n\n{closing}" if closing else "") == questions


def test_sample_conversation_can_be_added_and_removed(db, client, capsys):
    thread = plant()
    call_command("demo")
    call_command("demo")
    assert Comment.objects.filter(is_sample=True).count() == 40
    html = client.get(thread.get_absolute_url()).content.decode()
    assert "This is a sample conversation" in html
    assert '<span class="tag">sample</span>' not in html
    # every state that a reader can meet
    for state in ("Clinician (not verified)", "Its author deleted", ">edited<", "<blockquote>", "<q>"):
        assert state in html, state
    assert "Psychologist, US-MD, checked" in html
    call_command("demo", "--remove")
    assert Comment.objects.count() == 1
    assert not User.objects.exists()
    assert Thread.objects.get().comment_count == 0


def test_sample_comments_are_tagged_one_by_one_beside_real_ones(db, client):
    thread = plant()
    call_command("demo")
    reply(thread.opening, person())
    html = client.get(thread.get_absolute_url()).content.decode()
    assert "This is a sample conversation" not in html
    shown = Comment.objects.filter(is_sample=True, deleted_at=None).count()
    assert html.count('<span class="tag">sample</span>') == shown


def test_sample_is_called_a_sample_on_front_page_and_on_its_own_branch(db, client):
    plant()
    call_command("demo")
    alone = Comment.objects.filter(is_sample=True, reply_count=0, deleted_at=None).first()
    assert client.get("/").content.decode().count('<span class="tag">sample</span>') == 2
    assert '<span class="tag">sample</span>' in client.get(f"/c/{alone.pk}/branch/").content.decode()


def test_removing_sample_keeps_replies_of_people(db):
    thread = plant()
    call_command("demo")
    sample = Comment.objects.filter(is_sample=True, depth=2).first()
    answer = reply(sample, person("Alice"))
    call_command("demo", "--remove")
    answer.refresh_from_db()
    assert answer.is_published
    assert answer.parent.state == "deleted"
    thread.refresh_from_db()
    assert thread.comment_count == 1


def test_sample_with_removed_or_held_comments_can_be_removed_and_added_again(db):
    thread = plant()
    call_command("demo")
    mod = moderator()
    one, other = Comment.objects.filter(is_sample=True, depth=1)[:2]
    actions.remove(moderator=mod, comment=one, reason="A try.")
    actions.hold(moderator=mod, comment=other, reason="A try.")
    call_command("demo", "--remove")
    assert not Comment.objects.filter(is_sample=True, deleted_at=None).exists()
    thread.refresh_from_db()
    assert (thread.comment_count, thread.opening.reply_count) == (0, 0)
    call_command("demo")
    thread.refresh_from_db()
    assert thread.comment_count == 39


def test_sample_without_seed_thread_says_what_to_do(db):
    with pytest.raises(CommandError, match="plant_thread"):
        call_command("demo")


def test_post_of_owner_needs_its_author(db, original):
    for _planted in (False, True):
        with pytest.raises(CommandError, match="Whose post is it"):
            call_command("plant_thread", "--file", str(original))
        plant()
    thread = plant("--file", original, "--byline", "The blogger")
    original.write_text(ORIGINAL.replace("Say more?", "Tell more?"))
    assert plant("--file", original) == thread
    assert Comment.objects.get(parent=None).byline == "The blogger"


def test_text_of_this_project_leaves_no_version_behind(db, original):
    thread = plant()
    plant("--file", original, "--byline", "The blogger")
    opening = Comment.objects.get(thread=thread, parent=None)
    assert opening.edited_at is None
    assert not opening.revisions.exists()
    original.write_text(ORIGINAL.replace("Say more?", "Tell more?"))
    plant("--file", original)
    assert opening.revisions.count() == 1


def test_shipped_texts_have_no_line_breaks_in_sentences():
    """A line break in a source is one on the page."""
    for name in ("rules.md", "two-way-street.md"):
        html = markup.render((SEED.parent / name).read_text(), markup.OPENING)
        assert "<br>" not in html, name
