"""Is everything that a room declares also wired: granted, run, opened, named, verified?"""

import re
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise

from sala.accounts import queries as accounts
from sala.accounts import verbs
from sala.files import registry as files
from sala.jobs import registry as jobs
from sala.kit.canonical import canonical
from sala.kit.states import Table
from sala.kit.terms import Term
from sala.ledger import registry as ledger
from sala.ledger.models import Entry
from sala.measures import registry as measures
from sala.notices import registry as notices
from sala.ui import menu

ROOMS = sorted(config.label for config in apps.get_app_configs() if config.name.startswith("sala."))


def modules(name: str) -> list[ModuleType]:
    """The rooms' modules of this name."""
    paths = [f"sala.{room}.{name}" for room in ROOMS]
    return [import_module(path) for path in paths if find_spec(path)]


def declared(name: str) -> list[type[Term]]:
    """The enumerations of this name in the rooms' terms."""
    return [getattr(module, name) for module in modules("terms") if hasattr(module, name)]


def in_khmer(text: Any) -> str:
    with translation.override("km"):
        return str(text) if isinstance(text, Promise) else translation.gettext(getattr(text, "en", text))


def is_khmer(text: Any) -> bool:
    return bool(re.search("[ក-៿]", in_khmer(text)))


# ---- permissions ------------------------------------------------------------------------------------------------------


def test_every_verb_is_known_and_belongs_to_a_post_or_to_everybody(db: None) -> None:
    every = {str(verb) for term in declared("Verb") for verb in term}
    assert every == {str(verb) for term in verbs.rooms().values() for verb in term}
    granted = {grant.verb for grant in accounts.grants()}
    assert granted | verbs.resident() == every
    assert granted <= every


def test_every_group_of_verbs_has_a_heading() -> None:
    assert [room for room in verbs.rooms() if not is_khmer(verbs.label(room))] == []


# ---- states -----------------------------------------------------------------------------------------------------------


TABLES = {
    table.name: (table, module.FINAL)
    for module in modules("rules")
    for table in vars(module).values()
    if isinstance(table, Table)
}


def test_tables_are_found() -> None:
    assert {"window.request", "notice", "file"} <= set(TABLES)


@pytest.mark.parametrize(("table", "final"), TABLES.values(), ids=TABLES)
def test_every_state_has_an_owner_a_way_in_and_a_way_out(table: Table[Any], final: Any) -> None:
    assert table.faults(final) == []
    steps = [(move.source, move.verb) for move in table.moves]
    assert len(steps) == len(set(steps)), "one step leads to two states"


# ---- the ledger -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ledger.kinds(), ids=lambda kind: kind.kind)
def test_every_kind_of_record_is_read_anew_and_named(db: None, kind: ledger.Kind) -> None:
    assert is_khmer(kind.label)
    rows = list(islice(kind.snapshots(), 50))
    assert len({subject for subject, _ in rows}) == len(rows)
    for subject, content in rows:
        assert 0 < len(subject) <= 64 and canonical(content)


def test_every_entry_of_the_loaded_country_has_a_kind_and_an_act_with_a_name(db: None) -> None:
    kinds = {kind.kind for kind in ledger.kinds()}
    entries = list(Entry.objects.values_list("kind", "act").distinct())
    assert len(entries) >= 7
    assert [kind for kind, _ in entries if kind not in kinds] == []
    assert [act for _, act in entries if not is_khmer(ledger.act(act))] == []


def test_every_act_has_a_name() -> None:
    from sala.window.terms import Act as WindowAct

    acts = [str(act) for term in declared("Act") for act in term if term is not WindowAct]
    acts += [f"window.{act}" for act in WindowAct]
    assert [act for act in acts if not is_khmer(ledger.act(act))] == []


# ---- work, figures, files, notices, menu --------------------------------------------------------------------------------


def test_every_job_bears_its_rooms_name() -> None:
    assert {name.split(".")[0] for name in jobs.jobs()} <= set(ROOMS)
    assert {"ledger.seal", "notices.deliver", "window.close", "measures.roll_up", "numbers.expire"} <= set(
        jobs.jobs()
    )


@pytest.mark.parametrize("name", sorted(jobs.jobs()))
def test_every_job_runs_and_bears_being_run_again(db: None, name: str) -> None:
    jobs.jobs()[name].run()
    jobs.jobs()[name].run()


def test_every_measure_has_a_figure_and_opens(db: None, client: Any) -> None:
    for measure in measures.measures():
        assert is_khmer(measure.name_km) and is_khmer(measure.what.km) and is_khmer(measure.rule.km)
        assert measures.get(measure.code).opener is not None, measure.code
        with translation.override("km"):
            assert client.get(reverse("figure", args=[measure.code])).status_code == 200


def test_every_rooms_measures_have_facts() -> None:
    rooms = {module.__name__.split(".")[1] for module in modules("measures")}
    assert len(measures.sources()) == len(rooms)


def test_every_kind_that_holds_files_is_a_kind_of_record() -> None:
    kinds = set(files._kinds)
    assert kinds and kinds <= {kind.kind for kind in ledger.kinds()}


def test_every_kind_of_notice_has_a_name() -> None:
    assert notices.kinds()
    assert [kind for kind, label in notices.kinds().items() if not is_khmer(label)] == []


def test_every_menu_entry_leads_somewhere_and_has_a_name() -> None:
    for entry in menu._entries.values():
        assert is_khmer(entry.label)
        assert reverse(entry.route).startswith("/")


# ---- the database -----------------------------------------------------------------------------------------------------


def test_models_and_migrations_say_the_same(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_begins_with_one_migration(room: str) -> None:
    """What follows 0001 says in its first sentence why it stands on its own."""
    folder = Path(apps.get_app_config(room).path) / "migrations"
    if not folder.is_dir():
        return
    first, *others = sorted(path.stem for path in folder.glob("0*.py"))
    assert first == "0001_initial"
    assert all(import_module(f"sala.{room}.migrations.{name}").__doc__ for name in others)
