"""Register the admin pages. Django imports this module when it starts."""

from posts.moderation import admin  # noqa: F401  (importing the package registers its pages)
