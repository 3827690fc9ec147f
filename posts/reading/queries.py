"""A page of a thread: which comments it holds, what leads on, and where a comment is found.

A page lists the replies of one comment (the opening post, or the top of a branch page) by position, about
COMMENTS_PER_PAGE with their branches, cut as `posts.reading.nesting` says. Two queries, all index ranges,
whatever the length of the thread: one finds the ids, one brings the rows.
"""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db import connection

from posts.models import Comment
from posts.models import path as models_path
from posts.reading import nesting
from posts.reading.orders import ORDERS, Range

ALL, CONVERSATION = "", "talk"
# The fewest steps a branch has, and so the size up to which every branch is shown whole.
FEWEST = nesting.STEPS[-1]


# `listed`: the replies of the top from the position on. `measured`: how many comments are taken when each is shown
# with its branch, cut with the fewest steps, and how many steps there is room for. `shown`: the tree below them.
IDS = """
WITH RECURSIVE listed AS (
    SELECT c.id, c.reply_count, c.below_count, row_number() OVER (ORDER BY {sorting}) AS place
    FROM posts_comment c WHERE c.is_shown {on_tab} AND {begins}
    ORDER BY {sorting} LIMIT %(size)s + 1
), measured AS (
    SELECT *, sum(1 + least(below_count, {few})) OVER (ORDER BY place) AS taken,
        CASE WHEN count(*) OVER () > %(size)s THEN {fewest} {choices} ELSE {fewest} END AS steps
    FROM listed
), shown AS (
    SELECT id, reply_count, steps, below_count < 2 ^ steps AS is_whole, ARRAY[{sign} place] AS place
    FROM measured WHERE place = 1 OR taken <= %(size)s
    UNION ALL
    SELECT r.id, r.reply_count, CASE WHEN t.is_whole THEN t.steps ELSE t.steps - r.rank::int END, t.is_whole,
        t.place || r.rank
    FROM shown t CROSS JOIN LATERAL (
        SELECT c.id, c.reply_count, row_number() OVER (ORDER BY c.parent_id, {replies}) AS rank
        FROM posts_comment c WHERE c.parent_id >= t.id AND c.parent_id <= t.id AND c.is_shown
        ORDER BY c.parent_id, {replies} LIMIT CASE WHEN t.is_whole THEN (2 ^ t.steps)::int ELSE t.steps END
    ) r WHERE t.reply_count > 0
)
SELECT (SELECT array_agg(id ORDER BY place) FROM shown),
    (SELECT count(*) FROM listed) > (SELECT count(*) FROM shown WHERE cardinality(place) = 1),
    (SELECT c.id FROM posts_comment c WHERE c.is_shown {on_tab} AND {behind}
     ORDER BY {behind_sorting} LIMIT 1) IS NOT NULL,
    {root_is_first}
"""
# Does the thread's first page hold the root of a branch? It does as long as the comments that it takes, each with its
# branch cut with the fewest steps, are no more than a page has.
ROOT_IS_FIRST = f"""(
    SELECT count(*) <= 1 OR sum(1 + least(below_count, {nesting.most_shown(FEWEST)})) <= %(size)s FROM (
        SELECT c.below_count FROM posts_comment c
        WHERE c.is_shown AND c.parent_id >= %(opening)s AND (c.parent_id, c.id) <= (%(opening)s, %(root)s)
        ORDER BY c.parent_id, c.id LIMIT %(size)s + 1
    ) AS upto
)"""  # noqa: S608  (nothing of it comes from outside)


@dataclass
class TreePage:
    """A page of replies to `top` (a Comment), in the order shown, each with the part of its branch that is shown.

    `before` and `after` are the positions at which the list goes on in that direction, or None. `above` are the
    comments between the opening post and `top`, from the outside in. `root_is_first`: the thread's first page holds the
    root of the branch that `top` is in.
    """

    top: Comment
    rows: list
    above: list
    before: str | None = None
    after: str | None = None
    root_is_first: bool = True
    level: int = 1
    in_words: bool = False

    @cached_property
    def steps(self):
        """The rows with the marks of lists around them."""
        return nesting.steps(self.rows, self.level, self.in_words)


def page_of_replies(top_pk, path="", order="oldest", tab=ALL, position=None):
    """The TreePage of the replies to the comment `top_pk`.

    `path` is its path, for what lies above it ("" for an opening post). `order` is one of ORDERS, `tab` ALL,
    CONVERSATION or one of the thread's Questions, `position` None or a pair of "at", "after" or "before" and what
    `parse_position` gives.
    """
    way, place = position or ("first", {})
    order, size = ORDERS[order], settings.COMMENTS_PER_PAGE
    above = models_path.ids_of(path)[1:-1]
    way_down = {"opening": models_path.ids_of(path)[0], "root": [*above, top_pk][0]} if path else {}
    values = {"top": top_pk, "size": size, **place, **way_down}
    ids, goes_on, lies_behind, root_is_first = _ids(order, way, values, tab)
    rows = Comment.objects.for_display().in_bulk([*above, top_pk, *ids])
    page = TreePage(
        rows[top_pk], [rows[pk] for pk in ids if pk in rows], [rows[pk] for pk in above], root_is_first=root_is_first
    )
    listed = [row for row in page.rows if row.parent_id == top_pk]
    further, behind = (goes_on, lies_behind) if way != "before" else (lies_behind, goes_on)
    if listed and further:
        page.after = order.position_of(listed[-1])
    if listed and behind:
        page.before = order.position_of(listed[0])
    return page


def _ids(order, way, values, tab):
    """(ids in the order shown, whether the list goes on, whether something lies behind, see TreePage.root_is_first)."""
    backward, on_tab = way == "before", ""
    rows = Range(order)
    if tab != ALL:
        # 0 is the number of no question: rows without one are a range like any other
        values = values | {"question": 0 if tab == CONVERSATION else tab.pk}
        on_tab = "AND c.depth = 1"
        rows = Range(order, (*rows.columns, "coalesce(c.question_id, 0)"), (*rows.values, "%(question)s"))
    begins = {
        "first": rows.whole(),
        "at": rows.beyond(inclusive=True),
        "after": rows.beyond(),
        "before": rows.beyond(turned=True),
    }
    # what lies on the other side of the position: nothing before a beginning
    behind = {
        "first": "FALSE",
        "at": rows.beyond(turned=True),
        "after": rows.beyond(turned=True, inclusive=True),
        "before": rows.beyond(inclusive=True),
    }
    choices = " ".join(
        f"WHEN sum(1 + least(below_count, {nesting.most_shown(steps)})) OVER () <= %(size)s THEN {steps}"
        for steps in nesting.STEPS[:-1]
    )
    sql = IDS.format(
        sorting=rows.sorting(backward),
        replies=order.replies,
        on_tab=on_tab,
        begins=begins[way],
        behind=behind[way],
        behind_sorting=rows.sorting(not backward),
        sign="-" if backward else "",
        few=nesting.most_shown(FEWEST),
        fewest=FEWEST,
        choices=choices,
        root_is_first=ROOT_IS_FIRST if "root" in values else "TRUE",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        ids, *rest = cursor.fetchone()
    return ids or [], *rest


# The sum of a comment's rank and the ranks of those above it in the branch; its steps must cover it (see nesting).
RANKS = """
SELECT sum(ranked.before + 1) FROM unnest(%s, %s) AS way (parent, child) CROSS JOIN LATERAL (
    SELECT count(*) AS before FROM (
        SELECT 1 FROM posts_comment c
        WHERE c.is_shown AND c.parent_id >= way.parent AND (c.parent_id, c.id) < (way.parent, way.child)
        ORDER BY c.parent_id, c.id LIMIT %s
    ) AS earlier
) AS ranked
"""


def address_of(comment):
    """Where `comment` stands, with the fragment that leads to it: on a page of its thread, or of a branch.

    Where its branch is so long that the thread's page cuts it off, the address is that of the longest branch around it
    that one page holds whole, or else its own branch page, where it stands on top.
    """
    fragment, thread = f"#c{comment.pk}", comment.thread.get_absolute_url()
    if comment.depth == 0:
        return thread + fragment
    opening, root, *below = models_path.ids_of(comment.path)
    if comment.parent_id and not comment.is_shown and comment.state in (comment.State.HELD, comment.State.HIDDEN):
        # its author sees it behind what it replies to
        return f"{address_of(comment.parent).partition('#')[0]}#w{comment.pk}"
    if not comment.is_shown:
        return f"{comment.get_absolute_url()}branch/{fragment}"
    sizes = dict(Comment.objects.filter(pk__in=[root, *below]).values_list("pk", "below_count"))
    if sizes[root] > nesting.most_shown(FEWEST) and below and not _is_within_cut([root, *below]):
        around = next((pk for pk in [root, *below] if sizes[pk] <= settings.COMMENTS_PER_PAGE), comment.pk)
        return f"/c/{around}/branch/{fragment}"
    return f"{thread}{_from_root(opening, root)}{fragment}"


def way_back(shown):
    """From the branch page `shown` to the thread, at the comment on top of it."""
    top = shown.top
    query = "" if shown.root_is_first else f"?at={models_path.ids_of(top.path)[1]}"
    return f"{top.thread.get_absolute_url()}{query}#c{top.pk}"


def _from_root(opening, root):
    """The query of the page that begins with `root`, or none where the first page holds it."""
    values = {"size": settings.COMMENTS_PER_PAGE, "opening": opening, "root": root}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {ROOT_IS_FIRST}", values)
        return "" if cursor.fetchone()[0] else f"?at={root}"


def _is_within_cut(way):
    """Does a page that cuts the branch of the first id show the last? `way` leads down from one to the other."""
    if len(way) > 1 + FEWEST:
        return False
    with connection.cursor() as cursor:
        cursor.execute(RANKS, [way[:-1], way[1:], FEWEST])
        return cursor.fetchone()[0] <= FEWEST
