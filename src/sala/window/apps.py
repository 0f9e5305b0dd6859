"""Django's name for the room `window` and what it registers when the house opens."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from sala.kit.terms import N_


class WindowConfig(AppConfig):
    name = "sala.window"
    label = "window"

    def ready(self) -> None:
        """Register verbs, the pack's loader, kinds of ledger records and of files, notices, the job and the menu."""
        from sala.accounts import verbs
        from sala.files import registry as files
        from sala.installation import packs, retention
        from sala.jobs import registry as jobs
        from sala.ledger import registry as ledger
        from sala.measures import registry as figures
        from sala.notices import registry as notices
        from sala.offices import registry as offices
        from sala.places import links
        from sala.ui import menu
        from sala.ui.jinja import url
        from sala.window import (
            escalating,
            gaps,
            held,
            letters,
            loading,
            looking,
            measures,
            phrases,
            public,
            queries,
            routes,
            snapshots,
            staff,
            steps,
            subtasks,
            tasks,
        )
        from sala.window.terms import Act, LedgerAct, Verb

        verbs.register(
            "window",
            Verb,
            resident=(Verb.REPORT, Verb.FOLLOW, Verb.RATE),
            label=_("One window"),
            recent=(Verb.ERASE,),
        )
        ledger.acts(LedgerAct)
        packs.register("window", 40, loading.load)
        ledger.name_act(Verb.RECEIVE, N_("Request received"))  # whether at the counter or from a resident
        ledger.register(steps.REQUEST, snapshots.requests, _("Request"))
        ledger.check(steps.REQUEST, gaps.missing)
        ledger.register(steps.CONTACT, snapshots.contacts, _("Contact of a request"))
        ledger.register(steps.KEY, public.key_snapshots, _("Key for Open311"))
        ledger.register(steps.RATING, snapshots.ratings, _("Rating of a request"))
        ledger.register(loading.OFFER, loading.offer_snapshots, _("Service changed here"))
        ledger.register(loading.SERVICE, loading.snapshots, _("Service of the catalogue"))
        figures.declare(*measures.MEASURES, facts=measures.facts, opener=measures.opener)
        files.register(steps.REQUEST, looking.may_open_file)
        offices.on_holiday("window", tasks.recount)
        retention.register(
            "window.contact",
            N_("What residents told, and how to reach them, of requests that are over"),
            1825,
            queries.over,
            tasks.erase_over,
        )
        packs.register("window answers", 41, phrases.load)
        ledger.register(phrases.PHRASE, phrases.snapshots, _("Ready answer"))
        ledger.register(subtasks.SUBTASK, subtasks.snapshots, _("Sub-task"))
        ledger.register(routes.RULE, routes.snapshots, _("Routing rule"))
        ledger.register(escalating.ESCALATION, escalating.snapshots, _("Late request told"))
        jobs.register("window.close", timedelta(minutes=10), tasks.close_due)
        jobs.register("window.escalate", timedelta(minutes=5), tasks.escalate_due)
        jobs.register("window.moved", timedelta(seconds=5), tasks.tell_moved)
        for kind, label in (
            (letters.KINDS[Act.RECEIVE], N_("Request received")),
            (letters.KINDS[Act.ASK], N_("Question to the applicant")),
            (letters.KINDS[Act.ANSWER], N_("Answer to the applicant")),
            (letters.KINDS[Act.FINISH], N_("Request done")),
            (letters.KINDS[Act.REFUSE], N_("Request refused")),
            (letters.KINDS[Act.FORWARD], N_("Request forwarded")),
            (letters.KINDS[Act.RETURN], N_("Request sent back")),
            (letters.KINDS[Act.REOPEN], N_("Request opened again")),
            (letters.KINDS[Act.JOIN], N_("Report joined with others")),
            (letters.KINDS[Act.PART], N_("Report taken apart from others")),
            (letters.KINDS[Act.SECOND], N_("Second matter split off")),
            (letters.KINDS[Act.SETTLE], N_("Answer to what was asked to be corrected")),
            (letters.LINKED, N_("Telegram linked")),
            (letters.MOVED, N_("Deadline moved by a holiday")),
            (held.HELD, N_("What is held about the applicant")),
            *staff.KINDS.items(),
        ):
            notices.register(kind, label)
        notices.link(steps.REQUEST, letters.greet)
        levels = ("province", "district", "commune")
        links.register(
            links.Link("hall", 10, _("The hall of this place"), levels, lambda key: url("hall", key))
        )
        menu.register(menu.Entry("services", _("List of services"), 10, bar="foot"))
        menu.register(menu.Entry("work", _("Work queue"), 10, Verb.SEE))
        menu.register(menu.Entry("work-escalated", _("Escalated to us"), 12, Verb.ESCALATED))
        menu.register(menu.Entry("work-services", _("Services"), 30, Verb.EDIT_SERVICES))
        menu.register(menu.Entry("work-messages", _("Messages"), 15, Verb.RESEND))
        menu.register(menu.Entry("work-comments", _("Comments"), 16, Verb.SCREEN))
