"""The forum's German formats of dates and times: 3. Mai 2026, 14:05 UTC."""

DATE_FORMAT = "j. M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j. M Y, H:i e"
