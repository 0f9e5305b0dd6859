"""Is this password long enough? Django's check, said in the reader's digits."""

from typing import Any

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sala.kit.khmer import digits


class LengthValidator(MinimumLengthValidator):
    """At least ``min_length`` characters."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises `ValidationError` with a sentence."""
        if len(password) < self.min_length:
            raise ValidationError(self.get_help_text(), code="password_too_short")

    def get_help_text(self) -> str:
        """The same as advice."""
        least = digits(self.min_length, get_language() or "km")
        return _("The password needs at least %(least)s characters.") % {"least": least}
