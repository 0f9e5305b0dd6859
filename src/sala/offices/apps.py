"""Django's name for the room `offices` and what it registers when the house opens."""

from django.apps import AppConfig


class OfficesConfig(AppConfig):
    name = "sala.offices"
    label = "offices"

    def ready(self) -> None:
        """The pack's part, and what the ledger verifies."""
        from django.utils.translation import gettext_lazy

        from sala.installation import packs
        from sala.kit.terms import N_
        from sala.ledger import registry
        from sala.offices import bulk, records
        from sala.offices.terms import Act, Verb
        from sala.ui import menu

        menu.register(menu.Entry("holidays", gettext_lazy("Public holidays"), 85, Verb.HOLIDAYS))
        menu.register(menu.Entry("holidays", gettext_lazy("Public holidays"), 50, bar="foot"))
        registry.acts(Act)
        packs.register("offices", 20, bulk.load)
        registry.register(records.PACK, records.pack_snapshots, N_("Posts, offices and opening days"))
        registry.register(records.APPOINTMENT, records.appointment_snapshots, N_("Appointment"))
        registry.register(records.PERSON, records.person_snapshots, N_("Person in public office"))
