"""Django's name for the room `accounts` and what it registers when the house opens."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "sala.accounts"
    label = "accounts"

    def ready(self) -> None:
        """The pack's part, the verbs of the rooms below and its own, and what the ledger verifies."""
        from sala.accounts import bulk, queries, verbs
        from sala.accounts.terms import Verb
        from sala.installation import packs
        from sala.kit.terms import N_
        from sala.ledger import registry
        from sala.offices.terms import Verb as OfficesVerb

        verbs.register("offices", OfficesVerb)
        verbs.register("accounts", Verb)
        packs.register("accounts", 30, bulk.load)
        registry.register(queries.GRANTS, queries.grant_snapshots, N_("Permissions of a post"))
        registry.register(queries.ACCOUNT, queries.account_snapshots, N_("Account"))
