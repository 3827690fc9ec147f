"""The targets that links may have: web pages, mail addresses, pages of this site, and anchors on the page."""

import re
from html import unescape

from forum.markup.text import checked_references

ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
LINK_TARGET_MAX_LENGTH = 2_100
LINK_TARGET = re.compile(
    r"https?://[^\s/?#\\@]+(?:[/?#][^\s\\]*)?|mailto:[^\s\\@]+@[^\s\\@]+|/(?![/\\])[^\s\\]*|#[^\s\\]*", re.I
)


def target_of(address: str) -> str:
    """Return the target that a typed address means: entities are replaced if they end with a semicolon.

    Without the semicolon, as in `?a=1&region=2`, they are names of parameters.
    """
    return ENTITY.sub(lambda found: unescape(found[0]), checked_references(address))


def is_safe_target(target: str) -> bool:
    """Return whether a link may have this target."""
    return len(target) <= LINK_TARGET_MAX_LENGTH and LINK_TARGET.fullmatch(target) is not None
