"""Django's name for the room `accounts` and what it registers when the house opens."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "sala.accounts"
    label = "accounts"
