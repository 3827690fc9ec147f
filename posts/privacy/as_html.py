"""The data export as one HTML page. It needs neither scripts nor style sheets nor the forum."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy as _

CONTENT_TYPE = "text/html; charset=utf-8"
# Whether texts are exported as HTML.
RENDERED = True
SECTIONS = {
    "comments": _("Comments and threads"),
    "drafts": _("Drafts"),
    "flags": _("What you flagged"),
    "helpful_marks": _("What helped you"),
    "decisions": _("Decisions about you"),
}


def pieces(document: dict[str, Any]) -> Iterator[str]:
    """Yield the page of `document` in pieces, so that only one row at a time is in memory."""
    context = {"document": document, "sections": SECTIONS.items(), "zone": timezone.get_current_timezone_name()}
    yield _rendered("head", context)
    for name, heading in SECTIONS.items():
        yield format_html('<h2 id="{}">{}</h2>\n', name, heading)
        number = 0
        for number, row in enumerate(document[name], start=1):  # noqa: B007  (used after the loop)
            yield from _row(name, row)
        if not number:
            yield format_html("<p>{}</p>\n", _("There are none."))
    yield _rendered("foot", {})


def _row(name: str, row: dict[str, Any]) -> Iterator[str]:
    if name == "comments":
        row["html"] = _away_from_home(row["html"])
    yield _rendered(name, {"row": row})
    # Not in the template of the comment, because a comment may have any number of versions.
    for version in row.get("earlier_versions", ()):
        yield _rendered("version", {"row": version, "comment": row})


def _rendered(name: str, context: dict[str, Any]) -> str:
    return render_to_string(f"posts/privacy/export/{name}.html", context)


def _away_from_home(html: str) -> str:
    """Return `html` with the links to pages of the forum made absolute.

    `html` comes from our own renderer, so this string can only be the beginning of a tag.
    """
    return html.replace('<a href="/', f'<a href="{escape(settings.SITE_URL)}/')
