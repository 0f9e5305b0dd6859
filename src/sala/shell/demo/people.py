"""Who works in the demonstration's halls? Fictional officers with posts and, for some, accounts."""

import csv
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sala.accounts import actions as accounts
from sala.accounts import queries as posts
from sala.kit.acting import Acting
from sala.offices import actions as offices
from sala.offices import queries as office_queries
from sala.places import queries as places

ELECTED = frozenset({"commune_chief", "first_deputy", "second_deputy", "councillor"})


@dataclass(frozen=True)
class Names:
    """Family and given names, each as (Khmer, Latin); no real person's name is meant."""

    family: tuple[tuple[str, str], ...]
    given: tuple[tuple[str, str], ...]

    def draw(self, random: Random) -> dict[str, str]:
        """A person's four name fields, as `offices.actions.register_person` takes them."""
        family, given = random.choice(self.family), random.choice(self.given)
        return {
            "family_km": family[0],
            "given_km": given[0],
            "family_latin": family[1],
            "given_latin": given[1],
        }


def read_plan(pack: Path) -> dict[str, Any]:
    """The demonstration's plan, ``demo/demo.toml``."""
    return tomllib.loads((pack / "demo" / "demo.toml").read_text(encoding="utf-8"))


def read_names(pack: Path) -> Names:
    """The stock of names, ``demo/people.csv``."""
    with (pack / "demo" / "people.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Names(
        family=tuple((row["km"], row["latin"]) for row in rows if row["part"] == "family"),
        given=tuple((row["km"], row["latin"]) for row in rows if row["part"] == "given"),
    )


def wanted(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every sign-in the plan asks for: user name, post, office kind, place, and the list of a councillor."""
    single = [{"list": "", **row} for row in plan["account"]]
    communes = [
        {"list": "", "office": "commune_hall", **row, "place": place, "username": f"{row['username']}{place}"}
        for place in plan["commune"]["places"]
        for row in plan["commune"]["account"]
    ]
    return single + communes


def office_of(row: Mapping[str, str], plan: Mapping[str, Any], by: Acting) -> Any:
    """The office of a sign-in; working groups and organisations are opened, the pack brings the others."""
    found = office_queries.office_at(row["place"], row["office"])
    if found is not None:
        return found
    name = plan["office"][row["office"]]
    return offices.open_office(
        by=by, code=f"{row['office']}-{row['place']}", kind=row["office"], name=name, place_key=row["place"]
    )


def instrument(row: Mapping[str, str], papers: Mapping[str, Any]) -> tuple[date, offices.Paper]:
    """Since when, and by which instrument: councils by election, everybody else by appointment."""
    if row["post"] in ELECTED:
        note = (
            {lang: papers[f"list_{lang}"].format(list=row["list"]) for lang in ("km", "en")}
            if row["list"]
            else None
        )
        return papers["mandate"], offices.Paper("election", "", papers["mandate"], note)
    return papers["appointed"], offices.Paper("prakas", papers["number"], papers["appointed"])


@dataclass(frozen=True)
class Staffing:
    """What appointing fictional people needs."""

    plan: Mapping[str, Any]
    names: Names
    random: Random
    by: Acting

    def appoint(self, row: Mapping[str, str], office: Any) -> Any:
        """Register a fictional person and appoint them; returns the person."""
        person = offices.register_person(by=self.by, **self.names.draw(self.random), office=office)
        start, paper = instrument(row, self.plan["papers"])
        offices.appoint(
            by=self.by, person=person, post=row["post"], office=office, start=start, instrument=paper
        )
        return person


def open_accounts(staffing: Staffing) -> list[dict[str, str]]:
    """Appoint and open the account of every sign-in; returns what accounts.json holds. Passwords are drawn anew each time."""
    opened = []
    for row in wanted(staffing.plan):
        office = office_of(row, staffing.plan, staffing.by)
        person = staffing.appoint(row, office)
        password = "-".join(secrets.token_hex(3) for _ in range(3))
        accounts.open_account(
            by=staffing.by, person=person, username=row["username"], password=password, at=office.where
        )
        unit = places.unit(row["place"]) if row["place"] else None
        opened.append(
            {
                "username": row["username"],
                "password": password,
                "name": f"{person.family_km} {person.given_km}",
                "office": office.name_en,
                "post": row["post"],
                "place_code": row["place"],
                "level": str(unit.level) if unit else "nation",
            }
        )
    return opened


def officer(office_id: UUID, staffing: Staffing) -> Acting:
    """Somebody who works at the office's desk, as an acting post: who stands there already, else a fictional officer."""
    office = office_queries.office(office_id)
    if office is None:
        raise LookupError(office_id)
    post = "clerk" if office.kind == "commune_hall" else "front_desk_officer"
    there = [row for row in office_queries.holders(office_id) if row.post_id == post]
    if not there:
        staffing.appoint({"post": post, "list": ""}, office)
        there = [row for row in office_queries.holders(office_id) if row.post_id == post]
    return posts.post_of(there[0])
