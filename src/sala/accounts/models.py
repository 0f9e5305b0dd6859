"""The tables of accounts: sign-ins, what a post may do, signed-in sessions and tokens."""

from importlib import import_module
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from sala.accounts.rules import normal_password
from sala.kit import clock, ids
from sala.kit.checks import one_of
from sala.offices.terms import Scope, Status


class UserManager(BaseUserManager["User"]):
    """Makes users; only `actions.open_account` is meant to be called by others."""

    def create_user(self, username: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A sign-in. What it opens follows from the person's appointments, never from the account."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    username = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey("offices.Person", null=True, on_delete=models.PROTECT, related_name="+")
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(default=clock.now)
    # To be told of work, if she wants it: signs nobody in, and is never shown to others than who keeps accounts.
    email = models.CharField(max_length=254, blank=True, default="", db_default="")
    language = models.CharField(max_length=8, default="km", db_default="km")
    notified = models.BooleanField(default=True, db_default=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    def set_password(self, raw_password: str | None) -> None:
        """Keep the hash of the normalised password, so that every keyboard's way of writing Khmer opens the account."""
        super().set_password(None if raw_password is None else normal_password(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Whether the password is right, normalised in the same way."""
        return super().check_password(None if raw_password is None else normal_password(raw_password))


class Grant(models.Model):
    """A post may do this, so far, because of that. Data of the country pack; one sentence in each language."""

    id = models.BigAutoField(primary_key=True)
    post = models.ForeignKey("offices.PostKind", on_delete=models.CASCADE, related_name="+")
    verb = models.CharField(max_length=64)
    scope = models.CharField(max_length=8)
    sentence_km = models.CharField(max_length=300)
    sentence_en = models.CharField(max_length=300)
    basis_km = models.CharField(max_length=200)
    basis_en = models.CharField(max_length=200)
    status = models.CharField(max_length=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post", "verb", "scope"], name="grant_once"),
            one_of("scope", Scope, "grant_scope_known"),
            one_of("status", Status, "grant_status_known"),
        ]


class Session(AbstractBaseSession):
    """A session, with its user and the appointment in which the person acts, so that one join finds all of it."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    appointment = models.ForeignKey(
        "offices.Appointment", null=True, on_delete=models.CASCADE, related_name="+"
    )
    since = models.DateTimeField(null=True)
    seen = models.DateTimeField(default=clock.now)
    browser = models.CharField(max_length=40, blank=True)

    class Meta(AbstractBaseSession.Meta):
        db_table = "accounts_session"

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that reads and writes this table; it imports this module, so it is found by its setting."""
        return import_module(settings.SESSION_ENGINE).SessionStore


class Token(models.Model):
    """A programme's key. Only its digest is kept; it ends with its date, its revocation or the appointment."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    appointment = models.ForeignKey("offices.Appointment", on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=80, blank=True)
    by_password = models.BooleanField(default=False)
    limits = models.JSONField(default=list)
    created = models.DateTimeField(default=clock.now)
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires__gt=models.F("created")), name="token_ends_after_start"
            )
        ]


class Invitation(models.Model):
    """A code that lets the holder of an account choose a password, once and until its end. Only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    created = models.DateTimeField(default=clock.now)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires__gt=models.F("created")), name="invitation_ends_after_start"
            ),
            models.CheckConstraint(
                condition=models.Q(used__isnull=True) | models.Q(revoked__isnull=True),
                name="invitation_used_or_revoked",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(used__isnull=True, revoked__isnull=True),
                name="invitation_one_open",
            ),
        ]
