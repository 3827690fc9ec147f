"""Functions that other apps register, called when something happens to an account."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User

# Called with the person who takes another name, in the same transaction and before the person's row is locked.
before_rename: list[Callable[["User"], object]] = []
