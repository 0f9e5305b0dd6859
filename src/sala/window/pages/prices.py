"""What does this office charge? The board of fixed prices, to read and to hang on the wall."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from sala.kit import network
from sala.ui import jinja
from sala.window import prices, shown


def _address(request: HttpRequest, key: str) -> str:
    return network.absolute(request, jinja.url("hall-prices", key))


@require_safe
def board(request: HttpRequest, key: str) -> HttpResponse:
    """Everything the office takes in, with its price, days, papers and law."""
    found = prices.board(key)
    context = {
        "board": prices.record(found, address=_address(request, key)),
        "key": key,
        "sizes": [(size, jinja.url("hall-prices-pdf", key=key, size=size)) for size in prices.SIZES],
    }
    return render(request, "window/prices.html", {**context, **shown.frame(found.place)})


@require_safe
def printed(request: HttpRequest, key: str, size: str) -> HttpResponse:
    """The same on paper."""
    found = prices.board(key)
    made = prices.printed(found, size, address=_address(request, key))
    response = HttpResponse(made, content_type="application/pdf")
    name = f"prices-{found.office.code}-{size}-{jinja.lang()}.pdf"
    response.headers["Content-Disposition"] = content_disposition_header(False, name) or "inline"
    response.headers["Content-Language"] = jinja.lang()
    return response
