"""What the ledger's bookings come to: minutes, counted in the hours that each clock cites.

A clock's minutes are business minutes of its calendar, in the version that its deadline was counted by, whatever unit
its target is in: so they can be added up, and no later change of a calendar changes a past period. A clock without a
calendar counts every minute; these are told apart as elapsed minutes and never added to the others.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar, cast, get_args

from domain import calendar
from domain.business_time import BusinessTime
from domain.calendar import Calendar, CalendarEvent
from domain.event import Event, Recorded
from domain.identity import CalendarId, PersonId, StreamId, TeamId, calendar_stream
from domain.lead.ledger import Holder
from domain.policy import EVERY_MINUTE, ClockName, Unit
from domain.refusal import Refusal
from projections.ledger import Line

K = TypeVar("K")

MOST_LINES = 50_000
"""Of one question: more than a person has in a month, and counted within a second."""
VERSIONS_REMEMBERED = 500
HOLDERS: tuple[Holder, ...] = get_args(Holder)
USUAL = timedelta(days=30)
BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Before anything that was ever booked."""
MINUTE = timedelta(minutes=1)
NOTHING = timedelta()


class TooManyBookings(Refusal):
    """More than {most} bookings lie in this period; ask for a shorter one."""


class Period(NamedTuple):
    """From one instant to another, which may be the same."""

    begins_at: datetime
    ends_at: datetime
    """Not later than now: nothing is booked in advance."""


class EndsBeforeItBegins(Exception):
    """The period ends before it begins."""


def period(
    begins_at: datetime | None, ends_at: datetime | None, now: datetime, usual: timedelta | None = None
) -> Period:
    """What is asked for: until now, and for as long as is usual, or from the beginning, unless something else is said.

    Raises EndsBeforeItBegins.
    """
    until = now if ends_at is None else ends_at
    if begins_at is None:
        begins_at = BEGINNING if usual is None or until - BEGINNING < usual else until - usual
    if begins_at > until:
        raise EndsBeforeItBegins
    return Period(begins_at, min(until, now))


class Counted(NamedTuple):
    """A booking in the period, and how long it was."""

    line: Line
    unit: Unit
    hours: BusinessTime
    worked: timedelta
    late: timedelta
    """What of it lies after the deadline: owed, and not done in time."""


class Sum(NamedTuple):
    """So long something was somebody's, in so many leads."""

    worked: timedelta
    late: timedelta
    leads: int

    @property
    def minutes(self) -> float:
        """To the thousandth, for whoever reads it."""
        return in_minutes(self.worked)

    @property
    def late_minutes(self) -> float:
        """To the thousandth."""
        return in_minutes(self.late)


class Held(NamedTuple):
    """What is added up for a person or a team."""

    holder: Holder
    person: PersonId | None
    team: TeamId | None
    clock: ClockName
    unit: Unit


class Log(Protocol):
    """Where the calendars are looked up in the versions that were cited."""

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> Mapping[StreamId, Sequence[Recorded[Event]]]:
        """What each of these streams tells after the version beside it, in order."""


class Bookkeeper:
    """Counts bookings; what a calendar said in some version never changes, so it is looked up once."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._versions: OrderedDict[tuple[CalendarId, int], Calendar] = OrderedDict()

    async def count(self, ask: Callable[[int], Awaitable[Sequence[Line]]], period: Period) -> list[Counted]:
        """Each booking that the question finds, which is given how many it may find. Raises TooManyBookings."""
        if period.begins_at >= period.ends_at:
            return []
        lines = await ask(MOST_LINES + 1)
        if len(lines) > MOST_LINES:
            raise TooManyBookings(most=MOST_LINES)
        versions = await self._cited(lines)
        # Others are answered meanwhile.
        return await asyncio.to_thread(lambda: list(counted(lines, versions)))

    async def _cited(self, lines: Iterable[Line]) -> Mapping[tuple[CalendarId, int], Calendar]:
        cited = {(line.calendar, line.calendar_version or 0) for line in lines if line.calendar is not None}
        missing = {key: calendar_stream(key[0]) for key in cited if key not in self._versions}
        told = await self._log.load([(stream, 0) for stream in set(missing.values())]) if missing else {}
        for key, stream in missing.items():
            events = [cast("CalendarEvent", one.event) for one in told[stream][: key[1]]]
            self._versions[key] = calendar.replay(events)
        found = {key: self._versions[key] for key in cited}
        while len(self._versions) > VERSIONS_REMEMBERED:
            self._versions.popitem(last=False)
        return found


def counted(lines: Iterable[Line], versions: Mapping[tuple[CalendarId, int], Calendar]) -> Iterator[Counted]:
    """Each line, in the hours of the calendar that its clock cites."""
    for line in lines:
        hours: BusinessTime = EVERY_MINUTE
        unit: Unit = "elapsed_minutes"
        if line.calendar is not None:
            cites = versions[line.calendar, line.calendar_version or 0]
            hours, unit = cites.hours_at(line.started_at), "business_minutes"
        worked = hours.elapsed(line.begins_at, line.ends_at)
        late = NOTHING
        if line.holder != "snoozed" and line.ends_at > line.respond_by:
            late = worked if line.begins_at >= line.respond_by else hours.elapsed(line.respond_by, line.ends_at)
        yield Counted(line, unit, hours, worked, late)


def added_up(found: Iterable[Counted], by: Callable[[Counted], K]) -> dict[K, Sum]:
    """The exact sums of what is alike, in the order in which it was met."""
    worked: dict[K, timedelta] = {}
    late: dict[K, timedelta] = {}
    leads: dict[K, set[object]] = {}
    for one in found:
        key = by(one)
        worked[key] = worked.get(key, NOTHING) + one.worked
        late[key] = late.get(key, NOTHING) + one.late
        leads.setdefault(key, set()).add(one.line.lead)
    return {key: Sum(worked[key], late[key], len(leads[key])) for key in worked}


def held(one: Counted) -> Held:
    """Whose it was, of what kind of clock, in which unit."""
    line = one.line
    return Held(line.holder, line.person, line.team, line.name, one.unit)


def in_turn(whose: Held) -> tuple[object, ...]:
    """The order of a table: the queue first, as it comes first in a life, then who had it."""
    return HOLDERS.index(whose.holder), whose.person or "", whose.team or "", whose.clock, whose.unit


def in_minutes(time: timedelta) -> float:
    """To the thousandth, for whoever reads it: what is added up is exact."""
    return round(time / MINUTE, 3)
