"""The Moderators group and its permissions in the admin."""

from typing import Any

RIGHTS = {
    "posts": [
        "view_thread",
        "view_question",
        "view_comment",
        "view_revision",
        "view_logentry",
        "moderate_comment",
        "view_case",
        "view_note",
        "view_rules",
        "view_cannedreason",
        "add_cannedreason",
        "change_cannedreason",
        "delete_cannedreason",
        "view_watchedword",
        "add_watchedword",
        "change_watchedword",
        "delete_watchedword",
    ],
    "accounts": ["view_user", "view_verification"],
}


def keep_moderators_group(sender: Any, using: str, **options: Any) -> None:
    """Create the group if it is missing, and set its permissions to exactly RIGHTS.

    Runs after each migration, because Django creates the permissions only then.
    """
    from django.contrib.auth.models import Group, Permission

    from accounts.models import MODERATORS

    wanted = [
        permission
        for app, codenames in RIGHTS.items()
        for permission in Permission.objects.using(using).filter(content_type__app_label=app, codename__in=codenames)
    ]
    group, _made = Group.objects.using(using).get_or_create(name=MODERATORS)
    group.permissions.set(wanted)
