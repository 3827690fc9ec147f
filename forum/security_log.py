"""Security events: who signed in, failed, was refused or limited, and who got or lost rights.

Each event is one record of the logger `forum.security` at level INFO. Its message is the event's name, and its fields
are attributes of the record (`extra`). docs/security-events.md lists them. No field holds what somebody typed, a name
or an internet address: people are primary keys, addresses keyed hashes (`forum.ratelimit.who`).
"""

import logging

logger = logging.getLogger("forum.security")


def record(event: str, **fields: str | int | bool | list[str] | None) -> None:
    """Write an event with its fields to the log."""
    logger.info(event, extra={"event": event, **fields})
