"""What every page's frame needs to know."""
from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, object]:
    return {}
