"""Which session is this, whose, and acting in which appointment? Django's session table with one join."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from sala.accounts.models import Session
from sala.accounts.rules import SKEW, token_life
from sala.kit import clock
from sala.kit.prepared import Bound, Prepared

SINCE = "since"
AGAIN = "again"  # when the person last said again who she is
FACTOR = "factor"  # whether a second factor was shown in this session
BROWSER = "browser"
LONGEST = token_life(None) + SKEW
APPOINTMENT = "appointment"

_BY_KEY = Prepared(
    lambda: Session.objects.filter(
        session_key=Bound("key"), expire_date__gt=Bound("now"), expire_date__lte=Bound("latest")
    ).select_related("user", "appointment__person", "appointment__post", "appointment__office")
)


class SessionStore(DatabaseStore):
    """Keeps the user and the appointment in columns; ``row`` is the joined row after loading, else None."""

    row: Any = None

    @classmethod
    def get_model_class(cls) -> Any:
        """The table."""
        return Session

    def _get_session_from_db(self) -> Any:
        now = clock.now()  # a session made while the clock ran ahead does not live until then
        self.row = _BY_KEY.one(key=self.session_key, now=now, latest=now + LONGEST)
        if self.row is None:
            self._session_key = None
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row for ``data``; the user and the appointment get their columns."""
        row: Any = super().create_model_instance(data)
        user, appointment, since = data.get("_auth_user_id"), data.get(APPOINTMENT), data.get(SINCE)
        row.user_id = UUID(user) if user else None
        row.appointment_id = UUID(appointment) if appointment else None
        row.since = datetime.fromisoformat(since) if since else None
        row.browser = data.get(BROWSER, "")
        return row
