"""App configs of the infrastructure and of the admin."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class Forum(AppConfig):
    """The app of the infrastructure: models, template tags, commands and system checks."""

    name = "forum"

    def ready(self) -> None:
        from forum import checks, deployment_checks  # noqa: F401  (registers the checks)


class ForumAdminConfig(AdminConfig):
    """Django's admin app with ForumAdminSite as its default site."""

    default_site = "forum.admin_site.ForumAdminSite"
