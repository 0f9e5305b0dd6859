"""What do we call what is counted? Aggregations, units, directions and levels, with the English term."""

from sala.kit.terms import N_, Term


class Verb(Term):
    """What a post may do with measures. Figures themselves are public."""

    IMPORT = "measures.import", N_("import figures from a file")
    ROLL_UP = "measures.roll_up", N_("count all figures anew")


class Aggregation(Term):
    """How facts of many places and days become one figure."""

    SUM = "sum", N_("sum")
    RATIO = "ratio", N_("sum of the parts out of the sum of the wholes")
    MEDIAN = "median", N_("median of all single values")
    P90 = "p90", N_("90th percentile of all single values")
    AVERAGE = "average", N_("average of all single values")


class Unit(Term):
    """What a figure is measured in."""

    COUNT = "count", N_("number")
    SHARE = "share", N_("per cent")
    MINUTES = "minutes", N_("hours of working time")
    POINTS = "points", N_("points, 1 to 5")


class Direction(Term):
    """Which way is better."""

    UP = "up", N_("more is better")
    DOWN = "down", N_("less is better")
    NEITHER = "neither", N_("neither way is better")


class Level(Term):
    """The levels a figure is shown at, from the whole to the part."""

    NATION = "nation", N_("Nation")
    PROVINCE = "province", N_("Provinces and capital")
    DISTRICT = "district", N_("Districts, khans and towns")
    COMMUNE = "commune", N_("Communes and sangkats")


LEVELS: tuple[Level, ...] = (Level.NATION, Level.PROVINCE, Level.DISTRICT, Level.COMMUNE)

# The ledger's kind of an imported file.
KIND_IMPORT = "measures.import"
