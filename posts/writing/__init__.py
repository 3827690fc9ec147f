"""What members and guests write: comments, threads, drafts and previews. Also renders stored texts again.

Calls posts.moderation to screen texts. Must not know of search, export or importers.
"""
