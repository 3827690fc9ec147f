"""Facts for the pages about the forum (forum.pages): what is kept for how long, and who may write."""

from typing import Any

from django.conf import settings

from accounts import sessions, unconfirmed
from forum.pages import in_words
from posts.models import SiteChoices
from posts.models.appeal import APPEAL_WITHIN
from posts.models.comment import EDIT_GRACE
from posts.models.draft import KEPT_FOR as DRAFTS_KEPT_FOR
from posts.models.draft import MOST_DRAFTS
from posts.models.reading import FOLDS_KEPT_FOR
from posts.moderation import verification
from posts.reading import guest_cookie
from posts.reading.views.progress import PRESSED, PRESSED_FOR
from posts.writing.guests import ADDRESS_KEPT_FOR
from posts.writing.submission import SENT, SENT_FOR


def facts() -> dict[str, Any]:
    """Return the facts by name. Makes one query."""
    choices = SiteChoices.present()
    return {
        "guests_may_comment": choices.guests_may_comment,
        "visitors_may_flag": choices.visitors_may_flag,
        "first_held": choices.first_held,
        "thread_starters": settings.THREAD_STARTERS,
        "edit_grace": in_words(EDIT_GRACE),
        "drafts_for": in_words(DRAFTS_KEPT_FOR),
        "most_drafts": MOST_DRAFTS,
        "folds_for": in_words(FOLDS_KEPT_FOR),
        "guest_email_for": in_words(ADDRESS_KEPT_FOR),
        "guest_cookie": settings.GUEST_COOKIE_NAME,
        "guest_cookie_for": in_words(guest_cookie.MAX_AGE),
        "sent_cookie": SENT,
        "sent_for": in_words(SENT_FOR),
        "pressed_cookie": PRESSED,
        "pressed_for": in_words(PRESSED_FOR),
        "unfinished_for": in_words(sessions.UNFINISHED_EXPIRES_AFTER),
        "unconfirmed_for": in_words(unconfirmed.KEPT_FOR),
        "staff_idle_for": in_words(sessions.STAFF_MOST_IDLE),
        "staff_for": in_words(sessions.STAFF_MOST),
        "verified_for": in_words(verification.HOLDS_FOR),
        "appeal_within": in_words(APPEAL_WITHIN),
    }
