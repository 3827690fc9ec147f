"""Receivers of Django's and allauth's signals that write security events (see forum.security_log)."""

from collections.abc import Callable

from allauth.account import signals as account_signals
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth_signals
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.db.models.signals import m2m_changed
from django.http import HttpRequest

from accounts.models import User
from forum.ratelimit import who
from forum.security_log import record, record_change


def connect() -> None:
    """Connect every receiver; called once, when the apps are ready."""
    auth_signals.user_logged_in.connect(_signed_in)
    auth_signals.user_logged_out.connect(_signed_out)
    auth_signals.user_login_failed.connect(_sign_in_failed)
    for signal, purpose in (
        (account_signals.login_code_rejected, "sign_in"),
        (account_signals.password_reset_code_rejected, "password_reset"),
        (account_signals.email_verification_code_rejected, "email"),
    ):
        signal.connect(_writes("code_rejected", record, purpose=purpose), weak=False)
    account_signals.user_signed_up.connect(_writes("signed_up"), weak=False)
    for signal, how in (
        (account_signals.password_changed, "changed"),
        (account_signals.password_set, "set"),
        (account_signals.password_reset, "reset"),
    ):
        signal.connect(_writes("password_changed", how=how), weak=False)
    account_signals.email_changed.connect(_email_changed)
    mfa_signals.authenticator_used.connect(_writes("second_factor_passed", record), weak=False)
    mfa_signals.authentication_failed.connect(_writes("second_factor_failed", record), weak=False)
    mfa_signals.authenticator_added.connect(_writes("second_factor_added"), weak=False)
    mfa_signals.authenticator_removed.connect(_writes("second_factor_removed"), weak=False)
    mfa_signals.authenticator_reset.connect(_writes("second_factor_reset"), weak=False)
    m2m_changed.connect(_rights_changed, sender=User.groups.through)
    m2m_changed.connect(_rights_changed, sender=User.user_permissions.through)
    m2m_changed.connect(_group_changed, sender=Group.permissions.through)


def record_right(person: User, right: str, *, is_given: bool) -> None:
    """Log that `person` was given or lost `right`; the user of the current request, if any, is logged as the actor."""
    by = context.request.user.pk if context.request is not None else None
    record_change("right_given" if is_given else "right_taken", user=by, target=person.pk, right=right)


def _writes(event: str, write: Callable[..., None] = record_change, **fields: str) -> Callable[..., None]:
    """Return a signal receiver that logs `event` about the signal's user with `write`.

    That is `record` for events that happen without a change of the database.
    """

    def receive(
        sender: object,
        request: HttpRequest,
        user: User | None = None,
        authenticator: Authenticator | None = None,
        **more: object,
    ) -> None:
        about = fields | ({"authenticator": str(authenticator.type)} if authenticator else {})
        write(event, **who(request) | {"user": user.pk if user else None}, **about)

    return receive


def _email_changed(
    sender: object, request: HttpRequest, user: User, from_email_address: EmailAddress | None, **more: object
) -> None:
    # the first confirmation of an address is no change
    if from_email_address is not None:
        record_change("email_changed", **who(request) | {"user": user.pk})


def _signed_in(sender: object, request: HttpRequest, user: User, **more: object) -> None:
    methods = [entry["method"] for entry in get_authentication_records(request, user)]
    record("signed_in", **who(request) | {"user": user.pk}, methods=methods)


def _signed_out(sender: object, request: HttpRequest, user: User | None, **more: object) -> None:
    if user is not None:
        record("signed_out", **who(request) | {"user": user.pk})


def _sign_in_failed(sender: object, credentials: dict, request: HttpRequest | None = None, **more: object) -> None:
    email = credentials.get("email") or credentials.get("username") or ""
    target = User.objects.with_address(email).values_list("pk", flat=True).first()
    record("sign_in_failed", **(who(request) if request else {}), target=target)


def _rights_changed(
    sender: type[Model],
    instance: User | Group | Permission,
    action: str,
    pk_set: set[int] | None,
    **more: object,
) -> None:
    if action not in ("post_add", "post_remove", "pre_clear"):
        return
    model = Group if sender is User.groups.through else Permission
    kind = model.__name__.lower()
    name_of = "name" if model is Group else "codename"
    if isinstance(instance, User):
        changed = model.objects.filter(pk__in=pk_set) if pk_set is not None else getattr(instance, _field_of(sender))
        pairs = [(instance, name) for name in changed.values_list(name_of, flat=True)]
    else:
        # changed through the group or permission: `pk_set` has ids of users
        people = User.objects.filter(pk__in=pk_set) if pk_set is not None else instance.user_set.all()
        pairs = [(person, getattr(instance, name_of)) for person in people]
    for person, name in pairs:
        record_right(person, f"{kind} {name}", is_given=action == "post_add")


def _group_changed(
    sender: type[Model],
    instance: Group | Permission,
    action: str,
    pk_set: set[int] | None,
    **more: object,
) -> None:
    """Log permissions that a group was given or lost; not those that a migration gives a group without members."""
    if action not in ("post_add", "post_remove", "pre_clear") or pk_set == set():
        return
    by = context.request.user.pk if context.request is not None else None
    event = "group_right_given" if action == "post_add" else "group_right_taken"
    if isinstance(instance, Permission):
        groups = Group.objects.filter(pk__in=pk_set) if pk_set is not None else instance.group_set.all()
        pairs = [(group, instance.codename) for group in groups]
    else:
        changed = Permission.objects.filter(pk__in=pk_set) if pk_set is not None else instance.permissions.all()
        pairs = [(instance, name) for name in changed.values_list("codename", flat=True)]
    for group, name in pairs:
        if group.user_set.exists():
            record_change(event, user=by, group=group.name, right=name)


def _field_of(sender: type[Model]) -> str:
    return "groups" if sender is User.groups.through else "user_permissions"
