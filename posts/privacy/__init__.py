"""The data export of a member: everything the member wrote, as a page and as JSON."""
