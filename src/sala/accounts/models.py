"""Who can sign in."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from sala.kit import clock, ids


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A sign-in. What it opens follows from the person's appointments, never from the account."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    username = models.CharField(max_length=64, unique=True)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(default=clock.now)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: list[str] = []
    objects = UserManager()
