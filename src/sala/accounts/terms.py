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
    FACTOR = "accounts.factor", N_("Second factor set up")
    FACTOR_OFF = "accounts.factor_off", N_("Second factor removed")
    CODES = "accounts.codes", N_("Recovery codes made")
    CODE_USED = "accounts.code_used", N_("Recovery code used")
    SESSION = "accounts.session", N_("Session ended from the account page")
    INVITE = "accounts.invite", N_("Invitation to choose a password made")
    UNINVITE = "accounts.uninvite", N_("Invitation ended")
    CHOOSE = "accounts.choose", N_("Password chosen with an invitation")
    LINK = "accounts.link", N_("Sign-in of a provider linked")
    EMAIL = "accounts.email", N_("E-mail address of an account changed")
    UNLINK = "accounts.unlink", N_("Sign-in of a provider unlinked")


class Factor(Term):
    """What one has beside the password. The values are allauth's."""

    APP = "totp", N_("Code from an app on the phone")
    PASSKEY = "webauthn", N_("Passkey")
    CODES = "recovery_codes", N_("Recovery codes")
