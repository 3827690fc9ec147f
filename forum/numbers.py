"""Numbers in addresses and forms."""

# The largest id of PostgreSQL's bigint has 19 digits, so a number of 18 digits always fits.
MOST_DIGITS = 18


def number_in(text: str) -> int | None:
    """Return the number that `text` is, or None if it is anything but at most MOST_DIGITS digits from 0 to 9."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def numbers_in(texts: list[str]) -> list[int]:
    """Return the numbers among `texts`."""
    return [number for text in texts if (number := number_in(text)) is not None]
