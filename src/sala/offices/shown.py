"""When is a hall open? Its hours and the days off that come next, in a sentence of the page's language."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from sala.kit import clock, khmer
from sala.kit.days import Calendar, Name
from sala.ui import jinja

SOON = timedelta(days=30)


def feasts(days: Iterable[tuple[date, Name]]) -> list[tuple[str, list[date]]]:
    """Days off that follow each other in the list under one name, as one: the name and its days."""
    groups: list[tuple[str, list[date]]] = []
    for day, names in days:
        called = jinja.name(names)
        if groups and groups[-1][0] == called:
            groups[-1][1].append(day)
        else:
            groups.append((called, [day]))
    return groups


def span(days: Sequence[date]) -> str:
    """The days of one feast: ``ថ្ងៃទី២៣–២៥ ខែវិច្ឆិកា`` or ``23–25 November``."""
    return khmer.date_span(days[0], days[-1], jinja.lang())


def week(calendar: Calendar) -> str:
    """The hours of a week, days with the same hours together: ``Monday to Friday, 7:30–11:30 am and 2:00–5:30 pm``."""
    runs: list[list[int]] = []
    for weekday in sorted(calendar.hours):
        if runs and runs[-1][-1] == weekday - 1 and calendar.hours[runs[-1][0]] == calendar.hours[weekday]:
            runs[-1].append(weekday)
        else:
            runs.append([weekday])
    return "; ".join(
        _("%(days)s, %(hours)s") % {"days": _weekdays(run), "hours": _hours(calendar, run[0])} for run in runs
    )


def _weekdays(run: list[int]) -> str:
    names = [khmer.weekday(date(2024, 1, 1) + timedelta(days=number), jinja.lang()) for number in run]
    if len(names) == 1:
        return names[0]
    return _("%(first)s to %(last)s") % {"first": names[0], "last": names[-1]}


def _hours(calendar: Calendar, weekday: int) -> str:
    spans = [khmer.hours(start, end, jinja.lang()) for start, end in calendar.hours[weekday]]
    text = spans[0]
    for more in spans[1:]:
        text = _("%(hours)s and %(more)s") % {"hours": text, "more": more}
    return text


def closed(calendar: Calendar, now: datetime) -> str:
    """The next feast of the coming 30 days on which the office stays closed, one under way included; else empty."""
    today = now.astimezone(calendar.zone).date()
    for called, days in feasts(calendar.uncounted(today - SOON, today + SOON)):
        if days[-1] >= today:
            return _("Closed on %(days)s: %(feast)s.") % {"days": span(days), "feast": called}
    return ""


def hours(calendar: Calendar) -> str:
    """The footer's sentence: the week, and the next days off."""
    opened = _("%(week)s.") % {"week": week(calendar)}
    return " ".join(part for part in (opened, closed(calendar, clock.now())) if part)
