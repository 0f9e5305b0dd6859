"""What do templates know? Their environment: translation, addresses, and how values are written in the page's language."""

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from django.middleware.csrf import get_token
from django.template.backends.jinja2 import Jinja2
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from jinja2 import Environment
from markupsafe import Markup, escape

from sala.kit import clock, khmer
from sala.kit.terms import Term
from sala.ui import charts, icons, wordmark


def lang() -> str:
    """The page's language: ``km`` or ``en``."""
    return "en" if (translation.get_language() or "km").startswith("en") else "km"


@lru_cache(maxsize=4096)
def _said(language: str | None, message: str) -> str:
    return translation.gettext(message)


def said(message: str) -> str:
    """A template's text in the page's language, looked up once: a page holds a hundred of them."""
    return _said(translation.get_language(), message)


def url(route: str, *args: Any, **kwargs: Any) -> str:
    """The address of a page in the page's language; ``query`` adds a query string from a mapping."""
    query: Mapping[str, Any] | None = kwargs.pop("query", None)
    address = reverse(route, args=args or None, kwargs=kwargs or None)
    if query:
        from django.utils.http import urlencode

        kept = {key: value for key, value in query.items() if value not in (None, "")}
        address += "?" + urlencode(kept, doseq=True) if kept else ""
    return address


def missing() -> Markup:
    """How the frame writes that a value is not there: a dash, and words for those who listen."""
    return Markup('<span aria-hidden="true">–</span><span class="vh">{}</span>').format(
        translation.gettext("No data")
    )


def term(value: Any) -> str:
    """A member of an enumeration in the page's language."""
    if value is None or value == "":
        return missing()
    return translation.gettext(value.en if isinstance(value, Term) else str(value))


def name(value: Any) -> str:
    """The name of a thing with ``name_km`` and ``name_en``, or of a mapping with ``km`` and ``en``."""
    if not value:
        return ""
    if isinstance(value, str):
        return value
    here, other = ("km", "en") if lang() == "km" else ("en", "km")
    if isinstance(value, Mapping):
        return str(value.get(here) or value.get(other) or "")
    return str(getattr(value, f"name_{here}", "") or getattr(value, f"name_{other}", ""))


def number(value: Any, decimals: int = 0) -> str:
    """A number in a sentence."""
    return missing() if value is None else khmer.number(value, lang(), decimals)


def figure(value: Any, decimals: int = 0) -> str:
    """A number in a column."""
    return missing() if value is None else khmer.figure(value, decimals)


def percent(value: Any, decimals: int = 1) -> str:
    """A share of 1 as per cent."""
    return missing() if value is None else khmer.percent(value, lang(), decimals)


def money(value: Any) -> str:
    """Whole riel."""
    return missing() if value is None else khmer.money(value, lang())


def digits(value: Any) -> str:
    """A text whose digits follow the page's language (ordinals, short counts)."""
    return missing() if value is None else khmer.digits(value, lang())


def _day(value: date | datetime) -> date:
    return value.astimezone(clock.zone()).date() if isinstance(value, datetime) else value


def date_long(value: date | datetime | None, year: bool = True, week: bool = True) -> str:
    """A date in a sentence, with its weekday."""
    return missing() if value is None else khmer.date_long(_day(value), lang(), year=year, week=week)


def date_short(value: date | datetime | None, year: bool = True) -> str:
    """A date in a table."""
    return missing() if value is None else khmer.date_short(_day(value), lang(), year=year)


def month(value: date | datetime | None) -> str:
    """A month with its year."""
    return missing() if value is None else khmer.month(_day(value), lang())


def moment(value: datetime | None, staff: bool = False, year: bool = True) -> str:
    """A day and hour in the country's time zone."""
    return (
        missing()
        if value is None
        else khmer.moment(value.astimezone(clock.zone()), lang(), staff=staff, year=year)
    )


def clock_time(value: time | datetime | None, staff: bool = False) -> str:
    """An hour of the day."""
    if value is None:
        return missing()
    at = value.astimezone(clock.zone()).time() if isinstance(value, datetime) else value
    return khmer.clock_time(at, lang(), staff=staff)


def when(value: datetime | None, staff: bool = False, year: bool = True) -> str:
    """A moment as a ``<time>`` element."""
    if value is None:
        return missing()
    machine = value.astimezone(clock.zone()).isoformat(timespec="minutes")
    return Markup('<time datetime="{}">{}</time>').format(machine, moment(value, staff, year))


def lines(value: Any) -> Markup:
    """A text of several lines, each line break kept."""
    return Markup("<br>").join(escape(line) for line in str(value or "").splitlines())


def csrf(request: Any) -> Markup:
    """The hidden field every POST form carries: the same in all forms of one answer, another in every answer."""
    made: Markup | None = getattr(request, "_sala_csrf", None)
    if made is None:
        field = Markup('<input type="hidden" name="csrfmiddlewaretoken" value="{}">')
        request._sala_csrf = made = field.format(get_token(request))
    return made


FILTERS = {
    "term": term,
    "name": name,
    "number": number,
    "figure": figure,
    "percent": percent,
    "money": money,
    "digits": digits,
    "date_long": date_long,
    "date_short": date_short,
    "month": month,
    "moment": moment,
    "clock_time": clock_time,
    "when": when,
    "lines": lines,
}


class Engine(Jinja2):
    """Django's Jinja2 engine that looks into the rooms' folders `templates`."""

    app_dirname = "templates"


def environment(**options: Any) -> Environment:
    """The environment, for Django's setting TEMPLATES."""
    made = Environment(  # noqa: S701 - Django's engine passes autoescape
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,  # else `{{ 0|money }}` is written once, in the language of the first reader
        **options,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(  # type: ignore[attr-defined]
        said,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    made.filters.update(FILTERS)
    made.globals.update(
        url=url,
        static=static,
        icon=icons.icon,
        TAG_ICONS=icons.TAG_ICONS,
        MARK=icons.MARK,
        WORD=wordmark.WORD,
        csrf=csrf,
        missing=missing,
        page_language=lang,
        month_name=khmer.month_name,
        share_bar=charts.share_bar,
    )
    return made
