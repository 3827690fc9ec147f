"""A page of a thread's tree: which comments it holds, what leads on, and where a comment is found."""

from dataclasses import dataclass, field
from operator import attrgetter

from django.conf import settings

from posts import tree
from posts.models import Comment

ALL, CONVERSATION = "", "talk"


@dataclass
class TreePage:
    """Comments in reading order, about COMMENTS_PER_PAGE.

    `ancestors` are comments that rows hang on without being rows themselves: above the first row where the page begins
    inside a branch, or a vanished one above a held comment that its author still sees. The page shows them in short.
    `before` and `after` are the ids of the first and the last row where the thread goes on in that direction.
    """

    rows: list
    ancestors: list = field(default_factory=list)
    before: int | None = None
    after: int | None = None

    def steps(self, top=1):
        """Ancestors and rows with the marks of lists around them; `top` is the depth of the outermost list."""
        return tree.steps(sorted([*self.ancestors, *self.rows], key=attrgetter("path")), top)


def of_thread(thread, viewer, tab=ALL, before=None, after=None, at=None):
    """The TreePage of `thread` for `viewer` under `tab` (ALL, CONVERSATION or one of its Questions).

    At most one of `before`, `after` (paths: the neighbouring page) and `at` (a path: the page that holds it) is given;
    none is the first page. One index range for the rows, whatever the length of the thread.
    """
    size = settings.COMMENTS_PER_PAGE
    rows = _rows(thread, viewer, tab)
    if before is not None:
        found = list(rows.filter(path__lt=before).order_by("-path")[: size + 1])
        page = TreePage(found[:size][::-1])
        page.after = page.rows[-1].pk if page.rows else None
        page.before = page.rows[0].pk if len(found) > size else None
    else:
        found = _rows_from(rows, after, at, size)
        page = TreePage(found[:size])
        page.after = page.rows[-1].pk if len(found) > size else None
        if page.rows and (after or at) and _any_before(rows, page.rows[0]):
            page.before = page.rows[0].pk
    page.ancestors = _missing_above(page.rows)
    return page


def address_of(comment, viewer):
    """The address at which `comment` stands on a page of its thread, with the fragment that leads to it."""
    thread = comment.thread
    if comment.depth == 0:
        return f"{thread.get_absolute_url()}#c{comment.pk}"
    first = _rows(thread, viewer, ALL).values_list("pk", flat=True)[: settings.COMMENTS_PER_PAGE]
    query = "" if comment.pk in set(first) else f"?at={comment.pk}"
    return f"{thread.get_absolute_url()}{query}#c{comment.pk}"


def _rows(thread, viewer, tab):
    """All rows of the tab, in reading order; the caller cuts a range out of them."""
    rows = Comment.objects.below(thread.opening.path).visible_to(viewer).in_reading_order().for_display()
    if tab == CONVERSATION:
        return rows.filter(question=None)
    return rows if tab == ALL else rows.filter(question=tab)


def _any_before(rows, first):
    """Is there a row before `first`? Asked in the order of the index: PostgreSQL might read the whole table instead."""
    return bool(rows.filter(path__lt=first.path).order_by("-path").values_list("pk")[:1])


def _missing_above(rows):
    """The comments that `rows` hang on and that are not among them, the opening post aside; no query without one."""
    there, missing = {row.path for row in rows}, set()
    for row in rows:
        above = tree.parent_path(row.path)
        while tree.depth_of(above) > 0 and above not in there:
            there.add(above)
            missing.add(above)
            above = tree.parent_path(above)
    return list(Comment.objects.for_display().filter(path__in=missing)) if missing else []


def _rows_from(rows, after, at, size):
    """Up to `size` + 1 rows: after a path, or from the root of the branch of the path `at`, or from the beginning.

    Where that branch is too long for `at` to be on the page, the page begins with `at` itself.
    """
    if after is not None:
        return list(rows.filter(path__gt=after)[: size + 1])
    if at is None:
        return list(rows[: size + 1])
    root = at[: 2 * tree.WIDTH]
    found = list(rows.filter(path__gte=root)[: size + 1])
    if any(row.path == at for row in found[:size]):
        return found
    return list(rows.filter(path__gte=at)[: size + 1])
