"""The state before a decision, as a log entry stores it, so that the decision can be undone.

The stored form has a version and names of its own. If a column is renamed, change its line in COMMENT or THREAD: old
entries can still be undone. If the stored form changes, raise VERSION and read the older versions in `from_json`, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

VERSION = 1
# stored name -> field of the row; all of them are timestamps
COMMENT = {
    "held": "held_at",
    "hidden": "hidden_at",
    "removed": "removed_at",
    "deleted": "deleted_at",
    "locked": "locked_at",
    "published": "published_at",
    "edited": "edited_at",
}
THREAD = {"locked": "locked_at", "pinned": "pinned_at"}
HIDING = ("held_at", "hidden_at", "removed_at")


@dataclass(frozen=True)
class Change:
    """The value of a timestamp before a decision (`was`) and after it (`now`)."""

    was: datetime | None
    now: datetime | None


@dataclass(frozen=True)
class Redaction:
    """Passages that were taken out of a text.

    `revision` is the id of the Revision with the text before, and `withheld` are the ids of older revisions that were
    withheld with it.
    """

    revision: int
    withheld: tuple[int, ...]


@dataclass(frozen=True)
class BeforeImage:
    """What a decision changed: timestamps of the comment and of the thread, by field, and the text of the comment.

    `fingerprint` is that of the comment's text after the decision, or "" if it is not about a comment.
    """

    comment: Mapping[str, Change] = field(default_factory=dict)
    thread: Mapping[str, Change] = field(default_factory=dict)
    redaction: Redaction | None = None
    fingerprint: str = ""

    @property
    def hid_something(self) -> bool:
        """Return whether the decision hid a published comment or a part of it from readers."""
        return self.redaction is not None or any(
            name in self.comment and self.comment[name].was is None for name in HIDING
        )

    def to_json(self) -> dict[str, Any]:
        """Return the form that is stored."""
        stored: dict[str, Any] = {
            "version": VERSION,
            "comment": _stored(self.comment, COMMENT),
            "thread": _stored(self.thread, THREAD),
            "fingerprint": self.fingerprint,
        }
        if self.redaction is not None:
            taken = self.redaction
            stored["redaction"] = {"revision": taken.revision, "withheld": list(taken.withheld)}
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the image that `to_json` stored, with this or an earlier version.

        Raises ValueError for a version that is unknown, and KeyError for an unknown name.
        """
        if stored["version"] != VERSION:
            raise ValueError(f"unknown version of a before-image: {stored['version']}")
        redaction = None
        if "redaction" in stored:
            taken = stored["redaction"]
            redaction = Redaction(taken["revision"], tuple(taken["withheld"]))
        comment, thread = _read(stored["comment"], COMMENT), _read(stored["thread"], THREAD)
        return cls(comment, thread, redaction, stored["fingerprint"])


def _stored(changes: Mapping[str, Change], names: dict[str, str]) -> dict[str, list[str | None]]:
    stored_name = {attribute: name for name, attribute in names.items()}
    return {
        stored_name[attribute]: [each.isoformat() if each else None for each in (change.was, change.now)]
        for attribute, change in changes.items()
    }


def _read(stored: dict[str, list[str | None]], names: dict[str, str]) -> dict[str, Change]:
    return {names[name]: Change(_moment(was), _moment(now)) for name, (was, now) in stored.items()}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
