"""Which time counted towards a deadline, and why the time in between did not: what adds up to "due at 10:15"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from domain.business_time import BusinessTime, Pause, Stretch
from domain.calendar import ExceptedDay
from domain.event import Event, Recorded
from domain.lead.events import ClockStarted, LeadSnoozed, LeadWoken, SnoozeReason
from domain.policy import ClockRule

MOST_TOLD = 50
"""Stretches; there are a few, unless somebody has a month for it."""
MOST_SAID = 5
"""In one sentence."""
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class OnTheWall(BaseModel):
    """By the clock on the wall of the calendar's zone; UTC where no calendar counts."""

    begins_at: str = Field(examples=["2026-03-06T16:50:00+01:00"])
    ends_at: str = Field(examples=["2026-03-06T17:00:00+01:00"])


class StretchTold(BaseModel):
    """A stretch of time that counted, all of it."""

    begins_at: datetime
    ends_at: datetime
    minutes: float
    on_the_wall: OnTheWall


class GapTold(BaseModel):
    """A stretch of time that did not count."""

    begins_at: datetime
    ends_at: datetime
    because: str = Field(examples=["outside of hours", "Mon 2026-04-06 is a day off (easter-monday); outside of hours"])
    on_the_wall: OnTheWall


class PauseTold(BaseModel):
    """While the lead waited for a known reason, its clocks stood still."""

    begins_at: datetime
    ends_at: datetime
    snoozed_by: str = Field(description="A person's pseudonym, or the name of a service.")
    reason: SnoozeReason
    woken_by: str | None = Field(description="Whose word ended it before its time; null where it ended by itself.")


class Counted(NamedTuple):
    """What was counted from a clock's start until its deadline."""

    told: list[StretchTold]
    more: int
    """Stretches that come after those that are told."""
    more_minutes: float
    gaps: list[GapTold]
    """Between the start, the stretches that are told, and the deadline."""


def counted(
    hours: BusinessTime,
    days: Mapping[date, ExceptedDay],
    zone: ZoneInfo,
    start: datetime,
    respond_by: datetime,
    pauses: Sequence[Pause],
) -> Counted:
    """All of it, except that only so many stretches are told one by one."""
    worked = hours.worked(start, respond_by, pauses)
    first = list(islice(worked, MOST_TOLD))
    rest = list(worked)
    until = first[-1].ends_at if rest else respond_by
    return Counted(
        told=[
            StretchTold(
                begins_at=one.begins_at,
                ends_at=one.ends_at,
                minutes=_minutes([one]),
                on_the_wall=on_the_wall(one, zone),
            )
            for one in first
        ],
        more=len(rest),
        more_minutes=_minutes(rest),
        gaps=[
            GapTold(
                begins_at=gap.begins_at,
                ends_at=gap.ends_at,
                because="; ".join(_because(gap, hours, days, pauses)),
                on_the_wall=on_the_wall(gap, zone),
            )
            for gap in _between(start, first, until)
        ],
    )


def pauses_of(events: Sequence[Recorded[Event]]) -> list[PauseTold]:
    """Whenever a lead waited, in the order in which that was told, with who is behind it."""
    found: list[PauseTold] = []
    for one in events:
        event = one.event
        if isinstance(event, LeadSnoozed):
            found.append(
                PauseTold(
                    begins_at=event.at, ends_at=event.until, snoozed_by=event.by.id, reason=event.reason, woken_by=None
                )
            )
        if isinstance(event, LeadWoken):
            found[-1] = found[-1].model_copy(update={"ends_at": event.at, "woken_by": event.by.id})
    return found


def in_one_sentence(
    clock: ClockStarted,
    rule: ClockRule,
    found: Counted,
    pauses: Sequence[Pause],
    respond_by: datetime,
    zone: ZoneInfo,
) -> str:
    """`60 business minutes from Fri 16:50 (calendar office, version 1, Europe/Vienna): 10 on Fri 16:50-17:00, ...`"""
    dated = found.more > 0 or respond_by - clock.started_at > timedelta(days=6)
    start = moment(clock.started_at, zone, dated=dated)
    if clock.promised_for is not None:
        promised = f"Promised on {start} for {moment(clock.promised_for, zone, dated=dated)} ({zone})"
        if respond_by > clock.promised_for:
            return f"{promised}; the lead waits until {moment(respond_by, zone, dated=dated)}."
        return f"{promised}."
    in_business = rule.unit == "business_minutes"
    unit = "business" if in_business else "elapsed"
    where = f"(calendar {clock.calendar}, version {clock.calendar_version}, {zone})" if in_business else f"({zone})"
    snoozed = [
        f"{moment(pause.begins_at, zone, dated=dated)} to {moment(pause.ends_at, zone, dated=dated)}"
        for pause in pauses
        if pause.begins_at < respond_by and pause.ends_at > clock.started_at
    ]
    waited = f"; snoozed from {', '.join(snoozed)}" if snoozed else ""
    return f"{rule.target_minutes:,} {unit} minutes from {start} {where}: {in_words(found, zone)}{waited}."


def on_the_wall(stretch: Stretch, zone: ZoneInfo) -> OnTheWall:
    """The same stretch, as somebody there reads it from the wall."""
    return OnTheWall(begins_at=there(stretch.begins_at, zone), ends_at=there(stretch.ends_at, zone))


def there(instant: datetime, zone: ZoneInfo) -> str:
    """An instant by the clock on the wall, with its offset."""
    return instant.astimezone(zone).isoformat(timespec="seconds")


def in_words(found: Counted, zone: ZoneInfo) -> str:
    """`10 on Fri 16:50-17:00, 50 on Mon 09:00-09:50`: how many minutes in which stretch, the first few of them."""
    if not found.told:
        return "none"
    dated = found.more > 0 or found.told[-1].ends_at - found.told[0].begins_at > 6 * DAY
    said = [
        f"{_short(one.minutes)} {_when(Stretch(one.begins_at, one.ends_at), zone, dated)}"
        for one in found.told[:MOST_SAID]
    ]
    left = found.told[MOST_SAID:]
    if more := len(left) + found.more:
        minutes = sum(one.minutes for one in left) + found.more_minutes
        said.append(f"{_short(minutes)} in {more} more {'stretch' if more == 1 else 'stretches'}")
    return ", ".join(said)


def moment(instant: datetime, zone: ZoneInfo, *, dated: bool = False) -> str:
    """`Fri 16:50`, and with the date where the weekday alone does not tell which."""
    return f"{instant.astimezone(zone):{'%a %Y-%m-%d %H:%M' if dated else '%a %H:%M'}}"


def _when(stretch: Stretch, zone: ZoneInfo, dated: bool) -> str:
    begins, ends = stretch.begins_at.astimezone(zone), stretch.ends_at.astimezone(zone)
    if begins.date() == ends.date():
        return f"on {moment(begins, zone, dated=dated)}-{ends:%H:%M}"
    if ends.time() == time() and ends.date() - begins.date() == DAY:
        return f"on {moment(begins, zone, dated=dated)}-24:00"
    return f"from {moment(begins, zone, dated=dated)} to {moment(ends, zone, dated=dated)}"


def _short(minutes: float) -> str:
    return f"{minutes:,.1f}".removesuffix(".0")


def _minutes(stretches: Iterable[Stretch]) -> float:
    """To the thousandth, for whoever reads it."""
    return round(sum((one.ends_at - one.begins_at for one in stretches), timedelta()) / MINUTE, 3)


def _between(start: datetime, stretches: Iterable[Stretch], until: datetime) -> Iterator[Stretch]:
    here = start
    for one in (*stretches, Stretch(until, until)):
        if here < one.begins_at:
            yield Stretch(here, one.begins_at)
        here = one.ends_at


def _because(
    gap: Stretch, hours: BusinessTime, days: Mapping[date, ExceptedDay], pauses: Sequence[Pause]
) -> Iterator[str]:
    """Whatever of it is known: that the lead waited, days that were excepted, and that it was not in the hours."""
    waited = [pause for pause in pauses if pause.begins_at < gap.ends_at and gap.begins_at < pause.ends_at]
    if waited:
        yield "snoozed"
    zone = ZoneInfo(hours.zone)
    begins = gap.begins_at.astimezone(zone).date()
    # What ends at midnight takes nothing of the day that begins then.
    ends = (gap.ends_at - timedelta.resolution).astimezone(zone).date()
    excepted = [days[day] for day in sorted(days) if begins <= day <= ends]
    yield from (_day_in_words(one) for one in excepted[:MOST_SAID])
    if len(excepted) > MOST_SAID:
        yield f"{len(excepted) - MOST_SAID} more days are otherwise"
    off = (_midnights(one.day, zone) for one in excepted if not one.hours)
    if not _all_of(gap, sorted([*waited, *off])):
        yield "outside of hours"


def _day_in_words(one: ExceptedDay) -> str:
    called = f" ({one.called})" if one.called else ""
    return f"{one.day:%a %Y-%m-%d} {'has other hours' if one.hours else 'is a day off'}{called}"


def _midnights(day: date, zone: ZoneInfo) -> Pause:
    begins, ends = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + DAY))
    return Pause(begins, ends)


def _all_of(gap: Stretch, pauses: Sequence[Pause]) -> bool:
    here = gap.begins_at
    for pause in pauses:
        if pause.begins_at > here:
            return False
        here = max(here, pause.ends_at)
    return here >= gap.ends_at
