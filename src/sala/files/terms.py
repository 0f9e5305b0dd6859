"""What do we call a file's state and the steps between states?"""

from sala.kit.terms import N_, Term


class State(Term):
    """Whether a file belongs to a record."""

    KEPT = "kept", N_("Uploaded")
    ATTACHED = "attached", N_("Attached")


class Step(Term):
    """What moves a file on. Removing it (unattached after two days, or with its record) ends the row."""

    ATTACH = "attach", N_("Attach")
