"""What do we call the steps around accounts?"""

from sala.kit.terms import N_, Term


class Verb(Term):
    """What may be done with accounts."""

    OPEN = "accounts.open", N_("Open or close the account of a person in office")
    POWERS = "accounts.powers", N_("See who may do what in an office")
