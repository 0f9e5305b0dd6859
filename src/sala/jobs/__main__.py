"""`python -m sala.jobs`: a worker and nothing else, as `sala serve` starts it."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")
django.setup()

from sala.jobs import loop  # noqa: E402 - rooms can be imported only now

loop.main()
