"""Queries for a page of a thread: which comments it has, which pages are next, and which page has a given comment.

A page lists the replies of one comment (the opening post, or the top of a branch page) from a position on. It has about
COMMENTS_PER_PAGE comments with their branches, cut as described in `posts.reading.nesting`. Two queries load it, and
both use only index ranges, whatever the length of the thread: one finds the ids, the other loads the rows.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from django.conf import settings
from django.db import connection

from posts.models import Comment, Question
from posts.models import path as models_path
from posts.reading import nesting
from posts.reading.orders import ORDERS, Order, Range

# The tabs of a thread: all comments, the comments that answer no question, or the answers to a question.
ALL: Final = ""
CONVERSATION: Final = "talk"
Tab = Literal["", "talk"] | Question
# The fewest steps of a branch. Every branch that these steps cover is shown whole.
FEWEST = nesting.STEPS[-1]


# `listed`: the replies of the top from the position on. `measured`: how many comments the page has up to each reply if
# branches are cut with the fewest steps, and how many steps there is room for. `shown`: the tree below these replies.
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
# Whether the first page of the thread has the root of a branch. It does if the comments up to the root, each with its
# branch cut with the fewest steps, fit on one page.
ROOT_IS_FIRST = f"""(
    SELECT count(*) <= 1 OR sum(1 + least(below_count, {nesting.most_shown(FEWEST)})) <= %(size)s FROM (
        SELECT c.below_count FROM posts_comment c
        WHERE c.is_shown AND c.parent_id >= %(opening)s AND (c.parent_id, c.id) <= (%(opening)s, %(root)s)
        ORDER BY c.parent_id, c.id LIMIT %(size)s + 1
    ) AS upto
)"""  # noqa: S608 (no part of it is user input)


@dataclass
class TreePage:
    """A page of replies to the comment `top`, in the order shown, each with the part of its branch that is shown.

    `before` and `after` are the positions where the list continues in that direction, or None. `above` has the comments
    between the opening post and `top`, the outermost first. `root_is_first` says whether the first page of the thread
    has the root of the branch that `top` is in. `follows_top` says whether the first row is directly below `top`.
    """

    top: Comment
    rows: list[Comment]
    above: list[Comment]
    before: str | None = None
    after: str | None = None
    root_is_first: bool = True
    follows_top: bool = False

    @cached_property
    def steps(self) -> list[nesting.Step]:
        """Return the rows with the list tags around them."""
        return nesting.steps(self.rows, follows_parent=self.follows_top)


def page_of_replies(
    top_pk: int,
    path: str = "",
    order: str = "oldest",
    tab: Tab = ALL,
    position: tuple[str, dict[str, int]] | None = None,
) -> TreePage:
    """Return the TreePage of the replies to the comment `top_pk`.

    `path` is the path of that comment, or "" for an opening post. It is used to load the comments above. `order` is a
    key of ORDERS. `tab` is ALL, CONVERSATION or a Question of the thread. `position` is None or a pair: "at", "after"
    or "before", and the result of `parse_position`.
    """
    way, place = position or ("first", {})
    ordered, size = ORDERS[order], settings.COMMENTS_PER_PAGE
    above = models_path.ids_of(path)[1:-1]
    way_down = {"opening": models_path.ids_of(path)[0], "root": [*above, top_pk][0]} if path else {}
    values = {"top": top_pk, "size": size, **place, **way_down}
    ids, goes_on, lies_behind, root_is_first = _ids(ordered, way, values, tab)
    rows = Comment.objects.for_display().in_bulk([*above, top_pk, *ids])
    page = TreePage(
        rows[top_pk],
        [rows[pk] for pk in ids if pk in rows],
        [rows[pk] for pk in above],
        root_is_first=root_is_first,
        follows_top=way == "first",
    )
    listed = [row for row in page.rows if row.parent_id == top_pk]
    further, behind = (goes_on, lies_behind) if way != "before" else (lies_behind, goes_on)
    if listed and further:
        page.after = ordered.position_of(listed[-1])
    if listed and behind:
        page.before = ordered.position_of(listed[0])
    return page


def _ids(order: Order, way: str, values: dict[str, Any], tab: Tab) -> tuple[list[int], bool, bool, bool]:
    """Return the ids in the order shown and three flags.

    The flags are: the list continues, there are rows on the other side of the position, and TreePage.root_is_first.
    """
    backward, on_tab = way == "before", ""
    rows = Range(order)
    if tab != ALL:
        # 0 stands for no question. So rows without a question are an index range like any other.
        values = values | {"question": 0 if isinstance(tab, str) else tab.pk}
        on_tab = "AND c.depth = 1"
        rows = Range(order, (*rows.columns, "coalesce(c.question_id, 0)"), (*rows.values, "%(question)s"))
    begins = {
        "first": rows.whole(),
        "at": rows.beyond(inclusive=True),
        "after": rows.beyond(),
        "before": rows.beyond(turned=True),
    }
    # The rows on the other side of the position. There are none before the beginning of the list.
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


# For the ids `way` from the root of a branch down to a comment: how many comments are below each; the sum of the ranks
# of those `below` the root among their siblings, up to the `fewest` steps each, which the steps of a page must cover
# (see nesting); and whether the root is on the first page.
WAY = f"""
SELECT
    (SELECT json_object_agg(id, below_count) FROM posts_comment WHERE id = ANY(%(way)s)),
    (SELECT sum(ranked.before + 1)
     FROM unnest(%(parents)s::bigint[], %(below)s::bigint[]) AS step (parent, child) CROSS JOIN LATERAL (
        SELECT count(*) AS before FROM (
            SELECT 1 FROM posts_comment c
            WHERE c.is_shown AND c.parent_id >= step.parent AND (c.parent_id, c.id) < (step.parent, step.child)
            ORDER BY c.parent_id, c.id LIMIT %(fewest)s
        ) AS earlier
    ) AS ranked),
    {ROOT_IS_FIRST}
"""  # noqa: S608 (no part of it is user input)


def address_of(comment: Comment) -> str:
    """Return the address of the page that shows the comment, with a fragment.

    If the page of the thread cuts off the comment, this is the page of the longest branch around it that fits on one
    page, or else the comment's own branch page.
    """
    fragment = f"#c{comment.pk}"
    # The title of a withdrawn thread is not public. Its address without the title leads on those who may read it.
    is_public = comment.thread.withdrawn_at is None
    thread = comment.thread.get_absolute_url() if is_public else f"/t/{comment.thread_id}/"
    if comment.depth == 0:
        return thread + fragment
    opening, root, *below = models_path.ids_of(comment.path)
    is_waiting = not comment.is_shown and comment.state in (comment.State.HELD, comment.State.HIDDEN)
    if is_waiting and comment.parent is not None:
        # Its author sees it after the comment that it replies to.
        return f"{address_of(comment.parent).partition('#')[0]}#w{comment.pk}"
    if not comment.is_shown:
        return f"{comment.get_absolute_url()}branch/{fragment}"
    way = [root, *below]
    # A longer way has more steps than any page shows.
    ranked = way if len(way) <= 1 + FEWEST else way[:1]
    values: dict[str, int | list[int]] = {
        "way": way,
        "parents": ranked[:-1],
        "below": ranked[1:],
        "fewest": FEWEST,
        "size": settings.COMMENTS_PER_PAGE,
        "opening": opening,
        "root": root,
    }
    with connection.cursor() as cursor:
        cursor.execute(WAY, values)
        sizes, rank, root_is_first = cursor.fetchone()
    is_shown = len(ranked) == len(way) and (rank or 0) <= FEWEST
    if sizes[str(root)] > nesting.most_shown(FEWEST) and below and not is_shown:
        around = next((pk for pk in way if sizes[str(pk)] <= settings.COMMENTS_PER_PAGE), comment.pk)
        return f"/c/{around}/branch/{fragment}"
    return f"{thread}{'' if root_is_first else f'?at={root}'}{fragment}"


def way_back(shown: TreePage) -> str:
    """Return the address of the top comment of the branch page `shown` on the page of the thread."""
    top = shown.top
    query = "" if shown.root_is_first else f"?at={models_path.ids_of(top.path)[1]}"
    return f"{top.thread.get_absolute_url()}{query}#c{top.pk}"
