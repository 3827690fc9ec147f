"""The talk: threads, their questions, comments, and the moderators' log."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from forum import grants
from posts.group import keep_moderators_group


class Posts(AppConfig):
    """Threads, comments, and what moderators do."""

    name = "posts"
    verbose_name = _("The talk")

    def ready(self):
        from allauth.account.signals import email_confirmed

        from posts.views.guests import tell_of_claims

        email_confirmed.connect(tell_of_claims)
        post_migrate.connect(keep_moderators_group, sender=self)
        # the last of our apps: all tables are there
        post_migrate.connect(grants.after_migrating, sender=self)
