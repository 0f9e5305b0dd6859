"""Django's name for the room `offices` and what it registers when the house opens."""

from django.apps import AppConfig


class OfficesConfig(AppConfig):
    name = "sala.offices"
    label = "offices"

    def ready(self) -> None:
        """The pack's part, and what the ledger verifies."""
        from sala.installation import packs
        from sala.kit.terms import N_
        from sala.ledger import registry
        from sala.offices import bulk, queries

        packs.register("offices", 20, bulk.load)
        registry.register(queries.PACK, queries.pack_snapshots, N_("Posts, offices and opening days"))
        registry.register(queries.APPOINTMENT, queries.appointment_snapshots, N_("Appointment"))
        registry.register(queries.PERSON, queries.person_snapshots, N_("Person in public office"))
