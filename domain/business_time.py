"""Business time: when so many working minutes have passed, and how many lie between two instants.

An instant is worked if the clock on the wall of the calendar's zone then shows a working hour. So an hour that the
autumn repeats counts twice and one that the spring leaves out never, and both questions come from the same windows.
What they cost depends on the number of years that lie between, not on the minutes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.refusal import Refusal

MINUTES_OF_A_DAY = 24 * 60
FARTHEST_YEARS = 50
"""No deadline lies farther off than this."""
MICROSECOND = timedelta(microseconds=1)
MINUTE_US = 60_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NothingIsWorked(Refusal):
    """Within {years} years this calendar has fewer working minutes than are asked for; give it working hours."""


class Hours(NamedTuple):
    """Working hours on one day, by the clock on the wall: minutes since midnight, from 0 to 1440 (24:00)."""

    opens: int
    closes: int


class Pause(NamedTuple):
    """From one instant to another nothing counts."""

    begins_at: datetime
    ends_at: datetime


class Stretch(NamedTuple):
    """From one instant to another everything counts."""

    begins_at: datetime
    ends_at: datetime


Day = tuple[Hours, ...]
"""The hours of one day in their order, none overlapping; none at all is a day off."""
Week = tuple[Day, Day, Day, Day, Day, Day, Day]
"""Monday first."""


@dataclass(frozen=True)
class BusinessTime:
    """The hours in which work is done, somewhere in the world."""

    zone: str
    """A name of the IANA time zone database, `Europe/Vienna`."""
    week: Week
    exceptions: Mapping[date, Day] = field(default_factory=dict)
    """The days on which other hours hold than in other weeks; none on a holiday."""
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    def deadline(self, start: datetime, minutes: int, pauses: Iterable[Pause] = ()) -> datetime:
        """The first instant by which so many working minutes have passed since the start, in UTC.

        Raises NothingIsWorked.
        """
        here, left = _us(start), minutes * MINUTE_US
        if left == 0:
            return _instant(here)
        for begins, ends in _in_order(pauses):
            if ends <= here:
                continue
            if begins > here:
                worked = self._between(here, begins)
                if worked >= left:
                    break
                left -= worked
            here = ends
        return _instant(self._forward(here, left))

    def latest_start(self, end: datetime, minutes: int, pauses: Iterable[Pause] = ()) -> datetime:
        """The last instant from which so many working minutes still pass until the end, in UTC.

        Raises NothingIsWorked.
        """
        here, left = _us(end), minutes * MINUTE_US
        if left == 0:
            return _instant(here)
        for begins, ends in reversed(_in_order(pauses)):
            if begins >= here:
                continue
            if ends < here:
                worked = self._between(ends, here)
                if worked >= left:
                    break
                left -= worked
            here = begins
        return _instant(self._backward(here, left))

    def elapsed(self, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> timedelta:
        """How much working time lies between two instants, outside of the pauses; none where the end comes first."""
        first = _us(start)
        last = max(first, _us(end))
        worked = self._between(first, last)
        for begins, ends in _in_order(pauses):
            begins = max(begins, first)
            worked -= self._between(begins, max(begins, min(ends, last)))
        return worked * MICROSECOND

    def worked(self, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> Iterator[Stretch]:
        """What of the time between two instants is worked, outside of the pauses: in order, in UTC, none touching.

        Together they last as long as `elapsed` says. Each is found when it is asked for.
        """
        here, last = _us(start), _us(end)
        for begins, ends in (*_in_order(pauses), (last, last)):
            until = min(begins, last)
            if here < until:
                windows = (window for year in _years(here, until) for window in self._year(year).within(here, until))
                yield from (Stretch(_instant(opens), _instant(closes)) for opens, closes in _joined(windows))
            here = max(here, ends)

    def opens_at(self, instant: datetime) -> datetime:
        """The instant itself where it is worked then, else when work begins next, in UTC.

        Raises NothingIsWorked.
        """
        return _instant(self._forward(_us(instant), 1) - 1)

    def _between(self, first: int, last: int) -> int:
        year, last_year = _year_of(first), _year_of(last)
        worked = self._year(last_year).worked_until(last) - self._year(year).worked_until(first)
        return worked + sum(self._year(between).total for between in range(year, last_year))

    def _forward(self, here: int, left: int) -> int:
        first = _year_of(here)
        left += self._year(first).worked_until(here)
        for year in range(first, first + FARTHEST_YEARS):
            windows = self._year(year)
            if left <= windows.total:
                return windows.reaches(left)
            left -= windows.total
        raise NothingIsWorked(years=FARTHEST_YEARS)

    def _backward(self, here: int, left: int) -> int:
        last = _year_of(here)
        left -= self._year(last).worked_until(here)
        for year in range(last, last - FARTHEST_YEARS, -1):
            windows = self._year(year)
            if left <= 0:
                return windows.leaves(-left)
            left -= self._year(year - 1).total
        raise NothingIsWorked(years=FARTHEST_YEARS)

    def _year(self, year: int) -> _Year:
        if year not in self._years:
            self._years[year] = _Year(list(self._windows(year)))
        return self._years[year]

    def _windows(self, year: int) -> Iterator[tuple[int, int]]:
        """What is worked in a UTC year, in order, in microseconds since 1970."""
        for begins, ends, offset in _offsets(self.zone, year):
            day = _instant(begins + offset).date()
            while (midnight := _us(datetime(day.year, day.month, day.day, tzinfo=UTC)) - offset) < ends:
                for opens, closes in self.exceptions.get(day, self.week[day.weekday()]):
                    first = max(midnight + opens * MINUTE_US, begins)
                    last = min(midnight + closes * MINUTE_US, ends)
                    if first < last:
                        yield first, last
                day += timedelta(days=1)


class _Year:
    """What is worked in one UTC year, and how much of it before each window."""

    def __init__(self, windows: list[tuple[int, int]]) -> None:
        self.opens = [opens for opens, _ in windows]
        self.done = list(accumulate((closes - opens for opens, closes in windows), initial=0))
        """Worked before each window, and at last before the year's end."""

    @property
    def total(self) -> int:
        return self.done[-1]

    def within(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """What is worked between two instants, the first of them being the earlier one."""
        window = max(bisect_right(self.opens, first) - 1, 0)
        while window < len(self.opens) and self.opens[window] < last:
            opens, worked = self.opens[window], self.done[window + 1] - self.done[window]
            if first < opens + worked:
                yield max(opens, first), min(opens + worked, last)
            window += 1

    def worked_until(self, instant: int) -> int:
        window = bisect_right(self.opens, instant) - 1
        if window < 0:
            return 0
        return min(self.done[window] + instant - self.opens[window], self.done[window + 1])

    def reaches(self, worked: int) -> int:
        """The first instant by which so much was worked; more than nothing, no more than all."""
        window = bisect_left(self.done, worked) - 1
        return self.opens[window] + worked - self.done[window]

    def leaves(self, worked: int) -> int:
        """The last instant at which no more than so much was worked; less than all."""
        window = bisect_right(self.done, worked) - 1
        return self.opens[window] + worked - self.done[window]


def _offsets(zone: str, year: int) -> Iterator[tuple[int, int, int]]:
    """The parts of a UTC year in which the zone keeps one offset: begin, end, and the offset, in microseconds.

    zoneinfo does not tell when the clocks change, so each day's offset is compared with the next one's.
    """
    there = ZoneInfo(zone)

    def offset(instant: int) -> int:
        return _us(_instant(instant).astimezone(there).replace(tzinfo=UTC)) - instant

    day = 24 * 60 * MINUTE_US
    begins, ends = _us(datetime(year, 1, 1, tzinfo=UTC)), _us(datetime(year + 1, 1, 1, tzinfo=UTC))
    here, now = begins, offset(begins)
    for look in (*range(begins + day, ends, day), ends):
        if (then := offset(look)) != now:
            changes = (
                bisect_left(range(look - day, look), True, key=lambda instant: offset(instant) != now) + look - day
            )
            yield here, changes, now
            here, now = changes, then
    yield here, ends, now


def _in_order(pauses: Iterable[Pause]) -> list[tuple[int, int]]:
    """Each pause once, however they overlap."""
    found = ((_us(pause.begins_at), _us(pause.ends_at)) for pause in pauses)
    return list(_joined(sorted((begins, ends) for begins, ends in found if begins < ends)))


def _joined(windows: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Those that touch or overlap as one, where they come in the order in which they begin."""
    here: tuple[int, int] | None = None
    for begins, ends in windows:
        if here is not None and begins <= here[1]:
            here = here[0], max(here[1], ends)
            continue
        if here is not None:
            yield here
        here = begins, ends
    if here is not None:
        yield here


def _us(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


def _instant(us: int) -> datetime:
    return EPOCH + us * MICROSECOND


def _year_of(us: int) -> int:
    return _instant(us).year


def _years(first: int, last: int) -> range:
    return range(_year_of(first), _year_of(last) + 1)
