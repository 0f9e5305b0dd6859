"""What do we call levels, changes and defects of places, and what may be done to them?"""

from sala.kit.terms import N_, Term


class Verb(Term):
    """What may be done to places."""

    CHANGE = "places.change", N_("Split, merge, move or rename administrative units")


class Act(Term):
    """What happened to places, as the ledger names it."""

    LOAD = "places.load", N_("Gazetteer loaded from the country's pack")
    SPLIT = "places.split", N_("Administrative unit divided")
    MERGE = "places.merge", N_("Administrative units merged")
    MOVE = "places.move", N_("Administrative unit moved to another unit or code")
    RENAME = "places.rename", N_("Administrative unit renamed")


class Level(Term):
    """The levels of the country, from the top."""

    NATION = "nation", N_("National level")
    PROVINCE = "province", N_("Capital and provinces")
    DISTRICT = "district", N_("Municipality, district, khan")
    COMMUNE = "commune", N_("Commune, sangkat")
    VILLAGE = "village", N_("Village")


class Kind(Term):
    """The words for units of one level; which unit is of which kind is data of the country."""

    PROVINCE = "province", N_("Province")
    CAPITAL = "capital", N_("Capital")
    DISTRICT = "district", N_("District")
    MUNICIPALITY = "municipality", N_("Municipality")
    KHAN = "khan", N_("Khan")
    COMMUNE = "commune", N_("Commune")
    SANGKAT = "sangkat", N_("Sangkat")
    VILLAGE = "village", N_("Village")


class Change(Term):
    """How a unit came out of another."""

    SPLIT = "split", N_("Divided")
    MERGE = "merge", N_("Merged")
    MOVE = "move", N_("Moved to another unit or code")
    RENAME = "rename", N_("Renamed")


class Status(Term):
    """How sure a statement about a unit is."""

    OFFICIAL = "official", N_("By an official instrument or list")
    UNVERIFIED = "unverified", N_("Not verified")


class Defect(Term):
    """What is wrong with a unit's line in the official list. Nothing is dropped; every one is kept and told."""

    CODE_REPEATED = "code-repeated", N_("The list gives this code to more than one village.")
    CODE_MALFORMED = "code-malformed", N_("The code in the list is not made of digits alone.")
    PREFIX = "prefix", N_("The code does not begin with the code of the commune.")
    NO_VILLAGES = "no-villages", N_("The list has no village under this commune.")
    PARENT_MISSING = (
        "parent-missing",
        N_("The list puts this village under a commune that is not in the list."),
    )
    NAME_CORRECTED = "name-corrected", N_("The name in the list contains the word for the level.")
    TEXT_REPAIRED = (
        "text-repaired",
        N_("The name in the list has letters out of order or invisible characters."),
    )
    SAME_NAME = "same-name", N_("Another unit of the same parent has the same name.")


LEVELS_BELOW = {
    Level.NATION: Level.PROVINCE,
    Level.PROVINCE: Level.DISTRICT,
    Level.DISTRICT: Level.COMMUNE,
    Level.COMMUNE: Level.VILLAGE,
    Level.VILLAGE: None,
}
