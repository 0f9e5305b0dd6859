"""Every permission asked and asserted, in one table; and what registering verbs demands."""

from uuid import UUID

import pytest

from sala.accounts import verbs
from sala.accounts.acting import RESIDENT, Post, system
from sala.kit.acting import Acting, Reach, Where
from sala.kit.errors import NotSignedIn, Refused
from sala.kit.terms import Term

HALL, OTHER = UUID(int=1), UUID(int=2)
COMMUNE = Where("12", "1204", "120404", office=HALL)
DISTRICT = Where("12", "1204", office=HALL)
PROVINCE = Where("12", office=HALL)
NATION = Where(office=HALL)

OWN = Where("12", "1204", "120404", "12040401", HALL)
SAME_PLACE = Where("12", "1204", "120404", office=OTHER)
NEIGHBOUR = Where("12", "1204", "120405", office=OTHER)
SAME_PROVINCE = Where("12", "1201", "120101", office=OTHER)
FAR = Where("02", "0208", "020801", office=OTHER)
NOWHERE = Where()


def post(where: Where, **grants: set[str]) -> Post:
    return Post(
        appointment=UUID(int=9),
        user=None,
        person_id=UUID(int=8),
        kind="clerk",
        office=HALL,
        where=where,
        grants={verb.replace("__", "."): frozenset(scopes) for verb, scopes in grants.items()},
    )


TABLE: list[tuple[Acting, str, dict[str, bool]]] = [
    (post(COMMUNE, window__take={"office"}), "window.take", {"OWN": True}),
    (post(COMMUNE, window__see={"subtree"}), "window.see", {"OWN": True, "SAME_PLACE": True}),
    (
        post(DISTRICT, window__see={"subtree"}),
        "window.see",
        {"OWN": True, "SAME_PLACE": True, "NEIGHBOUR": True},
    ),
    (
        post(PROVINCE, window__see={"subtree"}),
        "window.see",
        {"OWN": True, "SAME_PLACE": True, "NEIGHBOUR": True, "SAME_PROVINCE": True},
    ),
    (
        post(NATION, window__see={"subtree"}),
        "window.see",
        dict.fromkeys(["OWN", "SAME_PLACE", "NEIGHBOUR", "SAME_PROVINCE", "FAR", "NOWHERE"], True),
    ),
    (
        post(COMMUNE, window__see={"nation"}),
        "window.see",
        dict.fromkeys(["OWN", "SAME_PLACE", "NEIGHBOUR", "SAME_PROVINCE", "FAR", "NOWHERE"], True),
    ),
    (post(COMMUNE, window__see={"office", "subtree"}), "window.see", {"OWN": True, "SAME_PLACE": True}),
    (post(COMMUNE, window__see={"subtree"}), "window.take", {}),
    (post(COMMUNE), "window.see", {}),
    (
        post(COMMUNE),
        "window.report",
        dict.fromkeys(["OWN", "SAME_PLACE", "NEIGHBOUR", "SAME_PROVINCE", "FAR", "NOWHERE"], True),
    ),
    (
        RESIDENT,
        "window.report",
        dict.fromkeys(["OWN", "SAME_PLACE", "NEIGHBOUR", "SAME_PROVINCE", "FAR", "NOWHERE"], True),
    ),
    (RESIDENT, "window.see", {}),
    (
        system("job"),
        "window.see",
        dict.fromkeys(["OWN", "SAME_PLACE", "NEIGHBOUR", "SAME_PROVINCE", "FAR", "NOWHERE"], True),
    ),
]
THINGS = {
    "OWN": OWN,
    "SAME_PLACE": SAME_PLACE,
    "NEIGHBOUR": NEIGHBOUR,
    "SAME_PROVINCE": SAME_PROVINCE,
    "FAR": FAR,
    "NOWHERE": NOWHERE,
}


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("row", range(len(TABLE)))
def test_asking_and_asserting_agree(row: int, thing: str) -> None:
    acting, verb, allowed = TABLE[row]
    at = THINGS[thing]
    may = allowed.get(thing, False)
    assert acting.may(verb, at) is may
    assert acting.reach(verb).covers(at) is may
    if may:
        acting.require(verb, at)
    else:
        with pytest.raises(Refused if acting.signed_in else NotSignedIn):
            acting.require(verb, at)


def test_what_the_ledger_writes_for_each() -> None:
    assert (RESIDENT.post, RESIDENT.signed_in, RESIDENT.office) == ("resident", False, None)
    assert (system("init").post, system("init").signed_in) == ("system:init", True)
    assert post(COMMUNE).post == str(UUID(int=9))
    assert post(COMMUNE).reach("window.see") == Reach()


class Odd(Term):
    THING = "elsewhere.thing", "thing"


def test_verbs_carry_their_rooms_name() -> None:
    with pytest.raises(ValueError, match=r"elsewhere\.thing"):
        verbs.register("odd", Odd)
    assert verbs.known("offices.appoint") == "offices.appoint"
    assert (
        verbs.known("offices.dance") is None
        and verbs.known("dance") is None
        and verbs.known("odd.thing") is None
    )
    assert {"offices", "accounts", "window"} <= set(verbs.rooms())
    assert "window.report" in verbs.resident() and verbs.is_resident("window.report")
    assert verbs.label("offices") and verbs.label("nobody") == ""
