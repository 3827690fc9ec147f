"""Hooks: functions that other apps register and that this app calls when an account changes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User

# Called with the user whose display name changes, in the same transaction and before the user's row is locked.
before_rename: list[Callable[["User"], object]] = []
