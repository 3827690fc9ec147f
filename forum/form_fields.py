"""Form fields whose values are kept when a form cannot be accepted. Each app registers its own.

The error pages show what was typed and send the form again; `forum.pending_form` keeps it for a member whose session
has ended.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Names of the fields into which a person types, with the labels under which their text is shown again.
TYPED: "dict[str, StrOrPromise]" = {}
# Names of the other fields of these forms, which are sent again with the text.
SENT_ALONG: list[str] = []
# Names of fields whose text is never stored, because it is erased as soon as it has been read.
NEVER_KEPT: list[str] = []


def register(*, typed: "Mapping[str, StrOrPromise]", sent_along: Iterable[str], never_kept: Iterable[str] = ()) -> None:
    """Add the fields of an app's forms."""
    TYPED.update(typed)
    SENT_ALONG.extend(sent_along)
    NEVER_KEPT.extend(never_kept)
