"""The targets that links may have: web pages, mail addresses, pages of this site, and anchors on the page."""

import re

LINK_TARGET_MAX_LENGTH = 2_100
LINK_TARGET = re.compile(
    r"https?://[^\s/?#\\@]+(?:[/?#][^\s\\]*)?|mailto:[^\s\\@]+@[^\s\\@]+|/(?![/\\])[^\s\\]*|#[^\s\\]*", re.I
)


def is_safe_target(target: str) -> bool:
    """Return whether a link may have this target."""
    return len(target) <= LINK_TARGET_MAX_LENGTH and LINK_TARGET.fullmatch(target) is not None
