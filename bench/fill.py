"""Threads of any length, made by COPY: random trees as talks grow, with every count as the verbs would keep it."""

import random
import sys
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
# How likely a comment replies to an earlier comment rather than to the opening post.
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
    """Progress with counts: a bar on a terminal, a line per tenth elsewhere."""

    def __init__(self, label, total):
        self.label, self.total, self.told = label, total, -1

    def at(self, done):
        """Shows how far it is."""
        tenth = 10 * done // self.total
        if sys.stdout.isatty():
            filled = 30 * done // self.total
            print(f"\r{self.label} [{'#' * filled}{'.' * (30 - filled)}] {done:,}/{self.total:,}", end="", flush=True)
            if done == self.total:
                print()
        elif tenth != self.told:
            print(f"{self.label}: {done:,} of {self.total:,}", flush=True)
        self.told = tenth


def people(number=PEOPLE):
    """The people of the bench, made once."""
    for index in range(User.objects.filter(email__endswith="@bench.example").count(), number):
        User.objects.create_user(f"reader{index}@bench.example", display_name=f"Reader {_word(index)} {index}", trust=1)
    found = User.objects.filter(email__endswith="@bench.example")
    # those whom an earlier bench made; a newcomer's replies would be held
    found.filter(trust=User.Trust.NEW).update(trust=User.Trust.MEMBER)
    return list(found.order_by("pk")[:number])


def texts(dice, number=TEXTS):
    """(source, html) pairs of 40 to 120 words, the frequent ones as frequent as in a language (Zipf's law)."""
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


def thread_of(size, somebody=None, pool=None):
    """The bench's thread of `size` comments: found if it is whole, otherwise made anew. Repeatable, interruptible."""
    title = f"A talk of {size:,} comments"
    for found in Thread.objects.filter(title=title):
        if found.comment_count >= size:
            return found
        # interrupted: the copy was undone as a whole, and what is left goes
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


def take_replies_back(thread):
    """Undoes what a measurement wrote into a filled `thread`, which has no keys: the next run finds the same talk."""
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


def _copy(thread, size, dice, authors, pool):
    opening = thread.opening
    questions = [None, *Question.objects.filter(thread=thread).order_by("position").values_list("pk", flat=True)]
    # rows are numbered from 1; 0 is the opening post
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
            # an index of words grows a hundred times faster in one piece
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'comment_words'")
            definition = cursor.fetchone()[0]
            cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
            cursor.execute("DROP INDEX comment_words")
        cursor.cursor.copy_expert(f"COPY posts_comment ({', '.join(COLUMNS)}) FROM STDIN", lines, size=1 << 20)
        if heavy:
            print("Making the index of words ...", flush=True)
            # no index is made while checks of the rows are still to come
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(definition)
        Comment.objects.filter(pk=opening.pk).update(reply_count=replies[0], below_count=below[0])
        cursor.execute(
            """UPDATE posts_question q SET comment_count = (
                   SELECT count(*) FROM posts_comment c WHERE c.thread_id = q.thread_id AND c.question_id = q.id
               ) WHERE thread_id = %s""",
            [thread.pk],
        )
        latest = Comment.objects.filter(thread=thread).aggregate(at=Max("published_at"))["at"]
        Thread.objects.filter(pk=thread.pk).update(comment_count=size, last_activity_at=latest)
        cursor.execute("ANALYZE posts_comment")


def _rows(thread, opening, dice, authors, pool, questions, parents, replies, below, first):
    size = len(parents) - 1
    bar = Bar(f"Filling “{thread.title}”", size)
    began = timezone.now() - timedelta(days=30)
    step = timedelta(days=29) / size
    paths, asked = [opening.path] + [""] * size, [None] * (size + 1)
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
    """A generator of lines as the file that COPY reads."""

    def __init__(self, lines):
        self.lines = lines

    def read(self, size):
        out, length = [], 0
        for line in self.lines:
            out.append(line)
            length += len(line)
            if length >= size // 2:
                break
        return "".join(out)


def _escaped(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _word(index):
    """A word that can be spoken, the same for the same index; the first ones short."""
    heads, tails = "b br d f g h k l m n p r s st t th v w".split(), "a e i o u ai ea ou".split()  # noqa: SIM905
    word = ""
    index += 1
    while index:
        index, part = divmod(index, len(heads) * len(tails))
        word += heads[part % len(heads)] + tails[part // len(heads)]
    return word
