"""Which part of a long list is asked for, in which order? One object for the page, the API and the export."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import EnumMeta
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from sala.kit import clock, inputs
from sala.kit.errors import FieldError, Invalid
from sala.kit.inputs import Wrong

T = TypeVar("T")
COUNTED = 1000
PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
MAX_PAGE = 100_000
OWN = ("q", "sort", "page", "page_size")


@dataclass(frozen=True)
class Filter:
    """One thing a list can be narrowed by: the parameter's name, how its text is read, and what it means in the database.

    ``read`` turns one text into a value or raises `inputs.Wrong` with a sentence; ``where`` turns the values into a Q.
    ``choices`` are (value, label) for the page's select; ``schema`` says to programs which texts ``read`` takes.
    """

    name: str
    label: Any
    read: Callable[[str], Any]
    where: Callable[[Sequence[Any]], Q]
    kind: str = "text"
    choices: tuple[tuple[str, Any], ...] = ()
    several: bool = False
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})


def choice(name: str, column: str, choices: Any, label: Any = "", *, several: bool = True) -> Filter:
    """By one (or several, repeated or with commas) of the ``choices``: a Term enumeration or pairs (value, label)."""
    if isinstance(choices, EnumMeta):
        members: list[Any] = list(choices)
        pairs = tuple((str(member.value), _(str(getattr(member, "en", member.name)))) for member in members)
    else:
        pairs = tuple((str(value), text) for value, text in choices)
    known = {value for value, _text in pairs}

    def read(text: str) -> str:
        if text not in known:
            raise Wrong(
                "unknown",
                format_lazy(_("“{value}” is not one of the values of this filter."), value=text[:40]),
            )
        return text

    def where(values: Sequence[Any]) -> Q:
        return Q(**{column: values[0]}) if len(values) == 1 else Q(**{f"{column}__in": list(values)})

    schema = {"type": "string", "enum": sorted(known)}
    return Filter(name, label or _("State"), read, where, "choice", pairs, several, schema)


def place(name: str = "place", prefix: str = "", label: Any = "", *, villages: bool = True) -> Filter:
    """By a place and what lies in it: a gazetteer code of 2, 4, 6 or 8 digits, on the columns province ... village.

    Without ``villages`` the rows know no village: nothing lies in one.
    """
    levels = {2: "province", 4: "district", 6: "commune", 8: "village"}

    def where(values: Sequence[Any]) -> Q:
        code = str(values[0])
        level = levels[len(code.partition("-")[0])]
        return Q(**{prefix + level: code}) if villages or level != "village" else Q(pk__in=[])

    return Filter(name, label or _("Place"), inputs.place_code, where, "place", schema=inputs.PLACE)


def day_from(column: str = "created", name: str = "from", label: Any = "", *, dates: bool = False) -> Filter:
    """From a day on, that day included. ``dates``: the column is a date, not a moment."""

    def where(values: Sequence[Any]) -> Q:
        return Q(**{f"{column}__gte": values[0] if dates else _midnight(values[0])})

    return Filter(name, label or _("From"), inputs.day, where, "date", schema=inputs.DAY)


def day_to(column: str = "created", name: str = "to", label: Any = "", *, dates: bool = False) -> Filter:
    """Until a day, that day included."""

    def where(values: Sequence[Any]) -> Q:
        if dates:
            return Q(**{f"{column}__lte": values[0]})
        return Q(**{f"{column}__lt": _midnight(values[0] + timedelta(days=1))})

    return Filter(name, label or _("To"), inputs.day, where, "date", schema=inputs.DAY)


def text(name: str, column: str, label: Any, *, lookup: str = "", longest: int = 200) -> Filter:
    """By an exact text, or with another ``lookup`` (``istartswith``)."""
    path = f"{column}__{lookup}" if lookup else column
    schema = {"type": "string", "maxLength": longest}
    return Filter(
        name,
        label,
        lambda typed: inputs.line(typed, longest),
        lambda v: Q(**{path: v[0]}),
        "text",
        schema=schema,
    )


def uuid(name: str, column: str, label: Any) -> Filter:
    """By the id of a record."""
    return Filter(name, label, inputs.uuid, lambda v: Q(**{column: v[0]}), "uuid", schema=inputs.ID)


def flag(name: str, when: Q, label: Any) -> Filter:
    """By a yes or no: ``1``/``true`` keeps what fulfils ``when``, ``0``/``false`` what does not."""
    return Filter(name, label, inputs.flag, lambda v: when if v[0] else ~when, "flag", schema=inputs.FLAG)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.zone())


@dataclass(frozen=True)
class Sort:
    """An order a list offers: the columns, most telling first. ``nulls_last`` where the first one may be empty."""

    columns: tuple[str, ...]
    nulls_last: bool = False


@dataclass(frozen=True)
class ListSpec:
    """What a list offers. ``sorts`` maps the name in ``sort=`` to columns (or names columns by themselves); ``search`` turns
    the normalised words of ``q`` into a Q; ``keep`` names further parameters the page itself reads."""

    filters: tuple[Filter, ...] = ()
    sorts: Mapping[str, str | tuple[str, ...] | Sort] | Sequence[str] = ("created",)
    search: Callable[[str], Q] | None = None
    default_sort: str = "-created"
    page_size: int = PAGE_SIZE
    keep: tuple[str, ...] = ()

    def sort(self, name: str) -> Sort | None:
        """The order called ``name`` (without sign), or None."""
        if not isinstance(self.sorts, Mapping):
            return Sort((name,)) if name in self.sorts else None
        given = self.sorts.get(name)
        if given is None or isinstance(given, Sort):
            return given
        return Sort((given,) if isinstance(given, str) else tuple(given))


@dataclass(frozen=True)
class Active:
    """A filter in force: its parameter, label, typed values and the link without it."""

    name: str
    label: Any
    values: tuple[str, ...]
    without: str


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. ``count`` is exact up to 1,000; beyond it is 1000 and ``more`` is true."""

    results: Sequence[T]
    count: int
    more: bool
    number: int
    size: int
    next: str | None
    previous: str | None

    @property
    def first(self) -> int:
        """Number of the first row shown; 0 where none is."""
        return (self.number - 1) * self.size + 1 if self.results else 0

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return (self.number - 1) * self.size + len(self.results)

    @property
    def pages(self) -> int:
        """How many pages are counted (a lower bound where ``more``)."""
        return max(1, -(-self.count // self.size))


@dataclass(frozen=True)
class Listing:
    """What was asked for. ``errors`` says what could not be understood; such a listing shows nothing rather than too much."""

    spec: ListSpec
    params: QueryDict
    q: str = ""
    values: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    sort: str = ""
    page: int = 1
    page_size: int = PAGE_SIZE
    errors: tuple[FieldError, ...] = ()
    path: str = ""

    @classmethod
    def of(cls, params: QueryDict, spec: ListSpec, *, strict: bool = False, path: str = "") -> "Listing":
        """Read the parameters of a URL.

        A page (not ``strict``) keeps unknown parameters in its links and tells wrong values in ``errors``, and a field left
        empty is none; the API and the export (``strict``) raise `Invalid` with all field errors, also for unknown,
        repeated and empty parameters (an empty text is none).
        """
        errors: list[FieldError] = []
        values: dict[str, tuple[Any, ...]] = {}
        for each in spec.filters:
            typed = _typed(params, each.name, blank=strict and each.kind != "text")
            if each.several:
                typed = [part for text_ in typed for part in text_.split(",") if part or strict]
            elif len(typed) > 1:
                errors.append(FieldError(each.name, "repeated", _("Give this parameter once.")))
                typed = typed[:1]
            try:
                read = tuple(each.read(text_) for text_ in typed)
            except Wrong as wrong:
                errors.append(FieldError(each.name, wrong.code, wrong.message))
                continue
            if read:
                values[each.name] = read
        if "from" in values and "to" in values and values["from"][0] > values["to"][0]:
            errors.append(
                FieldError("to", "before-from", _("The last day must not lie before the first one."))
            )
        q = _single(params, "q", lambda typed: inputs.line(typed, 200), "", errors, blank=False)
        if q and spec.search is None and strict:
            errors.append(FieldError("q", "unknown", _("This list can't be searched.")))
        sort = _single(
            params, "sort", lambda typed: _sort(typed, spec), spec.default_sort, errors, blank=strict
        )
        page = _single(
            params, "page", lambda typed: inputs.whole(typed, 1, MAX_PAGE), 1, errors, blank=strict
        )
        size = _single(
            params,
            "page_size",
            lambda typed: inputs.whole(typed, 1, MAX_PAGE_SIZE),
            spec.page_size,
            errors,
            blank=strict,
        )
        if strict:
            known = {*OWN, *spec.keep, *(each.name for each in spec.filters)}
            errors += [
                FieldError(name, "unknown-parameter", _("This parameter is not known here."))
                for name in params
                if name not in known
            ]
            if errors:
                raise Invalid(
                    _("The list can't be given: something in the address is not right."), errors=errors
                )
        return cls(spec, params, q, values, sort, page, size, tuple(errors), path)

    def filter(self) -> Q:
        """The search and all filters as one Q; nothing where the asking has errors."""
        if self.errors:
            return Q(pk__in=[])
        found = self.spec.search(self.q) if self.q and self.spec.search else Q()
        for each in self.spec.filters:
            if each.name in self.values:
                found &= each.where(self.values[each.name])
        return found

    def order(self) -> list[Any]:
        """For ``order_by``; ends with the primary key in the same direction, so that no row is shown twice or never."""
        down = self.sort.startswith("-")
        sort = self.spec.sort(self.sort.lstrip("-"))
        columns = sort.columns if sort else ()
        first: list[Any] = [
            ("-" if down != column.startswith("-") else "") + column.lstrip("-") for column in columns
        ]
        if sort and sort.nulls_last:
            by = F(columns[0].lstrip("-"))
            first[0] = by.desc(nulls_last=True) if first[0].startswith("-") else by.asc(nulls_last=True)
        return [*first, "-pk" if down else "pk"]

    def apply(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filtered and sorted, all pages: for exports."""
        return queryset.filter(self.filter()).order_by(*self.order())

    def slice(self, queryset: QuerySet[Any]) -> Page[Any]:
        """Filtered, sorted and cut to the page asked for: two queries, one where everything fits on the first page."""
        found = self.apply(queryset)
        start = (self.page - 1) * self.page_size
        rows = list(found[start : start + self.page_size + 1])
        if len(rows) <= self.page_size and (rows or self.page == 1):
            return self.filled(rows, start + len(rows))
        return self.filled(rows, found.order_by()[: COUNTED + 1].count())

    def cut(self, rows: Sequence[T]) -> Page[T]:
        """The page asked for of a list in memory that is filtered and sorted already."""
        start = (self.page - 1) * self.page_size
        return self.filled(list(rows[start : start + self.page_size + 1]), len(rows))

    @property
    def whole(self) -> bool:
        """Whether the first page of the list is asked for, not narrowed, in its own order."""
        return not (self.errors or self.q or self.values) and (self.sort, self.page) == (
            self.spec.default_sort,
            1,
        )

    def filled(self, rows: list[T], count: int) -> Page[T]:
        """The page with these ``rows``, one more than it shows where there are more; ``count`` up to 1,001."""
        further = len(rows) > self.page_size
        return Page(
            results=rows[: self.page_size],
            count=min(count, COUNTED),
            more=count > COUNTED,
            number=self.page,
            size=self.page_size,
            next=self.link(page=self.page + 1) if further and self.page < MAX_PAGE else None,
            previous=self.link(page=self.page - 1) if self.page > 1 else None,
        )

    def typed(self, name: str) -> str:
        """What stands in the URL for ``name``, for the form's field."""
        return self.params.get(name, "")

    def typed_list(self, name: str) -> list[str]:
        """All of it where a filter takes several."""
        return [part for value in self.params.getlist(name) for part in value.split(",") if part]

    def error(self, name: str) -> Any:
        """The sentence about ``name``, or an empty text."""
        return next((error.message for error in self.errors if error.field == name), "")

    def link(self, **changes: Any) -> str:
        """The same list with ``changes`` (None drops a parameter); every change but ``page`` goes back to page 1."""
        params = self.params.copy()
        if "page" not in changes:
            params.pop("page", None)
        for name, value in changes.items():
            if value is None or (name == "page" and value == 1):
                params.pop(name, None)
            else:
                params[name] = str(value)
        return f"{self.path}?{urlencode(sorted(_flat(params)))}" if params else self.path or "?"

    def sort_link(self, name: str) -> str:
        """Sort by ``name``; a second time turns it round."""
        return self.link(sort=f"-{name}" if self.sort == name else name)

    def sort_state(self, name: str) -> str:
        """For ``aria-sort``: ascending, descending or none."""
        return {name: "ascending", f"-{name}": "descending"}.get(self.sort, "none")

    def export_link(self, kind: str, path: str = "") -> str:
        """The same filter as a file: ``path`` (default: this one) with the ending ``.csv``, ``.xlsx`` or ``.json``."""
        query = urlencode(
            sorted((name, value) for name, value in _flat(self.params) if name not in ("page", "page_size"))
        )
        return f"{path or self.path}.{kind}{'?' + query if query else ''}"

    @property
    def active(self) -> list[Active]:
        """The filters in force, each with the link that takes it away."""
        found = [
            Active(each.name, each.label, tuple(self.typed_list(each.name)), self.link(**{each.name: None}))
            for each in self.spec.filters
            if each.name in self.values
        ]
        return ([Active("q", _("Search"), (self.q,), self.link(q=None))] if self.q else []) + found

    def hidden(self, *without: str) -> list[tuple[str, str]]:
        """Name and value of the parameters a form must carry on, except those ``without`` that are its own fields."""
        return [(name, value) for name, value in _flat(self.params) if name not in (*without, "page")]


def _flat(params: QueryDict) -> list[tuple[str, str]]:
    return [(name, str(value)) for name in params for value in params.getlist(name) if value != ""]


def _typed(params: QueryDict, name: str, *, blank: bool) -> list[str]:
    return [value for value in params.getlist(name) if blank or value.strip()]


def _single(
    params: QueryDict,
    name: str,
    read: Callable[[str], T],
    default: T,
    errors: list[FieldError],
    *,
    blank: bool,
) -> T:
    typed = _typed(params, name, blank=blank)
    if len(typed) > 1:
        errors.append(FieldError(name, "repeated", _("Give this parameter once.")))
    try:
        return read(typed[0]) if typed else default
    except Wrong as wrong:
        errors.append(FieldError(name, wrong.code, wrong.message))
        return default


_SORT = re.compile(r"-?[a-z_]{1,40}")


def _sort(typed: str, spec: ListSpec) -> str:
    if not _SORT.fullmatch(typed) or spec.sort(typed.lstrip("-")) is None:
        raise Wrong("unknown", format_lazy(_("This list can't be sorted by “{value}”."), value=typed[:40]))
    return typed
