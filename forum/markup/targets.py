"""Where a link may lead: to a web page, an address for mail, a page of this site, or a place on this page."""

import re

LINK_TARGET_MAX_LENGTH = 2_100
LINK_TARGET = re.compile(
    r"https?://[^\s/?#\\@]+(?:[/?#][^\s\\]*)?|mailto:[^\s\\@]+@[^\s\\@]+|/(?![/\\])[^\s\\]*|#[^\s\\]*", re.I
)


def is_safe_target(target):
    """May a reader's browser be sent to `target`?"""
    return len(target) <= LINK_TARGET_MAX_LENGTH and LINK_TARGET.fullmatch(target) is not None
