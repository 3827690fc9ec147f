"""One page of a thread: its comments, their order, and their rendering with slots for what is personal.

Changes nothing but a member's reading position and marks. Knows nothing of moderation and writing.
"""
