"""The file to read: one HTML page that needs nothing else, neither scripts nor style sheets nor the forum."""

from django.conf import settings
from django.template.loader import get_template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy as _

CONTENT_TYPE = "text/html; charset=utf-8"
# whether it shows texts as HTML
RENDERED = True
SECTIONS = {
    "comments": _("Comments and threads"),
    "drafts": _("Drafts"),
    "flags": _("What you flagged"),
    "helpful_marks": _("What helped you"),
    "decisions": _("Decisions about you"),
}


def pieces(document):
    """The page of `document` in pieces: no more than one row is in memory."""
    context = {"document": document, "sections": SECTIONS.items(), "zone": timezone.get_current_timezone_name()}
    yield _template("head").render(context)
    for name, heading in SECTIONS.items():
        yield format_html('<h2 id="{}">{}</h2>\n', name, heading)
        number = 0
        for number, row in enumerate(document[name], start=1):  # noqa: B007  (asked for below)
            yield from _row(name, row)
        if not number:
            yield format_html("<p>{}</p>\n", _("There are none."))
    yield _template("foot").render()


def _row(name, row):
    if name == "comments":
        row["html"] = _away_from_home(row["html"])
    yield _template(name).render({"row": row})
    # beside the comment and not in it: there may be any number of them
    for version in row.get("earlier_versions", ()):
        yield _template("version").render({"row": version, "comment": row})


def _template(name):
    return get_template(f"posts/privacy/export/{name}.html")


def _away_from_home(html):
    """Links to pages of the forum lead there from a file, too. In `html`, which is our own renderer’s, only a tag can
    begin with this sign."""
    return html.replace('<a href="/', f'<a href="{escape(settings.SITE_URL)}/')
