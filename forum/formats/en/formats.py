"""The forum's English formats of dates and times: 3 May 2026, 14:05 UTC."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i e"
