"""A page of the queue: how many wait of each kind, and the items in their order."""

from django.utils import timezone

from posts.models import Case

ITEMS_PER_PAGE = 50


def shown(request):
    """What the queue shows: how many wait of each kind and since when, and a page of items. Two queries."""
    kinds = Case.objects.by_kind()
    kind, position = request.GET.get("kind", ""), _position(request.GET.get("after", ""))
    cases = Case.objects.open().select_related(
        "comment__author",
        "comment__thread",
        "claimed_by",
        "appeal__entry",
        "appeal__person",
        "verification_request__person",
    )
    chosen = int(kind) if kind in {str(value) for value in Case.Kind.values} else None
    if chosen:
        cases = cases.filter(kind=chosen)
    if position:
        cases = cases.beyond(*position)
    rows = list(cases[: ITEMS_PER_PAGE + 1])
    page = rows[:ITEMS_PER_PAGE]
    return {
        "kinds": [(value, label, *kinds.get(value, (0, None))) for value, label in Case.Kind.choices],
        "chosen_kind": chosen,
        "waiting_number": sum(number for number, _oldest in kinds.values()),
        "cases": page,
        "after": f"{page[-1].kind}-{page[-1].pk}" if len(rows) > len(page) else "",
        "is_first": position is None,
        "now": timezone.now(),
    }


def versions(ticked):
    """{id: version} of what was ticked, each given as “id:version”."""
    found = {}
    for each in ticked[:ITEMS_PER_PAGE]:
        pk, _colon, version = each.partition(":")
        if each.isascii() and pk.isdigit() and version.isdigit() and len(each) < 30:
            found[int(pk)] = int(version)
    return found


def _position(text):
    kind, _dash, pk = text.partition("-")
    return (
        (int(kind), int(pk)) if f"{kind}{pk}".isascii() and kind.isdigit() and pk.isdigit() and len(text) < 22 else None
    )
