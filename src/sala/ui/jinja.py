"""The templates' environment: filters, globals, translation."""
from typing import Any

from jinja2 import Environment


def environment(**options: Any) -> Environment:
    return Environment(extensions=["jinja2.ext.i18n"], **options)
