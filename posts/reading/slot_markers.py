"""Mark the slots in the HTML of a page that is rendered once for all readers, and fill them for one reader.

A template declares a slot with its kind, the id of a comment (or 0), and the default that is shown unless the slot is
filled: `{% slot "flag" comment.pk %}default{% endslot %}`, in a Jinja template `{% slot "flag", pk %}`. Both tags are
in posts.templatetags.slots. The marker uses the NUL character, which PostgreSQL does not store, so nothing that
somebody wrote can look like a slot.
"""

import re
from collections.abc import Iterable, Mapping

from django.utils.safestring import SafeString, mark_safe

KINDS = {
    "since": "above the tree: how many comments are new",
    "drafts": "above the tree: the reader's drafts",
    "waits": "above the tree: the reader's comments that wait for review on another page",
    "post": "in the tag of the opening post: whether it is open",
    "open": "in the tag of a branch: whether it is open",
    "fold": "after the number of replies",
    "more": "after the number of replies left out",
    "new": "beside the date",
    "help": "the helpful button",
    "flag": "the link to flag the comment",
    "mine": "among the action links",
    "helped": "how many readers the comment helped, in words",
    "wait": "after a comment: replies of the reader that wait for review",
}
NUL = ENDSLOT = "\0"
NAMES = re.compile(r"([a-z]+:\d+ )*")


def slot(kind: str, pk: int) -> str:
    """Return the beginning of a slot; its default and ENDSLOT must follow. Raises ValueError if the kind is unknown."""
    if kind not in KINDS:
        raise ValueError(f"There is no slot “{kind}”. Slots are declared in posts.reading.slot_markers.")
    return f"{NUL}{kind}:{pk}{NUL}"


class SlottedText:
    """HTML that is split at its slots.

    `texts` are its parts without the markers. At odd indexes they are the defaults of the slots.
    """

    def __init__(self, html: str) -> None:
        pieces = html.split(NUL)
        names = pieces[1::3]
        if len(pieces) % 3 != 1 or not NAMES.fullmatch(" ".join([*names, ""])):
            raise ValueError("A slot has no end or is inside another slot.")
        del pieces[1::3]
        self.texts = pieces
        self._indexes = dict(zip(names, range(1, len(pieces), 2), strict=True))
        if len(self._indexes) < len(names):
            raise ValueError("A slot occurs twice.")

    def filled(self, slots: Mapping[str, str]) -> SafeString:
        """Return the HTML with `slots` ({"KIND:ID": HTML}) filled and all other slots at their defaults.

        Raises ValueError if a kind is unknown.
        """
        unknown = {name.partition(":")[0] for name in slots} - KINDS.keys()
        if unknown:
            raise ValueError(f"There is no slot {_listed(unknown)}.")
        out = self.texts.copy()
        for name, html in slots.items():
            if name in self._indexes:
                out[self._indexes[name]] = html
        return mark_safe("".join(out))  # noqa: S308  (output of our own templates)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in sorted(names))
