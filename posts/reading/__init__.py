"""Pages of a thread: which comments are on a page, in which order, and how they are rendered.

Stores only reading positions and helpful marks. Must not know of moderation or writing.
"""
