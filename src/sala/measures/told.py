"""How do programs and files read a figure? Names in both languages, codes, unrounded values, licence, a demonstration's mark."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from sala.installation import queries as installation
from sala.measures import queries, rules
from sala.measures.rules import Measure, Total
from sala.places import queries as places

OPEN_LICENCE = "CC BY 4.0"


def mark() -> str | None:
    """What exports of a demonstration carry."""
    return _("Demonstration data: no real person or event") if installation.is_demonstration() else None


def licence(one: Measure) -> str:
    """The licence of a measure's figures: that of their source, else the open one."""
    return one.origin.licence if one.origin else OPEN_LICENCE


def described(one: Measure) -> dict[str, Any]:
    """A measure as the API says it."""
    return {
        "code": one.code,
        "name": one.name.as_dict(),
        "group": one.group.as_dict(),
        "what": one.what.as_dict(),
        "rule": one.rule.as_dict(),
        "rule_version": one.rule_version,
        "unit": one.unit.value,
        "direction": one.direction.value,
        "aggregation": one.aggregation.value,
        "periods": [kind.value for kind in one.periods],
        "numerator": one.part.as_dict() if one.part else None,
        "denominator": one.whole.as_dict() if one.whole else None,
        "goal": float(one.goal) if one.goal is not None else None,
        "source": {
            "title": one.origin.title.as_dict(),
            "publisher": one.origin.publisher.as_dict(),
            "year": one.origin.year,
            "licence": one.origin.licence,
            "url": one.origin.url,
        }
        if one.origin
        else None,
    }


def serialised(rows: Sequence[Total]) -> list[dict[str, Any]]:
    """Figures as the API says them."""
    names = places.names([row.place for row in rows if row.place])
    country = places.title("")
    found = []
    for row in rows:
        one = queries.measure(row.measure)
        unit = places.unit(row.place) if row.place else None
        found.append(
            {
                "measure": row.measure,
                "place": unit.code if unit else "",
                "name": names.get(row.place) or country,
                "level": row.level,
                "period": row.period,
                "value": _number(rules.exact(row, one)),
                "numerator": _number(row.numerator),
                "denominator": _number(row.denominator),
                "count": row.count,
                "rule_version": one.rule_version,
                "licence": licence(one),
            }
        )
    return found


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
