"""What do we call the steps around accounts?"""

from sala.kit.terms import N_, Term


class Verb(Term):
    """What may be done with accounts."""

    OPEN = "accounts.open", N_("Open or close the account of a person in office")
    POWERS = "accounts.powers", N_("See who may do what in an office")


class Act(Term):
    """What happened to accounts beside the verbs, as the ledger names it."""

    LOAD = "accounts.load", N_("Permissions loaded from the country's pack")
    CLOSE = "accounts.close", N_("Account closed")
    PASSWORD = "accounts.password", N_("Password changed")
    TOKEN = "accounts.token", N_("Token made")
    REVOKE = "accounts.revoke", N_("Token ended")
    CLEAR = "accounts.clear", N_("Token that ended long ago removed")
