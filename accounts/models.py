"""People: an account per person; what is known of those who are clinicians is in accounts.clinicians."""

from collections.abc import Collection
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Permission, PermissionsMixin
from django.contrib.postgres.indexes import OpClass
from django.core.mail import send_mail
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.clinicians import Verification, VerificationRequest
from accounts.names import skeleton
from accounts.user_session import UserSession
from accounts.validators import NAME_MAX_LENGTH, validate_display_name

__all__ = ["MODERATORS", "HeldName", "User", "UserSession", "Verification", "VerificationRequest"]

# How long somebody is called new after they joined; the first day is a standing of its own.
FIRST_DAY, NEW_FOR = timedelta(days=1), timedelta(days=7)
# The group of those who may use the desk and its verbs; posts.moderation.moderator_group gives it its rights.
MODERATORS = "Moderators"


class UserManager(BaseUserManager):
    """Makes people, found by their e-mail address without regard to case."""

    def create_user(self, email, password=None, **fields):
        """A new person; without `password` they sign in by code or passkey."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.name_key = skeleton(user.display_name)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        """A person who may do everything (`manage.py createsuperuser`)."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def name_is_free(self, display_name, person=None):
        """Whether `person` (or somebody new) may take the name: nobody wears or holds it or one that looks like it."""
        key = skeleton(display_name)
        worn, held = self.filter(name_key=key), HeldName.objects.filter(name_key=key)
        if person:
            worn, held = worn.exclude(pk=person.pk), held.exclude(person=person)
        return not worn.exists() and not held.exists()

    def hold_byline(self, byline):
        """Keeps a name under which somebody without an account is published from everybody who joins."""
        if key := skeleton(byline):
            HeldName.objects.bulk_create([HeldName(name_key=key)], ignore_conflicts=True)

    def others_moderate(self, moderator):
        """Somebody besides `moderator` may decide at the desk; the database's own rule for appeals asks the same."""
        may = models.Q(content_type__app_label="posts", codename="moderate_comment")
        right = Permission.objects.filter(may).values("pk")
        others = self.filter(is_staff=True, is_active=True).exclude(pk=moderator.pk)
        others = others.exclude(
            models.Q(suspended_at__isnull=False)
            & (models.Q(suspended_until=None) | models.Q(suspended_until__gt=timezone.now()))
        )
        return others.filter(
            models.Q(is_superuser=True) | models.Q(user_permissions__in=right) | models.Q(groups__permissions__in=right)
        ).exists()

    def with_address(self, email):
        """The person with this address, however it is capitalised; the unique index answers."""
        return self.alias(address=Lower("email")).filter(address=email.lower())

    def get_by_natural_key(self, email):
        """The person with this address; raises DoesNotExist."""
        return self.with_address(email).get()


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. Their address is private; `display_name` is what others see.

    `name_key` is the name's skeleton (see accounts.names): two names that look alike share one, and it is unique.
    `trust_set_at`: a moderator set the trust by hand, and it is not reckoned any more. `warned_at`: warned, and it is
    still to be acknowledged. `has_statement`: a moderator's decision about them that they have not opened yet.
    """

    email = models.EmailField(_("e-mail address"), max_length=254)
    display_name = models.CharField(
        _("display name"),
        max_length=NAME_MAX_LENGTH,
        validators=[validate_display_name],
        error_messages={"unique": _("Somebody already uses this name or one that looks like it.")},
    )

    class Trust(models.IntegerChoices):
        """Earned by days, comments that were kept, and reading; see posts.moderation.trust."""

        NEW = 0, _("new")
        MEMBER = 1, _("member")
        TRUSTED = 2, _("trusted")

    name_key = models.CharField(max_length=NAME_MAX_LENGTH * 4, unique=True, editable=False)
    is_staff = models.BooleanField(_("may enter the desk"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    trust = models.PositiveSmallIntegerField(_("trust"), choices=Trust, default=Trust.NEW, editable=False)
    trust_set_at = models.DateTimeField(_("trust set by hand on"), null=True, blank=True, editable=False)
    watched_at = models.DateTimeField(_("under watch since"), null=True, blank=True, editable=False)
    warned_at = models.DateTimeField(_("warned on"), null=True, blank=True, editable=False)
    has_statement = models.BooleanField(default=False, editable=False)
    suspended_at = models.DateTimeField(_("suspended on"), null=True, blank=True, editable=False)
    suspended_until = models.DateTimeField(_("suspended until"), null=True, blank=True, editable=False)

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
            # the desk's search by the beginning of an address, and its two short lists
            models.Index(OpClass(Lower("email"), name="text_pattern_ops"), name="user_email_prefix"),
            models.Index(fields=["-joined_at", "-id"], condition=models.Q(is_staff=True), name="user_staff"),
            models.Index(
                fields=["-joined_at", "-id"], condition=models.Q(suspended_at__isnull=False), name="user_suspended"
            ),
        ]

    def __str__(self):
        return self.display_name

    def get_full_name(self):
        """The name others see; Django's admin and allauth ask for it under this name."""
        return self.display_name

    def get_short_name(self):
        """The name others see."""
        return self.display_name

    def rename(self, display_name):
        """Sets the name and the key it is unique by; the caller saves."""
        self.display_name = display_name
        self.name_key = skeleton(display_name)

    def hold_name(self, name_key):
        """Keeps the name from everybody else; harmless if it is held already."""
        HeldName.objects.bulk_create([HeldName(name_key=name_key, person=self)], ignore_conflicts=True)

    def email_user(self, subject, message, from_email=None, **options):
        """Sends this person a mail."""
        send_mail(subject, message, from_email, [self.email], **options)

    @property
    def is_suspended(self):
        """Suspended now: without an end, or with an end still to come."""
        return self.suspended_at is not None and (self.suspended_until is None or self.suspended_until > timezone.now())

    @property
    def is_trusted(self):
        """Earned it, or was given it by a moderator, or is staff."""
        return self.is_staff or self.trust == self.Trust.TRUSTED

    @property
    def standing(self):
        """How well the forum knows this person: one of the names that `settings.LIMITS` has for members."""
        if self.is_staff:
            return "staff"
        if self.is_trusted:
            return "trusted"
        known_for = timezone.now() - self.joined_at
        if known_for < FIRST_DAY:
            return "first day"
        return "new" if known_for < NEW_FOR else "member"

    # The ids of the second factors that the session of the present request proved; see accounts.sessions.
    proven_factors: Collection[int] = ()

    @cached_property
    def has_proven_factor(self) -> bool:
        """Whether the present session passed a second factor that the account still has; one query, for who did."""
        return bool(self.proven_factors) and self.authenticator_set.filter(pk__in=self.proven_factors).exists()

    @property
    def moderates(self) -> bool:
        """Whether a moderator's rights count: staff with that right, not suspended, in a session with a second factor.

        A user who was loaded outside of a request has no session and does not moderate.
        """
        return (
            self.is_active
            and self.is_staff
            and not self.is_suspended
            and self.has_proven_factor
            and self.has_perm("posts.moderate_comment")
        )


class HeldName(models.Model):
    """A name that only `person` may take, though they do not wear it now; without a person, nobody may.

    Held when they change their name, so that nobody else steps into it; and when somebody signs up with their address,
    because a new account would have taken the name then: a name still free would tell that the address has an account.
    """

    name_key = models.CharField(max_length=NAME_MAX_LENGTH * 4, unique=True)
    person = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="held_names")
    held_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return self.name_key
