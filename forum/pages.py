"""The pages about the forum: About, Contact, Privacy and Terms.

The owner edits them in the admin. As long as a page has no text of the owner's, readers see the text that comes with
the forum: a template that writes Markdown from facts. Facts are constants and settings of the code, so that the page
says what the software does. Other apps add theirs when they start (`add_facts`).
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import ngettext

from forum import limits, markup, outbox, pending_form, ratelimit, rates
from forum.cookies import CHOICE_KEPT_FOR
from forum.models import Page

# As much as an opening post may have.
LIMITS = markup.OPENING
HEADING = re.compile(r"<(/?)h([3-6])>")
_facts: list[Callable[[], Mapping[str, Any]]] = []


def add_facts(facts: Callable[[], Mapping[str, Any]]) -> None:
    """Register a function that returns facts by name. Periods are in the words of `in_words`."""
    _facts.append(facts)


def in_words(period: timedelta | int) -> str:
    """Return a period, a timedelta or seconds, in words: “180 days”, “12 hours”, “15 minutes”; parts are left out."""
    minutes = (period if isinstance(period, timedelta) else timedelta(seconds=period)) // timedelta(minutes=1)
    if minutes >= 2 * 24 * 60:
        return ngettext("%(n)d day", "%(n)d days", minutes // (24 * 60)) % {"n": minutes // (24 * 60)}
    if minutes >= 60:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def facts() -> dict[str, Any]:
    """Return all facts by name."""
    codes = (
        rate.seconds for limit in limits.ACCOUNT.values() for words in limit.values() for rate in rates.parse(words)
    )
    found: dict[str, Any] = {
        "site_name": settings.SITE_NAME,
        "contact": settings.CONTACT_EMAIL,
        "asks_akismet": bool(settings.AKISMET_KEY),
        "session_cookie": settings.SESSION_COOKIE_NAME,
        "session_for": in_words(settings.SESSION_COOKIE_AGE),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "csrf_for": in_words(settings.CSRF_COOKIE_AGE),
        "messages_cookie": CookieStorage.cookie_name,
        "look_for": in_words(CHOICE_KEPT_FOR),
        "language_cookie": settings.LANGUAGE_COOKIE_NAME,
        "unsent_for": in_words(pending_form.KEPT_FOR),
        "address_for": in_words(ratelimit.FORGOTTEN_AFTER),
        "codes_for": in_words(max(codes)),
        "mail_tried_for": in_words(outbox.tried_for()),
        "mail_failed_for": in_words(outbox.FAILED_KEPT_FOR),
    }
    for each in _facts:
        found.update(each())
    return found


def shipped_text(name: str) -> str:
    """Return the Markdown of the page that comes with the forum."""
    return render_to_string(f"pages/{name}.txt", facts()).strip()


def shown(name: Page.Name) -> dict[str, Any]:
    """Return `title`, `html` and `changed_at` of the page as readers see it; the last is None for a shipped text."""
    page = Page.objects.filter(name=name).exclude(text="").first()
    html = page.html if page else _rendered(shipped_text(name))
    return {"title": name.label, "html": mark_safe(html), "changed_at": page and page.changed_at}  # noqa: S308


def render(text: str) -> str:
    """Return the HTML of a page's Markdown. Its highest heading is one level below the title of the page.

    Raises markup.TooComplex.
    """
    html = markup.render(text, LIMITS)
    highest = min((int(level) for _slash, level in HEADING.findall(html)), default=2)
    return HEADING.sub(lambda found: f"<{found[1]}h{int(found[2]) - highest + 2}>", html)


def write(page: Page, text: str) -> None:
    """Set the text of `page`, without saving; the text that comes with the forum is not stored.

    Raises markup.TooComplex.
    """
    text = text.replace("\r\n", "\n").strip()
    if markup.shows_nothing(text, LIMITS) or text == shipped_text(page.name):
        page.text, page.html, page.changed_at = "", "", None
    elif text != page.text:
        page.text, page.html, page.changed_at = text, render(text), timezone.now()


def rerender() -> None:
    """Render the stored pages again after an upgrade; a text that has become too complex keeps its HTML."""
    for page in Page.objects.exclude(text=""):
        try:
            html = render(page.text)
        except markup.TooComplex:
            continue
        Page.objects.filter(name=page.name, text=page.text).update(html=html)


# The shipped texts change with facts only, so that each process renders them about once.
_rendered = lru_cache(maxsize=4 * len(Page.Name))(render)
