"""What do we call the things of the window? Verbs, states, kinds and channels, with the English term of the glossary."""

from sala.kit.terms import N_, Term


class Verb(Term):
    """What a post may do at the window; the first three belong to every resident, and the code opens the request."""

    REPORT = "window.report", N_("report a problem or apply for a document")
    FOLLOW = "window.follow", N_("follow one's own request, reply to the hall, withdraw it")
    RATE = "window.rate", N_("rate courtesy and speed")
    SEE = "window.see", N_("see requests, without personal data")
    SEE_PERSON = "window.see_person", N_("see what a resident told, and how to reach them")
    RECEIVE = "window.receive", N_("take in a request at the counter")
    TAKE = "window.take", N_("take on a request")
    ASSIGN = "window.assign", N_("assign a request to an officer")
    ASK = "window.ask", N_("ask the applicant, which stops the clock")
    ANSWER = "window.answer", N_("answer the applicant")
    NOTE = "window.note", N_("write an internal note")
    FINISH = "window.finish", N_("finish a request")
    REFUSE = "window.refuse", N_("refuse a request with a reason")
    FORWARD = "window.forward", N_("forward a request to another office, or send it back")
    REOPEN = "window.reopen", N_("open a finished request again")
    PHRASES = "window.phrases", N_("keep the ready answers of the office")
    ROUTES = "window.routes", N_("keep the rules by which requests find their officer")
    JOIN = "window.join", N_("join reports of the same problem, or take them apart")
    SPLIT = "window.split", N_("split a second matter off from a request")
    ESCALATED = "window.escalated", N_("see the late requests of which the office is told")
    RESEND = "window.resend", N_("see to messages that did not arrive")
    SCREEN = "window.screen", N_("look through comments before they are published")
    CORRECT = "window.correct", N_("put right who asked and how to reach them")
    ERASE = "window.erase", N_("erase a resident's personal data")
    EDIT_SERVICES = "window.edit_services", N_("change the list of services")


class Act(Term):
    """What happened to a request: the line of its timeline, the name of the ledger's act and of the API's step."""

    RECEIVE = "receive", N_("Received")
    TAKE = "take", N_("An officer has taken it on")
    ASSIGN = "assign", N_("Given to the officer in charge")
    ASK = "ask", N_("The hall asks you something")
    REPLY = "reply", N_("You replied")
    ANSWER = "answer", N_("News from the hall")
    NOTE = "note", N_("Internal note")
    FINISH = "finish", N_("Finished")
    REFUSE = "refuse", N_("Refused")
    FORWARD = "forward", N_("Forwarded to the office in charge")
    RETURN = "return", N_("Sent back by the office it was forwarded to")
    REOPEN = "reopen", N_("Opened again")
    RATE = "rate", N_("You rated the service")
    WITHDRAW = "withdraw", N_("You withdrew the request")
    CLOSE = "close", N_("Closed")
    ERASE = "erase", N_("Personal data erased")
    CORRECT = "correct", N_("Name or contact put right")
    DISPUTE = "dispute", N_("You asked for a correction")
    SETTLE = "settle", N_("Answer to what you asked to be corrected")
    RECOUNT = "recount", N_("A holiday was added: the deadline was counted anew")
    JOIN = "join", N_("Joined with another report of the same problem")
    PART = "part", N_("Taken apart: handled by itself again")
    LEAD = "lead", N_("The report that led the joined ones was withdrawn")
    SPLIT = "split", N_("The second matter in it became a request of its own")
    SECOND = "second", N_("Split off from a request that held two matters")
    ESCALATE = "escalate", N_("Escalated because of its deadline")


class LedgerAct(Term):
    """What happened at the window beside the verbs, as the ledger names it."""

    LOAD = "window.load", N_("Service loaded from the country's pack")
    WITHDRAW_SERVICE = "window.withdraw_service", N_("Service withdrawn from the list")
    OFFER_SERVICE = "window.offer_service", N_("Service brought back into the list")
    PROTECT_SERVICE = (
        "window.protect_service",
        N_("Requests of a service protected: nothing of them is public"),
    )
    KEEP_SERVICE = "window.keep_service", N_("Service kept as it was changed here")
    REPLY = "window.reply", N_("The applicant replied")
    WITHDRAW = "window.withdraw", N_("The applicant withdrew the request")
    RETURN = "window.return", N_("Request sent back by the office it was forwarded to")
    PART = "window.part", N_("Report taken apart from one of the same problem")
    SECOND = "window.second", N_("Request split off from one that held two matters")
    LEAD = "window.lead", N_("The report that led the joined ones was withdrawn")
    ESCALATE = "window.escalate", N_("Request escalated because of its deadline")
    CLOSE = "window.close", N_("Request closed when the time for objections was over")
    RECOUNT = "window.recount", N_("Deadline counted anew after a holiday was added")
    KEY = "window.key", N_("Key for a program that reports by Open311")
    KEY_ENDED = "window.key_ended", N_("Key of a program ended")
    RESEND = "window.resend", N_("A message to the applicant was sent again")
    PHRASE_LOAD = "window.phrase_load", N_("Ready answer loaded from the country's pack")
    PHRASE_ADD = "window.phrase_add", N_("Ready answer added")
    PHRASE_CHANGE = "window.phrase_change", N_("Ready answer changed")
    PHRASE_END = "window.phrase_end", N_("Ready answer ended")
    RULE_ADD = "window.rule_add", N_("Routing rule added")
    RULE_CHANGE = "window.rule_change", N_("Routing rule changed")
    RULE_ON = "window.rule_on", N_("Routing rule switched on")
    RULE_OFF = "window.rule_off", N_("Routing rule switched off")
    RULE_MOVE = "window.rule_move", N_("Routing rule moved in the order")
    RULE_END = "window.rule_end", N_("Routing rule deleted")
    SUBTASK_ADD = "window.subtask_add", N_("Sub-task given")
    SUBTASK_DONE = "window.subtask_done", N_("Sub-task done")
    SUBTASK_DROP = "window.subtask_drop", N_("Sub-task dropped")
    CONFIRM = "window.confirm", N_("A message to the applicant was marked as delivered")
    HELD = "window.held", N_("The applicant was sent what is held about them")
    DISPUTE = "window.dispute", N_("The applicant asked for a correction")
    SETTLE = "window.settle", N_("The request for a correction was answered")
    PUBLISH = "window.publish", N_("A comment was published")
    KEEP = "window.keep", N_("A comment was not published")


class Screening(Term):
    """What becomes of a comment that its writer allows to be published."""

    ASKED = "asked", N_("Waiting to be looked through")
    SHOWN = "shown", N_("Published")
    KEPT = "kept", N_("Not published")


class Withheld(Term):
    """Why a comment is not published. Criticism is no reason."""

    PERSONAL = "personal", N_("It can't be read without naming a person")
    INSULT = "insult", N_("It insults or threatens somebody")
    ELSEWHERE = "elsewhere", N_("It is not about this service")


class Personal(Term):
    """What a part of a comment may be."""

    NUMBER = "number", N_("Number of a telephone, card or account")
    EMAIL = "email", N_("E-mail address")
    LINK = "link", N_("Link or account")
    NAME = "name", N_("Name")


class Look(Term):
    """Through which door somebody read what a resident told; the names in the list of looks."""

    RECORD = "window.record", N_("Opened the request")
    CONTACT = "window.contact", N_("Had shown how to reach the applicant")
    PHOTO = "window.photo", N_("Opened a photo")
    HELD = "window.held", N_("Printed what is held about the applicant")
    SEARCH = "window.search", N_("Searched among what residents told")


# Which grant a member of staff needs for a step. Steps that are missing belong to the resident or to the calendar.
GRANTS: dict[Act, Verb] = {
    Act.RECEIVE: Verb.RECEIVE,
    Act.TAKE: Verb.TAKE,
    Act.ASSIGN: Verb.ASSIGN,
    Act.ASK: Verb.ASK,
    Act.ANSWER: Verb.ANSWER,
    Act.NOTE: Verb.NOTE,
    Act.FINISH: Verb.FINISH,
    Act.REFUSE: Verb.REFUSE,
    Act.FORWARD: Verb.FORWARD,
    Act.RETURN: Verb.FORWARD,
    Act.REOPEN: Verb.REOPEN,
    Act.ERASE: Verb.ERASE,
}

# What the button on the record page says, and what the form then asks for.
BUTTONS: dict[Act, str] = {
    Act.TAKE: N_("Take it on"),
    Act.ASSIGN: N_("Assign"),
    Act.ASK: N_("Pause: ask the applicant"),
    Act.ANSWER: N_("Answer the applicant"),
    Act.NOTE: N_("Write an internal note"),
    Act.FINISH: N_("Record as finished"),
    Act.FORWARD: N_("Forward to another office"),
    Act.RETURN: N_("Send back, with a reason"),
    Act.REOPEN: N_("Open again"),
    Act.REFUSE: N_("Refuse, with a reason"),
}
PROMPTS: dict[Act, str] = {
    Act.ASK: N_("What do you need to know?"),
    Act.ANSWER: N_("Answer; the applicant reads it"),
    Act.NOTE: N_("Note; only this office reads it"),
    Act.FINISH: N_("What was done; the applicant reads it"),
    Act.FORWARD: N_("Why it is that office's; the applicant reads it"),
    Act.RETURN: N_("Why it is not this office's; the applicant reads it"),
    Act.REOPEN: N_("Why it is opened again; the applicant reads it"),
    Act.REFUSE: N_("Reason for refusal; the applicant reads it"),
}


class State(Term):
    """Where a request stands."""

    RECEIVED = "received", N_("Received")
    IN_PROGRESS = "in_progress", N_("In progress")
    WAITING = "waiting", N_("Waiting for the applicant")
    FORWARDED = "forwarded", N_("Forwarded")
    REOPENED = "reopened", N_("Reopened")
    DONE = "done", N_("Done")
    REFUSED = "refused", N_("Refused")
    WITHDRAWN = "withdrawn", N_("Withdrawn")
    CLOSED = "closed", N_("Closed")


class Kind(Term):
    """What a service is."""

    REPORT = "report", N_("Problem report")
    DOCUMENT = "document", N_("Document")


class Level(Term):
    """The level whose office decides."""

    COMMUNE = "commune", N_("Commune or sangkat")
    DISTRICT = "district", N_("District, khan or town")
    PROVINCE = "province", N_("Province or capital")
    NATION = "nation", N_("Ministry")


class Channel(Term):
    """How a request came in."""

    WEB = "web", N_("Website")
    COUNTER = "counter", N_("At the counter")
    PHONE = "phone", N_("By telephone")
    API = "api", N_("By another program")
    OPEN311 = "open311", N_("By Open311")


class FeeStatus(Term):
    """Whether a fee may be charged today."""

    FREE = "free", N_("Free of charge")
    CHARGEABLE = "chargeable", N_("Official fee")
    NO_BASIS = "no_basis", N_("Not chargeable until a legal basis is recorded")
    UNKNOWN = "unknown", N_("Fee not known: not chargeable until a legal basis is recorded")


class DaysStatus(Term):
    """Where a deadline comes from."""

    VERIFIED = "verified", N_("From the source")
    DEFAULT = "default", N_("Default of the country pack, unverified")


class DaysKind(Term):
    """Which days a deadline counts."""

    WORKING = "working", N_("Working days")
    CALENDAR = "calendar", N_("Calendar days")


class Fact(Term):
    """What a service says that a source can prove."""

    NAME = "name", N_("Name in Khmer")
    FEE = "fee", N_("Fee")
    DAYS = "days", N_("Time to provide the service")
    PAPERS = "papers", N_("Required documents")
    BASIS = "basis", N_("Legal basis")
