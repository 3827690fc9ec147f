"""After deletions, removals, holds and restores in any order the stored counts equal the rows."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posts.models import Comment, Thread
from posts.moderation import actions
from posts.reading import queries
from posts.writing import comments as writing_comments
from tests.factories import person, reply
from tests.factories import thread as make_thread

ACTS = ["delete", "remove", "restore", "hold", "approve", "reply", "edit"]


def check(thread):
    """The counts of thread, tabs and tombstones, against the rows themselves."""
    thread = Thread.objects.get(pk=thread.pk)
    opening = thread.opening
    tabs = {queries.ALL: thread.comment_count, queries.CONVERSATION: thread.conversation_count}
    tabs |= {question: question.comment_count for question in thread.questions.all()}
    for tab, count in tabs.items():
        part = queries.page_of_replies(opening.pk, tab=tab)
        assert all(more is None for step in part.steps for more in [step.more, *step.closes])
        assert sum(row.is_published for row in part.rows) == count
        for row in part.rows:
            below = [other for other in part.rows if other.path.startswith(row.path)]
            assert any(other.is_published for other in below), "a tombstone stands only where something hangs on it"
    rows = list(Comment.objects.filter(thread=thread))
    for question in thread.questions.all():
        answers = [row for row in rows if row.is_answer and row.question_id == question.pk and row.is_published]
        assert question.answer_count == len(answers)
    by_clinicians = [row for row in rows if row.depth and row.is_published and row.is_by_clinician]
    assert thread.clinician_count == len(by_clinicians)
    shown = [row for row in rows if row.is_shown]
    for comment in rows:
        assert comment.reply_count == sum(row.parent_id == comment.pk for row in shown)
        assert comment.below_count == sum(row.path.startswith(comment.path) and row != comment for row in shown)
    out_of_sight = opening.removed_at or opening.hidden_at or (opening.deleted_at and not opening.reply_count)
    assert (thread.withdrawn_at is not None) == bool(out_of_sight)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_counts_equal_rows_after_any_changes(data, mod):
    # another person each time, because comments are held after several removals
    alice = person()
    thread = make_thread(author=alice)
    comments = [thread.opening]
    questions = [None, *thread.questions.all()]
    standpoints = st.sampled_from(["", "patient", "clinician", "both"])
    for _ in range(data.draw(st.integers(1, 6))):
        parent = data.draw(st.sampled_from(comments))
        question = data.draw(st.sampled_from(questions))
        comments.append(reply(parent, alice, question=question, standpoint=data.draw(standpoints)))
    version = Thread.objects.get(pk=thread.pk).version
    for act, index in data.draw(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 6)), max_size=12)):
        comment = Comment.objects.select_related("thread").get(pk=comments[index % len(comments)].pk)
        if act == "reply":
            if comment.accepts_replies():
                comments.append(reply(comment, alice))
        elif act == "delete":
            if comment.is_deletable_by(alice):
                writing_comments.delete(author=alice, comment=comment)
        elif act == "edit":
            if comment.is_editable_by(alice):
                standpoint = data.draw(standpoints)
                writing_comments.edit(editor=alice, comment=comment, source=comment.source, standpoint=standpoint)
        else:
            getattr(actions, act)(moderator=mod, comment=comment, reason="A try.")
        changed = Comment.objects.get(pk=comment.pk).state != comment.state
        now = Thread.objects.get(pk=thread.pk).version
        assert not changed or now > version, "every change that readers can see moves the version"
        version = now
        check(thread)
