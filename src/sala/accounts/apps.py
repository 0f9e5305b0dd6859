"""Django's name for the room `accounts` and what it registers when the house opens."""

from datetime import timedelta

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "sala.accounts"
    label = "accounts"

    def ready(self) -> None:
        """The pack's part, the verbs of the rooms below and its own, and what the ledger verifies."""
        from django.utils.translation import gettext_lazy

        from sala.accounts import actions, bulk, queries, verbs
        from sala.accounts.terms import Act, Verb
        from sala.installation import packs
        from sala.jobs import registry as jobs
        from sala.kit.terms import N_
        from sala.ledger import registry
        from sala.offices.terms import Verb as OfficesVerb
        from sala.places.terms import Verb as PlacesVerb
        from sala.ui import menu

        verbs.register("places", PlacesVerb, label=N_("Places"))
        verbs.register("offices", OfficesVerb, label=N_("Offices and posts"), recent=[OfficesVerb.APPOINT])
        verbs.register("accounts", Verb, label=N_("Accounts"), recent=[Verb.OPEN])
        registry.acts(Act)
        jobs.register("accounts.clear", timedelta(hours=1), actions.clear_expired)
        packs.register("accounts", 30, bulk.load)
        registry.register(queries.GRANTS, queries.grant_snapshots, N_("Permissions of a post"))
        registry.register(queries.ACCOUNT, queries.account_snapshots, N_("Account"))
        registry.register(queries.TOKEN, queries.token_snapshots, N_("Token of a program"))
        registry.register(queries.FACTOR_KIND, queries.factor_snapshots, N_("Second factor"))
        registry.register(queries.INVITATION, queries.invitation_snapshots, N_("Invitation"))
        registry.register(queries.LINK, queries.link_snapshots, N_("Sign-in of the provider"))
        menu.register(menu.Entry("accounts", gettext_lazy("Accounts"), 70, Verb.OPEN))
        menu.register(menu.Entry("powers", gettext_lazy("Permissions"), 80))
        menu.register(menu.Entry("account", gettext_lazy("My account"), 90))
        menu.register(menu.Entry("powers", gettext_lazy("Who may do what"), 60, bar="foot"))
        menu.register(menu.Entry("sign-in", gettext_lazy("Sign in for officials"), 90, bar="foot"))
