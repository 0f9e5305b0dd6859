"""What do we call offices, and the papers that put a person into a post?"""

from sala.kit.terms import N_, Term


class OfficeKind(Term):
    """Which kind of body an office is."""

    MINISTRY = "ministry", N_("Ministry")
    MINISTRY_DEPARTMENT = "ministry_department", N_("General department of a ministry")
    PROVINCIAL_HALL = "provincial_hall", N_("Provincial or capital hall")
    PROVINCIAL_DEPARTMENT = "provincial_department", N_("Provincial line department")
    DISTRICT_HALL = "district_hall", N_("Hall of a district, khan or town")
    ONE_WINDOW = "one_window", N_("One-window service office")
    COMMUNE_HALL = "commune_hall", N_("Commune or sangkat hall")
    POLICE_POST = "police_post", N_("Police post")
    WORKING_GROUP = "working_group", N_("Working group")
    CIVIL_SOCIETY = "civil_society", N_("Civil-society organisation")
    AUDITOR = "auditor", N_("Audit authority")
    ELECTION_COMMISSION = "election_commission", N_("Election commission")


class Instrument(Term):
    """By which kind of paper a person came into the post."""

    ELECTION = "election", N_("Official election result")
    REPLACEMENT = "replacement", N_("Replacement in the order of the list")
    ROYAL_DECREE = "royal_decree", N_("Royal decree")
    SUB_DECREE = "sub_decree", N_("Sub-decree")
    PRAKAS = "prakas", N_("Prakas of appointment")
    DECISION = "decision", N_("Decision")
    CONTRACT = "contract", N_("Contract")
    LETTER = "letter", N_("Letter of an organisation")


class Scope(Term):
    """How far a permission extends from the office of the post."""

    OFFICE = "office", N_("this office only")
    SUBTREE = "subtree", N_("this place and all below it")
    NATION = "nation", N_("the whole country")


class Status(Term):
    """Whether a statement of the pack was seen in a source."""

    VERIFIED = "V", N_("seen in a source")
    UNVERIFIED = "U", N_("not verified")


class DayStatus(Term):
    """How sure a holiday is."""

    FIXED = "fixed", N_("fixed day of the calendar")
    PREDICTED = "predicted", N_("predicted, until the year's sub-decree")
    DECREED = "decreed", N_("by decree or decision")


class Verb(Term):
    """What may be done with offices."""

    APPOINT = "offices.appoint", N_("Put a person into a post, or end an appointment")
    HOLIDAYS = "offices.holidays", N_("Add or change a holiday")


class Act(Term):
    """What happened to offices beside the verbs, as the ledger names it."""

    LOAD = "offices.load", N_("Loaded from the country's pack")
    OPEN = "offices.open", N_("Office opened")
    PERSON = "offices.person", N_("Person in public office entered")
    END = "offices.end", N_("Appointment ended")
