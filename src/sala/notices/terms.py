"""What do we call a notice's channel, its state and the steps between states?"""

from sala.kit.terms import N_, Term


class Channel(Term):
    """How a notice travels."""

    EMAIL = "email", N_("E-mail")
    SMS = "sms", N_("SMS")
    TELEGRAM = "telegram", N_("Telegram")


class State(Term):
    """How far a notice has come. Delivered: the server or gateway has said that it took it."""

    CREATED = "created", N_("Created")
    SENDING = "sending", N_("Being sent")
    DELIVERED = "delivered", N_("Delivered")
    TEMPORARY = "temporary", N_("Will be tried again")
    PERMANENT = "permanent", N_("Can't be delivered")
    TECHNICAL = "technical", N_("The system could not send it")
    UNCERTAIN = "uncertain", N_("Not known whether it arrived")


class Step(Term):
    """What moves a notice on."""

    TAKE = "take", N_("Take for sending")
    DELIVER = "deliver", N_("Hand over")
    POSTPONE = "postpone", N_("Try again later")
    REJECT = "reject", N_("Give up")
    BREAK = "break", N_("Report a technical failure")
    WITHDRAW = "withdraw", N_("Withdraw")
    LOSE = "lose", N_("Lose sight of it after it was handed over")
    MISS = "miss", N_("Learn from the gateway that it never had it")
    CONFIRM = "confirm", N_("Mark as delivered")
    RESEND = "resend", N_("Send again")
