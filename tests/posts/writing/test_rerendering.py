"""After an upgrade stored HTML is rendered again: completely, once, and without losing concurrent edits."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from forum import markup
from posts.models import Comment, Thread
from posts.writing import comments as writing_comments
from posts.writing import rerendering
from tests.factories import WORDS, reply, thread

OLD = markup.VERSION - 1


def run(**options):
    """The last Progress of a whole run."""
    *_earlier, last = rerendering.rerender(**options)
    return last


def made_by_an_older_version(*comments, html="<p>old</p>"):
    Comment.objects.filter(pk__in=[comment.pk for comment in comments]).update(renderer=OLD, html=html)


def version(thread):
    return Thread.objects.get(pk=thread.pk).version


def test_comments_of_older_renderer_are_rendered_again(opening, alice):
    first, second = reply(opening, alice), reply(opening, alice)
    made_by_an_older_version(first)
    Comment.objects.filter(pk=second.pk).update(html="<p>by today's version</p>")
    progress = run()
    assert (progress.looked_at, progress.made, progress.changed, progress.refused) == (3, 1, 1, [])
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.html, first.renderer) == (markup.render(WORDS), markup.VERSION)
    assert second.html == "<p>by today's version</p>"
    assert run(everything=True).changed == 1
    second.refresh_from_db()
    assert second.html == markup.render(WORDS)


def test_version_of_thread_rises_only_if_visible_html_changed(opening, alice):
    comment, same = reply(opening, alice), reply(opening, alice)
    other = thread()
    made_by_an_older_version(comment)
    made_by_an_older_version(same, other.opening, html=markup.render(WORDS))
    before = version(opening.thread), version(other)
    assert run().made == 3
    assert (version(opening.thread), version(other)) == (before[0] + 1, before[1])
    assert not Comment.objects.filter(renderer=OLD).exists()


def test_rerendering_works_in_batches_and_resumes(opening, alice, monkeypatch):
    monkeypatch.setattr(rerendering, "BATCH", 2)
    comments = [opening, *(reply(opening, alice) for _number in range(4))]
    made_by_an_older_version(*comments)
    steps = rerendering.rerender()
    assert next(steps).position == 0
    assert next(steps).position == comments[1].pk
    steps.close()
    assert Comment.objects.filter(renderer=OLD).count() == 3
    progress = run()
    assert (progress.looked_at, progress.made) == (5, 3)
    assert run(everything=True, after=comments[2].pk).made == 2


def test_comment_that_became_too_complex_is_kept_reported_and_not_retried(opening, alice, monkeypatch):
    comment = reply(opening, alice)
    made_by_an_older_version(opening, comment)
    whole, tried = markup.render, []

    def render(source, limits):
        tried.append(source)
        if limits is markup.COMMENT:
            raise markup.TooComplex("No.")
        return whole(source, limits)

    monkeypatch.setattr(rerendering.markup, "render", render)
    progress = run()
    assert (progress.made, progress.refused, len(tried)) == (1, [comment.pk], 2)
    comment.refresh_from_db()
    assert (comment.html, comment.renderer) == ("<p>old</p>", OLD)


def test_opening_post_keeps_its_larger_limits(opening):
    source = "word " * 5_000
    Comment.objects.filter(pk=opening.pk).update(source=source, html="", renderer=OLD)
    assert run().refused == []


def test_concurrent_edit_is_not_lost(opening, alice, monkeypatch):
    """It comes between the drawing and the storing: the row is left to the edit, which drew it."""
    comment = reply(opening, alice)
    made_by_an_older_version(comment)
    whole = rerendering._store

    def store(*given):
        writing_comments.edit(editor=alice, comment=comment, source="Something else, and later than that.")
        whole(*given)

    monkeypatch.setattr(rerendering, "_store", store)
    assert run().made == 0
    comment.refresh_from_db()
    assert comment.html == "<p>Something else, and later than that.</p>"


def test_rerendering_locks_thread_before_comment(opening, alice):
    """The order of every verb; the other way round two of them would wait for each other."""
    made_by_an_older_version(reply(opening, alice))
    with CaptureQueriesContext(connection) as queries:
        run()
    taken = [query["sql"].split(" WHERE")[0] for query in queries if "UPDATE" in query["sql"]]
    assert [("posts_thread" in sql, "posts_comment" in sql) for sql in taken] == [
        (True, False),
        (False, True),
        (True, False),
    ]


class Terminal(io.StringIO):
    """Somebody watches."""

    def isatty(self):
        return True


def told(*options, stderr):
    stdout = io.StringIO()
    call_command("rerender_comments", *options, stdout=stdout, stderr=stderr)
    return stdout.getvalue()


def test_command_lists_comments_it_could_not_render(opening, alice, monkeypatch):
    comment = reply(opening, alice)
    made_by_an_older_version(opening, comment)
    Comment.objects.filter(pk=comment.pk).update(source="> " * 11)
    log = io.StringIO()
    said = told(stderr=log)
    assert "Done: 2 looked at, 1 rendered, 1 changed, 1 refused." in said
    assert f"left as they were: {comment.pk}\n" in said
    assert log.getvalue() == "100%: 2 looked at, 1 rendered, 1 changed, 1 refused\n"
    bar = Terminal()
    told("--all", stderr=bar)
    assert "\r[##############################] 100%  2 looked at" in bar.getvalue()


def test_command_says_if_all_comments_are_current(db):
    assert "Done: 0 looked at" in told(stderr=io.StringIO())


@pytest.mark.parametrize(("options", "way_on"), [([], ""), (["--all"], " --all --after {}")])
def test_interrupted_command_says_how_to_continue(opening, alice, monkeypatch, options, way_on):
    monkeypatch.setattr(rerendering, "BATCH", 1)
    comment = reply(opening, alice)
    made_by_an_older_version(opening, comment)
    whole = rerendering._store

    def store(thread_pk, drawn, progress):
        if drawn[0][0] == comment:
            raise KeyboardInterrupt
        whole(thread_pk, drawn, progress)

    monkeypatch.setattr(rerendering, "_store", store)
    with pytest.raises(CommandError, match="Stopped") as stop:
        told(*options, stderr=io.StringIO())
    assert str(stop.value).endswith("rerender_comments" + way_on.format(opening.pk))
    assert Comment.objects.filter(renderer=OLD).get() == comment
