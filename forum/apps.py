"""The ground as a Django app, and the moderators' desk in place of Django's default admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class Forum(AppConfig):
    """Template tags, commands and checks of the ground."""

    name = "forum"

    def ready(self):
        from forum import checks, deployment_checks  # noqa: F401  (registers the checks)


class ForumAdminConfig(AdminConfig):
    """Django's own admin behind the forum's sign-in and a second factor."""

    default_site = "forum.admin_site.ForumAdminSite"
