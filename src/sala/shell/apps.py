"""Django's name for the room `shell` and what it registers when the house opens."""

from django.apps import AppConfig
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from sala.kit.errors import Problem


def show(request: HttpRequest, problem: Problem) -> HttpResponseBase:
    """`problems.show`, imported when there is a problem: it brings the whole API, which no command needs to start."""
    from sala.shell import problems

    return problems.show(request, problem)


class ShellConfig(AppConfig):
    name = "sala.shell"
    label = "shell"

    def ready(self) -> None:
        """Middlewares on the floors below show their problems as the house does."""
        from sala.installation import queries as installation
        from sala.kit import bounds
        from sala.kit.terms import N_
        from sala.ledger import registry as ledger
        from sala.shell import serve

        bounds.register(show)
        serve.register_jobs()
        ledger.register(
            "installation.restoration", installation.restoration_snapshots, _("Restoration from a backup")
        )
        ledger.name_act("installation.erase", N_("Erased what had been kept long enough"))
        ledger.name_act("installation.new_secret", N_("The server's secret was changed"))
        ledger.name_act("installation.restore", N_("Restored from a backup with faults"))
