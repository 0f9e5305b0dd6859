"""Django's name for the room `ledger` and what it registers when the house opens."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "sala.ledger"
    label = "ledger"

    def ready(self) -> None:
        """The sealer, and the link to the ledger's page at the foot of every page."""
        from sala.jobs import registry as jobs
        from sala.ledger import actions, keyring, looks, registry
        from sala.ledger.terms import Act
        from sala.ui import menu

        jobs.register("ledger.seal", timedelta(seconds=1), actions.seal)
        registry.acts(Act)
        registry.register(keyring.KIND, keyring.snapshots, _("Key of the ledger"))
        registry.register(looks.BATCH, looks.snapshots, _("List of who read personal data"))
        menu.register(menu.Entry("verify", _("Is this paper genuine?"), 70, bar="foot"))
        menu.register(menu.Entry("ledger", _("The ledger of all acts"), 80, bar="foot"))
