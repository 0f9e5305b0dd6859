"""What do we call a notice's channel, its state and the steps between states?"""

from sala.kit.terms import N_, Term


class Channel(Term):
    """How a notice travels."""

    EMAIL = "email", N_("E-mail")


class State(Term):
    """How far a notice has come."""

    CREATED = "created", N_("Created")
    SENDING = "sending", N_("Being sent")
    DELIVERED = "delivered", N_("Delivered")
    TEMPORARY = "temporary", N_("Will be tried again")
    PERMANENT = "permanent", N_("Can't be delivered")
    TECHNICAL = "technical", N_("The system could not send it")


class Step(Term):
    """What moves a notice on."""

    TAKE = "take", N_("Take for sending")
    DELIVER = "deliver", N_("Hand over")
    POSTPONE = "postpone", N_("Try again later")
    REJECT = "reject", N_("Give up")
    BREAK = "break", N_("Report a technical failure")
    WITHDRAW = "withdraw", N_("Withdraw")
