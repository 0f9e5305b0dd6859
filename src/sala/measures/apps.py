"""Django's name for the room `measures` and what it registers when the house opens."""

from datetime import timedelta

from django.apps import AppConfig


class MeasuresConfig(AppConfig):
    name = "sala.measures"
    label = "measures"

    def ready(self) -> None:
        """The pack's measures, the verbs, the job that counts, the pack's loader, the ledger's kind, the menu."""
        from django.utils.translation import gettext_lazy as _

        from sala.accounts import verbs
        from sala.installation import packs
        from sala.jobs import registry as jobs
        from sala.kit.terms import N_
        from sala.ledger import registry as ledger
        from sala.measures import actions, bulk, pack, queries, taking
        from sala.measures.terms import KIND_IMPORT, Verb
        from sala.ui import menu

        verbs.register("measures", Verb, label=N_("Figures"))
        pack.declare(pack.folder(), queries.open_imported)
        packs.register("measures", 50, bulk.load)
        jobs.register("measures.roll_up", timedelta(minutes=5), actions.roll_up)
        ledger.register(KIND_IMPORT, taking.snapshots, N_("File of figures"))
        menu.register(menu.Entry("figures", _("Figures"), 40))
        menu.register(menu.Entry("figures", _("Figures"), 40, bar="foot"))
