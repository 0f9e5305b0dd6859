"""What the ledger calls its own acts and the faults that its verification finds."""

from sala.kit.terms import N_, Term

FORGET = "ledger.forget"  # the act that records an erasure


class Fault(Term):
    """A kind of damage. Each is found by `verification` and named with the entry's number or the record."""

    CHANGED = "changed", N_("entry changed")
    REMOVED = "removed", N_("entry removed")
    INSERTED = "inserted", N_("entry inserted")
    REORDERED = "reordered", N_("entry moved")
    SALT = "salt-missing", N_("salt missing without a recorded erasure")
    NODE = "node", N_("node of the tree damaged")
    CHECKPOINT = "checkpoint", N_("checkpoint missing or wrong")
    SIGNATURE = "signature", N_("signature wrong")
    REWRITTEN = "rewritten", N_("tree rewritten")
    ROW_CHANGED = "row-changed", N_("record changed behind the ledger's back")
    ROW_REMOVED = "row-removed", N_("record removed behind the ledger's back")
    ROW_INSERTED = "row-inserted", N_("record without an entry in the ledger")
    BACKLOG = "backlog", N_("entries wait too long to be sealed")
