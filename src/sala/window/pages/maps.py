"""Which picture does a resident touch to say where it is? The commune among its neighbours, and what a touch means."""

from decimal import Decimal
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sala.kit.errors import NotFound
from sala.places import queries as places
from sala.ui import jinja
from sala.window import point


@lru_cache(maxsize=256)
def around(key: str) -> tuple[tuple[str, str], ...]:
    """Key and geometry of the communes of the district of ``key``; borders are of one year and don't change."""
    unit = places.unit(key)
    if unit is None or unit.level != "commune":
        return ()
    return tuple((one.key, geometry) for one, geometry, *_rest in places.features("commune", unit.district))


def geometry(key: str) -> str:
    """The commune's own geometry; empty where none is known."""
    return next((text for one, text in around(key) if one == key), "")


def touched(key: str, typed_x: str, typed_y: str) -> tuple[Decimal, Decimal] | None:
    """Latitude and longitude of the pixel that was touched; None where none was."""
    own = geometry(key)
    try:
        x, y = int(typed_x), int(typed_y)
    except ValueError:
        return None
    if not own or not (0 <= x <= point.SIZE and 0 <= y <= point.SIZE):
        return None
    latitude, longitude = point.frame(own).degrees(x, y)
    fine = Decimal("0.00001")
    return Decimal(latitude).quantize(fine), Decimal(longitude).quantize(fine)


def _mark(typed: str) -> tuple[float, float] | None:
    parts = typed.split(",")
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError:
        return None
    return (latitude, longitude) if -90 <= latitude <= 90 and -180 <= longitude <= 180 else None


@require_safe
def commune_map(request: HttpRequest, key: str) -> HttpResponse:
    """The picture; ``at=latitude,longitude`` marks a point."""
    own = geometry(key)
    if not own:
        raise NotFound(_("There is no map of this place."))
    names = places.names(one for one, _text in around(key))
    drawn = point.picture(
        own, [(jinja.name(names[one]), text) for one, text in around(key)], _mark(request.GET.get("at", ""))
    )
    response = HttpResponse(drawn, content_type="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
