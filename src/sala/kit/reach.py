"""Which rows does a verb extend over? A reach turned into a filter over the place and office columns of any table."""

from django.db.models import Q

from sala.kit.acting import Reach


def q(reach: Reach, prefix: str = "", office: str = "office") -> Q:
    """The filter for rows that carry ``province``, ``district``, ``commune`` and the office that holds them.

    ``prefix`` leads to those columns through a relation (``"request__"``); ``office`` names the office's column without
    ``_id`` (a foreign key or a UUID column both fit). An empty reach gives a filter that matches nothing, never everything.
    """
    if reach.everything:
        return Q()
    found = Q()
    for column, keys in (
        (office, reach.offices),
        ("province", reach.provinces),
        ("district", reach.districts),
        ("commune", reach.communes),
    ):
        wanted = sorted(
            (key for key in keys if key), key=str
        )  # "" is "no place here" on a row: it opens nothing
        if wanted:
            found |= Q(**{f"{prefix}{column}__in": wanted})
    return found or Q(**{f"{prefix}pk__in": []})
