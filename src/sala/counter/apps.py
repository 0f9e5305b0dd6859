"""Django's name for the room `counter` and what it registers when the house opens."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from sala.kit.terms import N_


class CounterConfig(AppConfig):
    name = "sala.counter"
    label = "counter"

    def ready(self) -> None:
        """Register verbs, acts and the kind of ledger record."""
        from sala.accounts import verbs
        from sala.counter import queries
        from sala.counter.terms import LedgerAct, Verb
        from sala.ledger import registry as ledger

        verbs.register("counter", Verb, label=_("Counter"))
        ledger.acts(LedgerAct)
        ledger.name_act(Verb.ISSUE, N_("Queue ticket given out"))
        ledger.register(queries.TICKET, queries.snapshots, _("Queue ticket"))
