"""How does verification say what it found?"""

from dataclasses import dataclass

from sala.ledger.terms import Fault


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: ``text`` is a complete English line that names the entry or the record."""

    fault: Fault
    text: str
    entry: int | None = None
    kind: str = ""
    subject: str = ""
    warning: bool = False

    def line(self) -> str:
        """The line for the terminal."""
        return ("warning: " if self.warning else "") + self.text

    def as_dict(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "fault": str(self.fault),
            "entry": self.entry,
            "kind": self.kind,
            "subject": self.subject,
            "warning": self.warning,
            "text": self.text,
        }
