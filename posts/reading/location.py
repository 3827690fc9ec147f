"""The location of a page in a thread: the order, the tab and the position that its address names."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from django.http import Http404, QueryDict
from django.utils.translation import gettext_lazy as _

from posts.models import Question, Thread
from posts.reading import orders, queries

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ORDER_NAMES = {"oldest": _("Oldest"), "newest": _("Newest"), "helpful": _("Most helpful")}
DIRECTIONS = ("at", "after", "before")


@dataclass(frozen=True)
class Location:
    """The location that an address names.

    `order` and `asked` (the value of `?q=` for the tab) are as in the address. There is at most one position: `way` is
    its direction and `at` its text.
    """

    order: str
    asked: str
    tab: queries.Tab
    way: str = ""
    at: str = ""

    @classmethod
    def of(cls, query: QueryDict, questions: Iterable[Question] = ()) -> Self:
        """Return the Location in the `query` of a request.

        Raises Http404 for a tab, an order or a position that cannot exist.
        """
        order, asked = query.get("order", "oldest"), query.get("q", "")
        if order not in orders.ORDERS:
            raise Http404
        way = next((way for way in DIRECTIONS if query.get(way)), "")
        location = cls(order, asked, _tab(asked, questions), way, query.get(way, ""))
        if way and orders.parse_position(order, location.at) is None:
            raise Http404
        return location

    @property
    def position(self) -> tuple[str, dict[str, int]] | None:
        """Return the argument `position` of queries.page_of_replies: a direction and the parsed position, or None."""
        position = orders.parse_position(self.order, self.at) if self.way else None
        return None if position is None else (self.way, position)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return a key that distinguishes this location from others of the same thread."""
        return self.order, self.asked, self.way, self.at

    @property
    def question(self) -> Question | None:
        """Return the question of this tab, or None."""
        return None if isinstance(self.tab, str) else self.tab

    def query(self, **changes: str) -> str:
        """Return the query string of this location with `changes`, or "?" if it would be empty.

        `changes` may have order, q, and one of at, after and before. The present position is not kept.
        """
        said = {"q": self.asked, "order": self.order} | changes
        if said["order"] == "oldest":
            del said["order"]
        return "?" + urlencode({name: value for name, value in said.items() if value})

    def is_as_written(self, query_string: str) -> bool:
        """Return whether `query_string` is the form that this class writes itself.

        Only such addresses are stored in the page cache, because the number of other forms has no limit.
        """
        return self.query(**({self.way: self.at} if self.way else {})) == f"?{query_string}"

    def order_links(self) -> "list[tuple[StrOrPromise, str, bool]]":
        """Return [(name, query, whether this is the present order)]."""
        return [(name, self.query(order=order), order == self.order) for order, name in ORDER_NAMES.items()]

    def tab_links(self, thread: Thread) -> "list[tuple[StrOrPromise, int, int, str, bool]]":
        """Return [(name, number, number of replies to these, query, whether this is the present tab)].

        The tab of a question has its answers and the replies to them; the others have comments. Returns an empty list
        for a thread without questions.
        """
        questions = thread.asks
        if not questions:
            return []
        return [
            (_("All"), thread.comment_count, 0, self.query(q=""), self.tab == queries.ALL),
            *((q.tab, q.answer_count, q.reply_count, self.query(q=str(q.position)), self.tab == q) for q in questions),
            (_("Conversation"), thread.conversation_count, 0, self.query(q="talk"), self.tab == queries.CONVERSATION),
        ]


def _tab(asked: str, questions: Iterable[Question]) -> queries.Tab:
    if asked == queries.ALL:
        return queries.ALL
    if asked == queries.CONVERSATION:
        return queries.CONVERSATION
    for question in questions:
        if asked == str(question.position):
            return question
    raise Http404
