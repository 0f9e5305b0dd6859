"""What do we call the things of the counter? Verbs, acts, states and kinds of priority, with the English term."""

from sala.kit.terms import N_, Term


class Verb(Term):
    """What a post may do at the counter."""

    ISSUE = "counter.issue", N_("give out a queue ticket")
    SERVE = "counter.serve", N_("call and serve those who wait")
    KIOSK = "counter.kiosk", N_("set up the kiosk and the call screen")
    CASH = "counter.cash", N_("take the fees of the law and give receipts")
    CLOSE = "counter.close", N_("reverse a payment, hand over money and close the cash box")


class Step(Term):
    """One step of a ticket."""

    CALL = "call", N_("Call next")
    START = "start", N_("Serve")
    FINISH = "finish", N_("Served")
    MISS = "miss", N_("Nobody came")
    RECALL = "recall", N_("Call again")
    LEAVE = "leave", N_("Has left")
    LAPSE = "lapse", N_("Day ended")


class LedgerAct(Term):
    """What happened to a ticket beside its issue, as the ledger names it."""

    CALL = "counter.call", N_("Ticket called")
    START = "counter.start", N_("Serving begun")
    FINISH = "counter.finish", N_("Serving ended")
    MISS = "counter.miss", N_("Nobody came to the call")
    RECALL = "counter.recall", N_("Ticket called again")
    LEAVE = "counter.leave", N_("Ticket holder has left")
    LAPSE = "counter.lapse", N_("Ticket ended with the day")
    REVERSE = "counter.reverse", N_("Payment reversed")
    PUT_IN = "counter.put_in", N_("Money put into the cash box")
    HAND_OVER = "counter.hand_over", N_("Money handed over from the cash box")
    KIOSK_ENDED = "counter.kiosk_ended", N_("Kiosk link ended")


class State(Term):
    """Where a ticket stands."""

    WAITING = "waiting", N_("Waiting")
    CALLED = "called", N_("Called")
    SERVING = "serving", N_("Being served")
    MISSED = "missed", N_("Missed the call")
    DONE = "done", N_("Served")
    LEFT = "left", N_("Has left")


class Priority(Term):
    """Why somebody is called earlier. What was seen at the door; nobody's name or paper is asked for."""

    ORDINARY = "ordinary", N_("No priority")
    ELDERLY = "elderly", N_("Elderly person")
    PREGNANT = "pregnant", N_("Pregnant woman")
    DISABLED = "disabled", N_("Person with disability")
    SMALL_CHILD = "small_child", N_("With a small child")


class CashKind(Term):
    """What a line of an office's cash book says. Riel come in or go out; no line is ever changed."""

    PAYMENT = "payment", N_("Fee paid")
    REVERSAL = "reversal", N_("Payment reversed")
    PUT_IN = "put_in", N_("Money put in")
    HAND_OVER = "hand_over", N_("Money handed over")
