"""Validation of display names."""

import re
import unicodedata
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.names import skeleton
from forum.invisible import INVISIBLE

NAME_MIN_LENGTH = 2
NAME_MAX_LENGTH = 40
MARKS_IN_A_ROW = 2

_SIGNS = frozenset(" -‐'’ʼ.,_·&()")
# Alphabets with letters that look alike; a word may use only one of them.
_ALPHABETS = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "DESERET"})
# Persian and the scripts of India and its neighbours need a joiner or a non-joiner between some letters.
_JOINERS = "\u200c\u200d"
_JOINED_SCRIPTS = re.compile(
    "(?:ARABIC|SYRIAC|MONGOLIAN|DEVANAGARI|BENGALI|GURMUKHI|GUJARATI|ORIYA|TAMIL|TELUGU|KANNADA|MALAYALAM|SINHALA|KHMER"
    "|MYANMAR|TIBETAN) "
)
_DIRECTION_MARKS = "\u200e\u200f\u061c"
_ADDRESS = re.compile(r"@|://|\bwww\.|\w{2,}\.[^\W\d_]{2,}", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LEET = str.maketrans("34578", "eastb")

# Refused as a part of the name without spaces, as one of its words, and as the whole name (fillers aside).
_STAFF_PARTS = ("administrator", "moderator", "twowaystreet", "siteowner", "forumowner")
_STAFF_WORDS = ("admin", "admins", "mod", "mods", "staff", "official", "sysadmin", "editor", "editors")
_STAFF_WHOLE = ("root", "system", "support", "owner", "theforum", "thissite", "team", "helpdesk", "webmaster")
# The standpoint and the badge of a verified clinician state a profession; a name must not.
_CALLINGS = (
    "verified",
    "licensed",
    "clinician",
    "clinicians",
    "psychologist",
    "psychiatrist",
    "psychotherapist",
    "psychoanalyst",
    "therapist",
)
_NOBODY = ("deleted", "removed", "anonymous", "anon", "guest", "nobody", "hidden")
_FILLERS = ("the", "forum", "site", "of", "user", "account", "member", "author", "person", "comment", "real", "s")


def clean_up(name: str) -> str:
    """Return the name as it is stored: in Unicode's form NFKC, with single spaces inside and none around it.

    Marks of direction at its ends, which some keyboards add, are dropped.
    """
    return " ".join(unicodedata.normalize("NFKC", name).strip(_DIRECTION_MARKS + " ").split())


def _is_made_of(text: str, words: Iterable[str]) -> bool:
    """Return whether `text` is a concatenation of some of `words`."""
    ends = {0}
    for start in range(len(text)):
        if start in ends:
            ends.update(start + len(word) for word in words if text.startswith(word, start))
    return len(text) in ends


def _is_only(joined: str, words: Iterable[str]) -> bool:
    """Return whether the joined name is one of `words`, or such words with fillers."""
    keys = [skeleton(word) for word in words]
    fillers = [skeleton(word) for word in _FILLERS]
    return joined in keys or (not _is_made_of(joined, fillers) and _is_made_of(joined, fillers + keys))


def _readings(name: str) -> set[str]:
    """Return the name, the name without numbers around it, and both with digits replaced by similar letters."""
    bare = re.sub(r"^\d+|\d+$", "", re.sub(r"[\W_]+", " ", name).strip()).strip() or name
    return {name, bare, name.translate(_LEET), bare.translate(_LEET)}


def pretends_to_be_staff(name: str) -> bool:
    """Return whether readers could take the name for that of a person who runs the forum."""
    site = skeleton(settings.SITE_NAME)
    words = {skeleton(word) for word in _STAFF_WORDS}
    for reading in _readings(name):
        joined = skeleton(reading)
        if any(skeleton(part) in joined for part in _STAFF_PARTS) or (len(site) > 5 and site in joined):
            return True
        if any(skeleton(word) in words for word in _WORD.findall(_HUMP.sub(" ", reading))):
            return True
        if _is_only(joined, _STAFF_WORDS + _STAFF_WHOLE):
            return True
    return False


def claims_a_calling(name: str) -> bool:
    """Return whether a word of the name claims to be a verified clinician or names such a profession."""
    callings = {skeleton(word) for word in _CALLINGS}
    return any(
        skeleton(word) in callings for reading in _readings(name) for word in _WORD.findall(_HUMP.sub(" ", reading))
    )


def stands_for_nobody(name: str) -> bool:
    """Return whether the forum itself shows such a name where an author has none."""
    return any(_is_only(skeleton(reading), _NOBODY) for reading in _readings(name))


def _mixes_alphabets(word: str) -> bool:
    found = {unicodedata.name(char, "").split(" ")[0] for char in word if char.isalpha()}
    return len(found & _ALPHABETS) > 1


def _joins(before: str, after: str) -> bool:
    """Return whether a joiner may stand between two characters: letters or marks of a script that needs joiners."""
    return all(
        char and unicodedata.category(char)[0] in "LM" and _JOINED_SCRIPTS.match(unicodedata.name(char, ""))
        for char in (before, after)
    )


def _has_stray_characters(name: str) -> bool:
    marks = 0
    for index, char in enumerate(name):
        if char in _JOINERS and _joins(name[index - 1 : index], name[index + 1 : index + 2]):
            continue
        kind = unicodedata.category(char)
        marks = marks + 1 if kind == "Mn" else 0
        if (
            marks > MARKS_IN_A_ROW
            or not (kind[0] in "LM" or kind in ("Nd", "Nl") or char in _SIGNS)
            or char in INVISIBLE
        ):
            return True
    return unicodedata.category(name[0])[0] == "M"


def validate_display_name(name: str) -> None:
    """Raise ValidationError, with what to change, for a name that is unreadable, misleading or mixes alphabets."""
    if not NAME_MIN_LENGTH <= len(name) <= NAME_MAX_LENGTH:
        raise ValidationError(
            _("A name has from %(least)s to %(most)s characters; this one has %(count)s."),
            code="length",
            params={"least": NAME_MIN_LENGTH, "most": NAME_MAX_LENGTH, "count": len(name)},
        )
    if _ADDRESS.search(name):
        raise ValidationError(
            _("This looks like an e-mail or web address. Please choose a name; after a full stop, leave a space."),
            code="address",
        )
    if name != clean_up(name) or _has_stray_characters(name):
        raise ValidationError(
            _("Please use letters, numbers, single spaces, hyphens, apostrophes and full stops only."),
            code="characters",
        )
    if not any(char.isalpha() for char in name) or not skeleton(name):
        raise ValidationError(_("Please use at least one letter."), code="letters")
    if any(_mixes_alphabets(word) for word in name.split()):
        raise ValidationError(
            _("This name mixes letters of different alphabets in one word. Please write each word in one."),
            code="alphabets",
        )
    if pretends_to_be_staff(name):
        raise ValidationError(
            _("Readers could take this name for somebody who runs the forum. Please choose another."), code="staff"
        )
    if claims_a_calling(name):
        raise ValidationError(
            _(
                "Please choose a name without this word: you say that you are a clinician with each comment, and once "
                "it was checked a badge says it too."
            ),
            code="calling",
        )
    if stands_for_nobody(name):
        raise ValidationError(
            _("The forum writes this word where there is no name. Please choose another."), code="nobody"
        )
