"""Django's name for the room `counter` and what it registers when the house opens."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from sala.kit.terms import N_


class CounterConfig(AppConfig):
    name = "sala.counter"
    label = "counter"

    def ready(self) -> None:
        """Register verbs, acts, the kinds of ledger record, measures, the job and the menu."""
        from sala.accounts import verbs
        from sala.counter import measures, papers, queries, tasks, till
        from sala.counter.terms import LedgerAct, Verb
        from sala.jobs import registry as jobs
        from sala.ledger import papers as signed
        from sala.ledger import registry as ledger
        from sala.measures import registry as figures
        from sala.ui import menu

        verbs.register("counter", Verb, label=_("Counter"))
        ledger.acts(LedgerAct)
        ledger.name_act(Verb.ISSUE, N_("Queue ticket given out"))
        ledger.name_act(Verb.KIOSK, N_("Kiosk link made"))
        ledger.register(queries.TICKET, queries.snapshots, _("Queue ticket"))
        ledger.register(queries.KIOSK, queries.kiosk_snapshots, _("Kiosk link"))
        ledger.name_act(Verb.CASH, N_("Fee taken"))
        ledger.name_act(Verb.CLOSE, N_("Cash box closed"))
        ledger.register(till.LINE, till.line_snapshots, _("Line of a cash book"))
        ledger.register(till.CLOSING, till.closing_snapshots, _("Closing of a cash box"))
        ledger.check(till.CLOSING, till.faults)
        signed.register(papers.RECEIPT, _("Receipt for a fee"), papers.shown, papers.ended)
        figures.declare(*measures.MEASURES, facts=measures.facts, opener=measures.opener)
        jobs.register("counter.end_day", timedelta(minutes=30), tasks.end_day)
        menu.register(menu.Entry("counter", _("Counter"), 12, Verb.SERVE))
        menu.register(menu.Entry("counter-cash", _("Cash box"), 13, Verb.CASH))
        menu.register(menu.Entry("counter-kiosks", _("Kiosk and screen"), 14, Verb.KIOSK))
