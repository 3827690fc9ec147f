"""The models of user accounts and reserved names. Clinicians' verifications are in accounts.clinicians."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Permission, PermissionsMixin
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.addresses import canonical
from accounts.clinicians import Verification, VerificationRequest
from accounts.names import skeleton
from accounts.user_session import UserSession
from accounts.validators import NAME_MAX_LENGTH, validate_display_name

__all__ = ["MODERATORS", "HeldName", "User", "UserSession", "Verification", "VerificationRequest"]

# The time since joining during which the standing is "first day", then "new".
FIRST_DAY, NEW_FOR = timedelta(days=1), timedelta(days=7)
# allauth's kinds of authenticators that are a second factor; recovery codes only replace one. The database rule for
# appeals (posts/migrations/0001_initial.py) names them, too.
SECOND_FACTORS = ("totp", "webauthn")
# The group of users who may use the admin and its actions; posts.moderation.moderator_group sets its rights.
MODERATORS = "Moderators"


class UserManager(BaseUserManager["User"]):
    """The manager of users, who are looked up by e-mail address without regard to case."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the address in the form in which it is stored."""
        return canonical(email or "")

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create and return a user; without `password` they sign in by code or passkey."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.name_key = skeleton(user.display_name)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create and return a superuser (for `manage.py createsuperuser`); the operator vouches for the address."""
        from allauth.account.models import EmailAddress

        from accounts.security_events import record_right

        owner = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        EmailAddress.objects.create(user=owner, email=owner.email, primary=True, verified=True)
        for right in ("is_staff", "is_superuser"):
            record_right(owner, right, is_given=True)
        return owner

    def name_is_free(self, display_name: str, person: "User | None" = None) -> bool:
        """Return whether `person` (None: a new user) may take the name.

        A name is free if no other user has or reserves it or a name that looks like it.
        """
        key = skeleton(display_name)
        worn, held = self.filter(name_key=key), HeldName.objects.filter(name_key=key)
        if person:
            worn, held = worn.exclude(pk=person.pk), held.exclude(person=person)
        return not worn.exists() and not held.exists()

    def hold_byline(self, byline: str) -> None:
        """Reserve the name under which a guest is published, so that no user can take it."""
        if key := skeleton(byline):
            HeldName.objects.bulk_create([HeldName(name_key=key)], ignore_conflicts=True)
            HeldName.objects.filter(name_key=key, expires_at__isnull=False).update(person=None, expires_at=None)

    def others_moderate(self, moderator: "User") -> bool:
        """Return whether a user other than `moderator` may moderate; a database rule for appeals uses the same test.

        A moderator without a second factor cannot moderate and does not count.
        """
        from allauth.mfa.models import Authenticator

        may = models.Q(content_type__app_label="posts", codename="moderate_comment")
        right = Permission.objects.filter(may).values("pk")
        others = self.filter(is_staff=True, is_active=True).exclude(pk=moderator.pk)
        factors = Authenticator.objects.filter(user=models.OuterRef("pk"), type__in=SECOND_FACTORS)
        others = others.filter(models.Exists(factors)).exclude(
            models.Q(suspended_at__isnull=False)
            & (models.Q(suspended_until=None) | models.Q(suspended_until__gt=timezone.now()))
        )
        return others.filter(
            models.Q(is_superuser=True) | models.Q(user_permissions__in=right) | models.Q(groups__permissions__in=right)
        ).exists()

    def with_address(self, email: str) -> "models.QuerySet[User]":
        """Return the users with this address in any capitalisation, at most one; the query uses the unique index."""
        return self.alias(address=Lower("email")).filter(address=canonical(email))

    def with_any_address(self, email: str) -> "User | None":
        """Return the user with this address, or with this as another verified address, or None."""
        from allauth.account.models import EmailAddress

        known = EmailAddress.objects.filter(email__iexact=canonical(email), verified=True).select_related("user")
        return self.with_address(email).first() or next((address.user for address in known), None)

    def get_by_natural_key(self, email: str | None) -> "User":
        """Return the user with this address; raises DoesNotExist."""
        return self.with_address(email or "").get()


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. The address is private; other people see `display_name`.

    `name_key` is the unique skeleton of the name (see accounts.names); names that look alike have the same skeleton.
    `trust_set_at` is set if a moderator set the trust by hand, after which it is not recalculated. `warned_at` is set
    while a warning is not acknowledged. `has_statement` is true while the user has not opened a decision about them.
    `language` is that of their latest sign-in or choice. `time_zone` is "" for that of the site.
    """

    email = models.EmailField(_("e-mail address"), max_length=254)
    display_name = models.CharField(
        _("display name"),
        max_length=NAME_MAX_LENGTH,
        validators=[validate_display_name],
        error_messages={"unique": _("Somebody already uses this name or one that looks like it.")},
    )

    class Trust(models.IntegerChoices):
        """Levels of trust, earned by days, comments that were kept, and reading; see posts.moderation.trust."""

        NEW = 0, _("new")
        MEMBER = 1, _("member")
        TRUSTED = 2, _("trusted")

    name_key = models.CharField(max_length=NAME_MAX_LENGTH * 4, unique=True, editable=False)
    is_staff = models.BooleanField(_("may enter the admin"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    trust = models.PositiveSmallIntegerField(_("trust"), choices=Trust, default=Trust.NEW, editable=False)
    trust_set_at = models.DateTimeField(_("trust set by hand on"), null=True, blank=True, editable=False)
    watched_at = models.DateTimeField(_("under watch since"), null=True, blank=True, editable=False)
    warned_at = models.DateTimeField(_("warned on"), null=True, blank=True, editable=False)
    has_statement = models.BooleanField(default=False, editable=False)
    suspended_at = models.DateTimeField(_("suspended on"), null=True, blank=True, editable=False)
    suspended_until = models.DateTimeField(_("suspended until"), null=True, blank=True, editable=False)

    language = models.CharField(max_length=10, blank=True, default="", editable=False)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_without_case"),
            models.CheckConstraint(
                condition=models.Q(suspended_until=None) | models.Q(suspended_at__isnull=False),
                name="user_suspended_until_needs_suspended_at",
            ),
        ]
        indexes = [
            models.Index(fields=["-joined_at", "-id"], name="user_joined"),
            # for the admin's search by the beginning of an address, and for its two short lists
            models.Index(OpClass(Lower("email"), name="text_pattern_ops"), name="user_email_prefix"),
            models.Index(fields=["-joined_at", "-id"], condition=models.Q(is_staff=True), name="user_staff"),
            models.Index(
                fields=["-joined_at", "-id"], condition=models.Q(suspended_at__isnull=False), name="user_suspended"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    def get_full_name(self) -> str:
        """Return the display name; Django's admin and allauth call this method."""
        return self.display_name

    def get_short_name(self) -> str:
        """Return the display name."""
        return self.display_name

    def rename(self, display_name: str) -> None:
        """Set the name and its unique key; the caller saves."""
        self.display_name = display_name
        self.name_key = skeleton(display_name)

    def hold_name(self, name_key: str, expires_at: datetime | None = None) -> None:
        """Reserve the name for this user, for good or until `expires_at`; a longer reservation stays as it is."""
        held = HeldName(name_key=name_key, person=self, expires_at=expires_at)
        HeldName.objects.bulk_create([held], ignore_conflicts=True)
        if expires_at is None:
            self.held_names.filter(name_key=name_key).update(expires_at=None)

    @property
    def is_suspended(self) -> bool:
        """Return whether the user is suspended now, with or without an end date."""
        return self.suspended_at is not None and (self.suspended_until is None or self.suspended_until > timezone.now())

    @property
    def is_trusted(self) -> bool:
        """Return whether the user is proven staff or has the trust level TRUSTED."""
        return self.is_proven_staff or self.trust == self.Trust.TRUSTED

    @property
    def standing(self) -> str:
        """Return the user's standing, one of the names that `settings.LIMITS` has for members."""
        if self.is_proven_staff:
            return "staff"
        if self.is_trusted:
            return "trusted"
        known_for = timezone.now() - self.joined_at
        if known_for < FIRST_DAY:
            return "first day"
        return "new" if known_for < NEW_FOR else "member"

    def has_confirmed_address(self) -> bool:
        """Return whether an address of the account was ever confirmed (see accounts.unconfirmed). Makes one query."""
        from allauth.account.models import EmailAddress

        return EmailAddress.objects.filter(user=self, verified=True).exists()

    def has_second_factor(self) -> bool:
        """Return whether the account has an authenticator app, a security key or a passkey. Makes one query."""
        from allauth.mfa.models import Authenticator

        return Authenticator.objects.filter(user=self, type__in=SECOND_FACTORS).exists()

    # The ids of the second factors used in the session of the current request; accounts.sessions sets it.
    proven_factors: Collection[int] = ()

    @cached_property
    def has_proven_factor(self) -> bool:
        """Return whether the current session passed a second factor that the account still has.

        Makes one query if the session passed any second factor, otherwise none.
        """
        from allauth.mfa.models import Authenticator

        factors = Authenticator.objects.filter(user=self, pk__in=self.proven_factors)
        return bool(self.proven_factors) and factors.exists()

    @property
    def is_proven_staff(self) -> bool:
        """Return whether the user is active staff, not suspended, in a session that passed a second factor.

        A user that was loaded outside of a request has no session, so this is False.
        """
        return self.is_active and self.is_staff and not self.is_suspended and self.has_proven_factor

    @property
    def moderates(self) -> bool:
        """Return whether the user is proven staff and has the permission to moderate."""
        return self.is_proven_staff and self.has_perm("posts.moderate_comment")


class HeldName(models.Model):
    """A reserved name: only `person` may take it; no user may if `person` is None.

    A name is reserved when its user takes another one, so that no other user can pass for them. Each sign-up reserves
    the name it gives until `expires_at`, whether the address is new or has an account: otherwise a name that is free
    again would reveal which. Bylines of guests are reserved without a person.
    """

    name_key = models.CharField(max_length=NAME_MAX_LENGTH * 4, unique=True)
    person = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="held_names")
    held_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name_key
