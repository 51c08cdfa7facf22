"""Calendars: when a team works, on which days it does not, and from when on that holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.business_time import MINUTES_OF_A_DAY, BusinessTime, Day, Week
from domain.event import Event
from domain.identity import CalendarId, fit
from domain.occasion import Occasion
from domain.refusal import Refusal
from domain.schedule import held_at, held_from

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
OF_THE_MACHINE = frozenset({"localtime", "posixrules", "Factory"})
"""Files beside the zones that are no names of zones, and tell another time on another machine."""
MOST_DAYS = 2_000
"""As many days as one event may except: a long file of holidays has a few hundred."""


@dataclass(frozen=True)
class ExceptedDay:
    """A day on which other hours hold than in other weeks."""

    day: date
    hours: Day = ()
    """None on a holiday."""
    called: str | None = None
    """`christmas-day`: why it is another day than others."""


@dataclass(frozen=True, kw_only=True)
class CalendarSet(Event):
    """From an instant on these are the working hours; what was decided by earlier ones stays as it is."""

    calendar: CalendarId
    zone: str
    """A name of the IANA time zone database."""
    week: Week
    effective_from: datetime


@dataclass(frozen=True, kw_only=True)
class DaysExcepted(Event):
    """On these days other hours hold: holidays, and days that are shorter or longer."""

    calendar: CalendarId
    days: tuple[ExceptedDay, ...]


@dataclass(frozen=True, kw_only=True)
class DaysRestored(Event):
    """These days are days like others again."""

    calendar: CalendarId
    days: tuple[date, ...]


CalendarEvent = CalendarSet | DaysExcepted | DaysRestored


@dataclass(frozen=True)
class Setting:
    """The hours that hold from an instant on."""

    effective_from: datetime
    zone: str
    week: Week


@dataclass(frozen=True)
class Calendar:
    """A calendar as the record tells."""

    id: CalendarId | None = None
    settings: tuple[Setting, ...] = ()
    """In the order in which they were told."""
    days: dict[date, ExceptedDay] = field(default_factory=dict)
    changed_at: datetime | None = None
    version: int = 0
    """How many events told it: what a deadline cites."""
    _before: Calendar | None = field(default=None, repr=False, compare=False)
    """As it was one version earlier."""
    _hours: dict[Setting, BusinessTime] = field(default_factory=dict, init=False, repr=False, compare=False)

    def hours_at(self, instant: datetime) -> BusinessTime:
        """The working hours by which is decided what begins then; before any held, the first that were told."""
        setting = held_at(self.settings, instant) or self.settings[0]
        if setting not in self._hours:
            days = {day: excepted.hours for day, excepted in self.days.items()}
            self._hours[setting] = BusinessTime(setting.zone, setting.week, days)
        return self._hours[setting]

    def at_version(self, version: int | None) -> Calendar:
        """As it was when it had that version; as it is, where none is cited or that one is not known yet."""
        found = self
        while version is not None and found.version > version and found._before is not None:
            found = found._before
        return found


class CalendarUnknown(Refusal):
    """No calendar called {calendar} is on record; set one up first with POST /calendars."""


class ZoneUnknown(Refusal):
    """There is no time zone called {zone}; take a name of the IANA database, such as Europe/Vienna."""


class HoursAreOutsideTheDay(Refusal):
    """{day} has hours from {opens} to {closes}; hours begin before they end, from 00:00 to 24:00."""


class HoursOverlap(Refusal):
    """{day} has hours that overlap, or are not in their order: {opens} comes before the hours until {closes} end."""


class NobodyEverWorks(Refusal):
    """The week of calendar {calendar} is empty; give at least one day working hours."""


class WouldRewriteThePast(Refusal):
    """The hours would hold from {effective_from}, but what held before {now} stays; choose a later instant."""


class DayIsPast(Refusal):
    """{day} is past; only days from {today} on can be changed, because what was decided stays decided."""


class TooManyDays(Refusal):
    """{count} days are more than one change may name; name at most {most}."""


def evolve(calendar: Calendar, event: CalendarEvent) -> Calendar:
    """The calendar after this event."""
    match event:
        case CalendarSet():
            settings = (*calendar.settings, Setting(event.effective_from, event.zone, event.week))
            return _changed(calendar, event, id=event.calendar, settings=settings)
        case DaysExcepted():
            days = calendar.days | {excepted.day: excepted for excepted in event.days}
            return _changed(calendar, event, days=days)
        case DaysRestored():
            days = {day: excepted for day, excepted in calendar.days.items() if day not in event.days}
            return _changed(calendar, event, days=days)
        case _:
            assert_never(event)


def replay(events: Iterable[CalendarEvent]) -> Calendar:
    """The calendar as the record tells."""
    calendar = Calendar()
    for event in events:
        calendar = evolve(calendar, event)
    return calendar


def known(calendar: Calendar, id: CalendarId) -> Calendar:
    """A calendar that is on record."""
    if calendar.id is None:
        raise CalendarUnknown(calendar=id)
    return calendar


def set_hours(
    calendar: Calendar, id: CalendarId, zone: str, week: Week, effective_from: datetime | None, on: Occasion
) -> list[CalendarEvent]:
    """The first hours may hold from long ago; later ones from now on, in place of what was scheduled from then on."""
    known_zone(zone)
    for place, day in enumerate(week):
        well_kept(day, WEEKDAYS[place])
    if not any(week):
        raise NobodyEverWorks(calendar=id)
    holds_from = on.at if effective_from is None else effective_from
    if calendar.settings:
        holds = held_from(calendar.settings, holds_from)
        if holds and all((one.zone, one.week) == (zone, week) for one in holds):
            return []
        on.not_before(calendar.changed_at)
        if holds_from < on.now:
            raise WouldRewriteThePast(effective_from=holds_from, now=on.now)
    return [CalendarSet(calendar=fit(id), zone=zone, week=week, effective_from=holds_from, at=on.at, by=on.by)]


def except_days(calendar: Calendar, id: CalendarId, days: Iterable[ExceptedDay], on: Occasion) -> list[CalendarEvent]:
    """Days that are excepted already in the same way are passed over, so that a list of holidays may come again."""
    known(calendar, id)
    news = {excepted.day: excepted for excepted in days if calendar.days.get(excepted.day) != excepted}
    _not_too_many(news)
    for day, excepted in news.items():
        well_kept(excepted.hours, f"{day}")
        _to_come(calendar, day, on)
    if not news:
        return []
    on.not_before(calendar.changed_at)
    return [DaysExcepted(calendar=id, days=tuple(news[day] for day in sorted(news)), at=on.at, by=on.by)]


def take_holidays(calendar: Calendar, id: CalendarId, days: Iterable[ExceptedDay], on: Occasion) -> list[CalendarEvent]:
    """The days of a file that are still to come and like others: what somebody set by hand survives the next file."""
    known(calendar, id)
    today = _today(calendar, on)
    return except_days(calendar, id, [one for one in days if one.day >= today and one.day not in calendar.days], on)


def restore_days(calendar: Calendar, id: CalendarId, days: Iterable[date], on: Occasion) -> list[CalendarEvent]:
    """A day that is none of the excepted ones is a day like others already."""
    known(calendar, id)
    excepted = sorted(calendar.days.keys() & set(days))
    for day in excepted:
        _to_come(calendar, day, on)
    if not excepted:
        return []
    on.not_before(calendar.changed_at)
    return [DaysRestored(calendar=id, days=tuple(excepted), at=on.at, by=on.by)]


def well_kept(day: Day, name: str) -> None:
    """Raises a refusal unless the hours of a day lie in it, in their order, and do not overlap."""
    for hours in day:
        if not 0 <= hours.opens < hours.closes <= MINUTES_OF_A_DAY:
            raise HoursAreOutsideTheDay(day=name, opens=on_the_wall(hours.opens), closes=on_the_wall(hours.closes))
    for before, after in pairwise(day):
        if after.opens < before.closes:
            raise HoursOverlap(day=name, opens=on_the_wall(after.opens), closes=on_the_wall(before.closes))


def on_the_wall(minute: int) -> str:
    """`09:30`, and `24:00` for the end of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _changed(calendar: Calendar, event: Event, **what: Any) -> Calendar:
    return replace(calendar, changed_at=event.at, version=calendar.version + 1, _before=calendar, **what)


def known_zone(zone: str) -> ZoneInfo:
    """A zone of the IANA database, and none that only this machine knows. Raises ZoneUnknown."""
    if zone in OF_THE_MACHINE or zone.startswith(("posix/", "right/")):
        raise ZoneUnknown(zone=zone)
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ZoneUnknown(zone=zone) from None


def _to_come(calendar: Calendar, day: date, on: Occasion) -> None:
    today = _today(calendar, on)
    if day < today and not on.history:
        raise DayIsPast(day=day, today=today)


def _today(calendar: Calendar, on: Occasion) -> date:
    return on.now.astimezone(ZoneInfo(calendar.hours_at(on.now).zone)).date()


def _not_too_many(days: Iterable[object]) -> None:
    count = sum(1 for _ in days)
    if count > MOST_DAYS:
        raise TooManyDays(count=count, most=MOST_DAYS)
