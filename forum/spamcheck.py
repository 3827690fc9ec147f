"""The spam check by the external service Akismet, off unless AKISMET_KEY is set.

It sends the text, the IP address it came from and the site's address, but neither a name nor an e-mail address.
"""

import logging
from functools import cache

import akismet
import httpx
from django.conf import settings

SECONDS = 2
logger = logging.getLogger(__name__)


def is_spam(text: str, address: str) -> bool:
    """Return whether Akismet considers `text`, which came from the IP address `address`, to be spam.

    Returns False if Akismet is not configured, does not answer within SECONDS, or gives an invalid answer. Failures are
    logged.
    """
    if not settings.AKISMET_KEY:
        return False
    try:
        return bool(_client().comment_check(user_ip=address, comment_content=text, comment_type="forum-post"))
    except (akismet.AkismetError, httpx.HTTPError):
        logger.warning("Akismet gave no answer.", exc_info=True)
        return False


@cache
def _client() -> akismet.SyncClient:
    """Return the client of this process, which keeps its connections open."""
    config = akismet.Config(key=settings.AKISMET_KEY, url=settings.SITE_URL)
    return akismet.SyncClient(config=config, http_client=httpx.Client(timeout=SECONDS))
