"""The app of threads, comments and moderation. It registers itself with hooks and signals of the lower apps."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from accounts import hooks
from forum import form_fields, grants


class Posts(AppConfig):
    """The app configuration."""

    name = "posts"
    verbose_name = _("Threads and comments")

    def ready(self) -> None:
        """Register what lower apps need to know (form fields, facts, hooks and more), and connect their signals."""
        from allauth.account.signals import email_confirmed

        from forum import outbox, pages
        from posts.forms import kept
        from posts.moderation.moderator_group import keep_moderators_group
        from posts.privacy.facts import facts
        from posts.threads.publishing import raise_versions_of_author
        from posts.writing.views.guests import tell_of_claims

        form_fields.register(typed=kept.TYPED, sent_along=kept.SENT_ALONG, never_kept=kept.NEVER_KEPT)
        outbox.name_kinds({"decision": _("Decision of a moderator")})
        pages.add_facts(facts)
        grants.register_append_only("posts_logentry")
        hooks.before_rename.append(raise_versions_of_author)
        email_confirmed.connect(tell_of_claims)
        post_migrate.connect(keep_moderators_group, sender=self)
        # This is the last of our apps, so all tables exist when this runs.
        post_migrate.connect(grants.after_migrating, sender=self)
