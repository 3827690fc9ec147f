"""Akismet, where the owner has a key for it: asks somebody else whether a text is spam. Off until configured.

It sends the text, the address it came from and the site's address, and no name and no e-mail address.
"""

import logging
from functools import cache

import akismet
import httpx
from django.conf import settings

SECONDS = 2
logger = logging.getLogger(__name__)


def is_spam(text, address):
    """Whether Akismet takes `text`, which came from the internet address `address`, for spam.

    False where it is not configured. A service that does not answer within SECONDS, or not sensibly, has no say: that
    is noted in the errors' log, and the writer waits for nobody.
    """
    if not settings.AKISMET_KEY:
        return False
    try:
        return bool(_client().comment_check(user_ip=address, comment_content=text, comment_type="forum-post"))
    except (akismet.AkismetError, httpx.HTTPError):
        logger.warning("Akismet gave no answer.", exc_info=True)
        return False


@cache
def _client():
    """One for each process: its connections are kept."""
    config = akismet.Config(key=settings.AKISMET_KEY, url=settings.SITE_URL)
    return akismet.SyncClient(config=config, http_client=httpx.Client(timeout=SECONDS))
