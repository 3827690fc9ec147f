"""Functions that make threads of any length by COPY: random trees of comments with correct counts."""

import random
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils import timezone

from accounts.models import User
from forum import markup
from posts.models import Comment, Question, Thread
from posts.models import path as models_path
from posts.writing import comments

PEOPLE = 200
TEXTS = 2_000
# The probability that a comment replies to an earlier comment and not to the opening post.
REPLIES = 0.7
COLUMNS = (
    "id",
    "thread_id",
    "parent_id",
    "path",
    "depth",
    "question_id",
    "author_id",
    "byline",
    "standpoint",
    "is_sample",
    "is_guest",
    "source",
    "html",
    "renderer",
    "created_at",
    "published_at",
    "reply_count",
    "below_count",
    "helpful_count",
)


class Bar:
    """A progress bar on a terminal; elsewhere one line for each tenth."""

    def __init__(self, label: str, total: int) -> None:
        self.label, self.total, self.told = label, total, -1

    def at(self, done: int) -> None:
        """Show that `done` of the steps are done."""
        tenth = 10 * done // self.total
        if sys.stdout.isatty():
            filled = 30 * done // self.total
            print(f"\r{self.label} [{'#' * filled}{'.' * (30 - filled)}] {done:,}/{self.total:,}", end="", flush=True)
            if done == self.total:
                print()
        elif tenth != self.told:
            print(f"{self.label}: {done:,} of {self.total:,}", flush=True)
        self.told = tenth


def people(number: int = PEOPLE) -> list[User]:
    """Return the members of the benchmark; create those that are missing."""
    for index in range(User.objects.filter(email__endswith="@bench.example").count(), number):
        User.objects.create_user(f"reader{index}@bench.example", display_name=f"Reader {_word(index)} {index}", trust=1)
    found = User.objects.filter(email__endswith="@bench.example")
    # members from earlier versions of the benchmark; replies of new members would be held
    found.filter(trust=User.Trust.NEW).update(trust=User.Trust.MEMBER)
    return list(found.order_by("pk")[:number])


def texts(dice: random.Random, number: int = TEXTS) -> list[tuple[str, str]]:
    """Return `number` pairs (source, html) of 40 to 120 words, with word frequencies by Zipf's law."""
    words = [_word(index) for index in range(4_000)]
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    made = []
    for _text in range(number):
        chosen = dice.choices(words, cum_weights=weights, k=dice.randint(40, 120))
        for end in range(9, len(chosen), 12):
            chosen[end] += "."
        source = " ".join(chosen).capitalize()
        made.append((source, markup.render(source)))
    return made


def thread_of(size: int, somebody: list[User] | None = None, pool: list[tuple[str, str]] | None = None) -> Thread:
    """Return the benchmark's thread of `size` comments; make it if it is missing or incomplete."""
    title = f"A talk of {size:,} comments"
    for found in Thread.objects.filter(title=title):
        if found.comment_count >= size:
            return found
        # an earlier run was interrupted and its COPY rolled back; delete what is left
        found.comments.all().delete()
        found.delete()
    dice = random.Random(size)  # noqa: S311  (the same tree every time)
    somebody, pool = somebody or people(), pool or texts(dice)
    thread = comments.start_thread(
        author=None,
        byline="The bench",
        title=title,
        source=pool[0][0],
        questions=[("What have they learned?", "clinicians"), ("What have you learned?", "patients")],
        at=timezone.now() - timedelta(days=31),
    )
    with transaction.atomic():
        _copy(thread, size, dice, [person.pk for person in somebody], pool)
    return Thread.objects.get(pk=thread.pk)


def take_replies_back(thread: Thread) -> None:
    """Delete the replies that a measurement wrote into `thread`, and correct the counts.

    Such replies have a key, and the comments of `thread_of` have none.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT p.path, count(*), c.question_id FROM posts_comment c JOIN posts_comment p ON p.id = c.parent_id
               WHERE c.thread_id = %s AND c.key IS NOT NULL GROUP BY 1, 3""",
            [thread.pk],
        )
        for path, number, question in cursor.fetchall():
            above = models_path.ids_of(path)
            cursor.execute(
                """UPDATE posts_comment SET below_count = below_count - %(n)s,
                       reply_count = reply_count - CASE WHEN id = %(parent)s THEN %(n)s ELSE 0 END
                   WHERE id = ANY(%(above)s)""",
                {"n": number, "parent": above[-1], "above": above},
            )
            Question.objects.filter(pk=question).update(comment_count=F("comment_count") - number)
            Thread.objects.filter(pk=thread.pk).update(comment_count=F("comment_count") - number)
        cursor.execute("DELETE FROM posts_comment WHERE thread_id = %s AND key IS NOT NULL", [thread.pk])


def _copy(thread: Thread, size: int, dice: random.Random, authors: list[int], pool: list[tuple[str, str]]) -> None:
    opening = thread.opening
    questions = [None, *Question.objects.filter(thread=thread).order_by("position").values_list("pk", flat=True)]
    # comments are numbered from 1; 0 is the opening post
    parents = [0] * (size + 1)
    for number in range(2, size + 1):
        if dice.random() < REPLIES:
            parents[number] = dice.randint(1, number - 1)
    replies, below = [0] * (size + 1), [0] * (size + 1)
    for number in range(size, 0, -1):
        replies[parents[number]] += 1
        below[parents[number]] += 1 + below[number]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(s, nextval(s::regclass) + %s) FROM pg_get_serial_sequence('posts_comment', 'id') AS s",
            [size],
        )
        first = cursor.fetchone()[0] - size
        lines = _Lines(_rows(thread, opening, dice, authors, pool, questions, parents, replies, below, first))
        heavy = size >= 50_000
        if heavy:
            # making the full-text index at the end is a hundred times faster
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'comment_words'")
            definition = cursor.fetchone()[0]
            cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
            cursor.execute("DROP INDEX comment_words")
        cursor.cursor.copy_expert(f"COPY posts_comment ({', '.join(COLUMNS)}) FROM STDIN", lines, size=1 << 20)
        if heavy:
            print("Making the index of words ...", flush=True)
            # an index cannot be made while deferred constraint checks are pending
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(definition)
        Comment.objects.filter(pk=opening.pk).update(reply_count=replies[0], below_count=below[0])
        cursor.execute(
            """UPDATE posts_question q SET comment_count = (
                   SELECT count(*) FROM posts_comment c WHERE c.thread_id = q.thread_id AND c.question_id = q.id
               ), answer_count = (
                   SELECT count(*) FROM posts_comment c WHERE c.parent_id = %s AND c.question_id = q.id
               ) WHERE thread_id = %s""",
            [opening.pk, thread.pk],
        )
        latest = Comment.objects.filter(thread=thread).aggregate(at=Max("published_at"))["at"]
        by_clinicians = Comment.objects.filter(thread=thread, depth__gt=0, standpoint__in=("clinician", "both")).count()
        Thread.objects.filter(pk=thread.pk).update(
            comment_count=size, clinician_count=by_clinicians, last_activity_at=latest
        )
        cursor.execute("ANALYZE posts_comment")


def _rows(
    thread: Thread,
    opening: Comment,
    dice: random.Random,
    authors: list[int],
    pool: list[tuple[str, str]],
    questions: list[int | None],
    parents: list[int],
    replies: list[int],
    below: list[int],
    first: int,
) -> Iterator[str]:
    """Yield the lines for COPY; `first` + 1 is the id of the first comment."""
    size = len(parents) - 1
    bar = Bar(f"Filling “{thread.title}”", size)
    began = timezone.now() - timedelta(days=30)
    step = timedelta(days=29) / size
    paths = [opening.path] + [""] * size
    asked: list[int | None] = [None] * (size + 1)
    pool = [(_escaped(source), _escaped(html)) for source, html in pool]
    for number in range(1, size + 1):
        parent = parents[number]
        paths[number] = path = paths[parent] + models_path.segment(first + number)
        asked[number] = question = asked[parent] if parent else dice.choice(questions)
        source, html = dice.choice(pool)
        at = (began + number * step).isoformat()
        yield (
            "\t".join(
                (
                    str(first + number),
                    str(thread.pk),
                    str(first + parent if parent else opening.pk),
                    path,
                    str(models_path.depth_of(path)),
                    str(question) if question else "\\N",
                    str(dice.choice(authors)),
                    "",
                    "",
                    "f",
                    "f",
                    source,
                    html,
                    str(markup.VERSION),
                    at,
                    at,
                    str(replies[number]),
                    str(below[number]),
                    str(int(dice.expovariate(2))),
                )
            )
            + "\n"
        )
        if number % 1_000 == 0 or number == size:
            bar.at(number)


class _Lines:
    """A file-like object that reads lines from an iterator, for COPY."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines

    def read(self, size: int) -> str:
        out, length = [], 0
        for line in self.lines:
            out.append(line)
            length += len(line)
            if length >= size // 2:
                break
        return "".join(out)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _word(index: int) -> str:
    """Return a pronounceable word for `index`; small indexes have short words."""
    heads, tails = "b br d f g h k l m n p r s st t th v w".split(), "a e i o u ai ea ou".split()  # noqa: SIM905
    word = ""
    index += 1
    while index:
        index, part = divmod(index, len(heads) * len(tails))
        word += heads[part % len(heads)] + tails[part // len(heads)]
    return word
