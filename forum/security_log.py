"""The log of security events: sign-ins, failures, refusals, reached limits, and changes of rights.

Each event is one record of the logger `forum.security` at level INFO. Its message is the event's name, and its fields
are attributes of the record (`extra`). docs/security-events.md lists them. No field contains a typed text, a name or an
IP address: users are logged as primary keys, addresses as keyed hashes (`forum.ratelimit.who`).
"""

import logging
from functools import partial

from django.db import transaction

logger = logging.getLogger("forum.security")


def record(event: str, **fields: str | int | bool | list[str] | None) -> None:
    """Write an event with its fields to the log."""
    logger.info(event, extra={"event": event, **fields})


def record_change(event: str, **fields: str | int | bool | list[str] | None) -> None:
    """Write an event about a change of the database once the change is committed, and not if it is rolled back."""
    transaction.on_commit(partial(record, event, **fields))
