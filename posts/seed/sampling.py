"""Add the sample conversation to a thread, and remove it again."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.clinicians import Verification
from accounts.models import User
from posts.models import Comment, Question, Thread
from posts.models.comment import PUBLISHED
from posts.seed.sample import CLINICIAN, CONVERSATION, Sample
from posts.threads import publishing
from posts.threads.text import delete_text, rewrite
from posts.writing import comments

# The account of the invented clinician, which nobody can sign in to. It exists because a verification needs a person.
ADDRESS = "sample@forum.invalid"


@transaction.atomic
def add_sample(thread: Thread) -> int:
    """Add the sample comments below the opening post of the thread, and return their number.

    Adds nothing and returns 0 if the thread has sample comments already.
    """
    publishing.lock_thread(thread.pk)
    if Comment.objects.filter(thread=thread, is_sample=True, deleted_at=None).exists():
        return 0
    questions: dict[int | None, Question] = {question.position: question for question in thread.questions.all()}
    verification = _verification()
    above, made = [thread.opening], []
    for sample in CONVERSATION:
        del above[sample.depth :]
        comment = comments.reply(
            author=None,
            byline=sample.name,
            parent=above[-1],
            submission=comments.Submission(
                source=sample.first or sample.text,
                standpoint=sample.standpoint,
                question=questions.get(sample.question),
            ),
            is_sample=True,
        )
        above.append(comment)
        made.append((sample, comment.pk))
    verified = [pk for sample, pk in made if sample.name == CLINICIAN[0]]
    Comment.objects.filter(pk__in=verified).update(verification=verification)
    for sample, pk in made:
        _settle(thread, sample, pk)
    return len(CONVERSATION)


def _settle(thread: Thread, sample: Sample, pk: int) -> None:
    """Edit or delete the comment `pk` after the replies to it were written, if the sample says so."""
    if not sample.first and not sample.is_deleted:
        return
    comment = Comment.objects.get(pk=pk)
    comment.thread = thread
    if sample.first:
        rewrite(comment, sample.text, None, editor=None, at=timezone.now(), silently=False)
    else:
        delete_text(comment)


def _verification() -> Verification:
    """Return the verification of the invented clinician, valid for a year from now."""
    name, profession, regulator, region = CLINICIAN
    user = User.objects.create_user(ADDRESS, display_name=f"{name} (sample)", is_active=False)
    now = timezone.now()
    return Verification.objects.create(
        user=user,
        profession=profession,
        regulator=regulator,
        region=region,
        method="sample",
        checked_at=now,
        checked_by=user,
        expires_at=now + timedelta(days=365),
    )


@transaction.atomic
def remove_sample(thread: Thread) -> int:
    """Remove the sample comments of the thread, and return their number.

    A sample comment with a real reply stays as a tombstone, so that the reply stays.
    """
    thread = publishing.lock_thread(thread.pk)
    went = 0
    Comment.objects.filter(thread=thread, is_sample=True).update(verification=None)
    # The deepest first, so that the replies of a comment are gone before the comment itself is looked at.
    for comment in Comment.objects.filter(thread=thread, is_sample=True).order_by("-path"):
        comment.refresh_from_db()
        comment.thread = thread
        if comment.deleted_at is None:
            delete_text(comment)
            went += 1
        if not comment.replies.exists() and not comment.log_entries.exists():
            comment.delete()
    Verification.objects.filter(user__email=ADDRESS).delete()
    User.objects.filter(email=ADDRESS).delete()
    latest = Comment.objects.filter(PUBLISHED, thread=thread).aggregate(at=Max("published_at"))["at"]
    Thread.objects.filter(pk=thread.pk).update(last_activity_at=latest or thread.created_at)
    return went
