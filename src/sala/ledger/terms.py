"""What the ledger calls its own acts and the faults that its verification finds."""

from enum import StrEnum

from sala.kit.terms import N_, Term


class Act(Term):
    """The ledger's own acts."""

    FORGET = "ledger.forget", N_("Erase a record's content")
    LOOKS = "ledger.looks", N_("Bind the list of who read personal data")
    NEW_KEY = "ledger.new_key", N_("Name the key that signs from here on")
    USE_KEY = "ledger.use_key", N_("Sign with the new key")
    LOST_KEY = "ledger.lost_key", N_("Go on under a new key: the old one was lost")


FORGET = Act.FORGET.value


class Fault(StrEnum):
    """A kind of damage, found by `verification` and named there with the entry's number or the record; for programs."""

    CHANGED = "changed"  # an entry no longer says what was sealed
    REMOVED = "removed"  # an entry is gone
    INSERTED = "inserted"  # an entry was never sealed
    REORDERED = "reordered"  # an entry has another number than it was sealed with
    SALT = "salt-missing"  # without a recorded erasure
    NODE = "node"  # a node of the tree is missing, damaged or too many
    CHECKPOINT = "checkpoint"  # one is missing, or its row does not say what was signed
    SIGNATURE = "signature"  # wrong, or not to be checked
    REWRITTEN = "rewritten"  # the tree is not the one that a checkpoint signed
    ROW_CHANGED = "row-changed"  # a record no longer says what its latest entry recorded
    ROW_REMOVED = "row-removed"  # a record that the ledger knows is gone
    ROW_INSERTED = "row-inserted"  # a record that the ledger does not know
    ROOM = "room"  # what a room's own check found: a number that was given and names nothing
    BACKLOG = "backlog"  # entries wait too long to be sealed
