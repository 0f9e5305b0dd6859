"""The command line: `sala ...`, one group a room, exit 0 done, 1 refused or failed, 2 wrong usage."""

import os
import sys

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sala")
def sala() -> None:
    """Sala runs public halls: one record, from the window to the ministry."""


def main() -> None:
    """Entry point of the command `sala`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")
    import django

    django.setup()
    sys.exit(sala.main(standalone_mode=True))
