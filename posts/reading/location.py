"""Where in a thread a page is: the order, the tab and the position that its address names."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404
from django.utils.translation import gettext_lazy as _

from posts.reading import orders, queries

ORDER_NAMES = {"oldest": _("Oldest"), "newest": _("Newest"), "helpful": _("Most helpful")}
DIRECTIONS = ("at", "after", "before")


@dataclass(frozen=True)
class Location:
    """What an address says: `order` and `asked` (the tab's `?q=`) as they stand there, and at most one position."""

    order: str
    asked: str
    tab: object
    way: str = ""
    at: str = ""

    @classmethod
    def of(cls, query, questions=()):
        """Read from a request's `query`; Http404 for a tab, an order or a position that there cannot be."""
        order, asked = query.get("order", "oldest"), query.get("q", "")
        if order not in orders.ORDERS:
            raise Http404
        way = next((way for way in DIRECTIONS if query.get(way)), "")
        location = cls(order, asked, _tab(asked, questions), way, query.get(way, ""))
        if way and orders.parse_position(order, location.at) is None:
            raise Http404
        return location

    @property
    def position(self):
        """For page.of_replies: None, or a way and what the position says."""
        return (self.way, orders.parse_position(self.order, self.at)) if self.way else None

    @property
    def key(self):
        """What tells this location from others of its thread."""
        return self.order, self.asked, self.way, self.at

    @property
    def question(self):
        """The question whose tab this is, or None."""
        return None if isinstance(self.tab, str) else self.tab

    def query(self, **changes):
        """The query of an address with `changes` (order, q, and one of at, after, before), "?" if there is nothing to
        say; positions do not outlive a change of location."""
        said = {"q": self.asked, "order": self.order} | changes
        if said["order"] == "oldest":
            del said["order"]
        return "?" + urlencode({name: value for name, value in said.items() if value})

    def is_as_written(self, query_string):
        """Is the address written as we write it? Others could be made up without end, and are not kept."""
        return self.query(**({self.way: self.at} if self.way else {})) == f"?{query_string}"

    def order_links(self):
        """(name, query, is this one) for each order."""
        return [(name, self.query(order=order), order == self.order) for order, name in ORDER_NAMES.items()]

    def tab_links(self, thread):
        """(name, how many comments, query, is this one) for each tab; none in a thread without questions."""
        questions = thread.asks
        if not questions:
            return []
        return [
            (_("All"), thread.comment_count, self.query(q=""), self.tab == queries.ALL),
            *((q.tab, q.comment_count, self.query(q=str(q.position)), self.tab == q) for q in questions),
            (_("Conversation"), thread.conversation_count, self.query(q="talk"), self.tab == queries.CONVERSATION),
        ]


def _tab(asked, questions):
    if asked in (queries.ALL, queries.CONVERSATION):
        return asked
    for question in questions:
        if asked == str(question.position):
            return question
    raise Http404
