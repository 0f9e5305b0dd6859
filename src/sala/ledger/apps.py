"""Django's name for the room `ledger` and what it registers when the house opens."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "sala.ledger"
    label = "ledger"
