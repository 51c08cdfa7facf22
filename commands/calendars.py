"""What can be asked of the desk about calendars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from commands.command import CALENDAR, CalendarName, Command, Kind, NearInstant, Slug, Surroundings
from commands.reach import NamedDay
from domain import calendar as calendars
from domain.access import THE_DESK, Action, OfTeam
from domain.business_time import Day, Hours, Week
from domain.calendar import ExceptedDay
from domain.event import Event
from domain.identity import StreamId, calendar_stream
from domain.occasion import Occasion

Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}$")]
OnTheWall = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


class HoursGiven(BaseModel):
    """From when until when work is done, by the clock on the wall."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opens: OnTheWall = Field(examples=["09:00"])
    closes: OnTheWall = Field(description="`24:00` is the end of the day.", examples=["17:00"])

    @property
    def hours(self) -> Hours:
        """As they stand in the event."""
        return Hours(_minute(self.opens), _minute(self.closes))


DayGiven = Annotated[tuple[HoursGiven, ...], Field(max_length=24)]


class WeekGiven(BaseModel):
    """The working hours of each day; a day that is left out is a day off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    monday: DayGiven = ()
    tuesday: DayGiven = ()
    wednesday: DayGiven = ()
    thursday: DayGiven = ()
    friday: DayGiven = ()
    saturday: DayGiven = ()
    sunday: DayGiven = ()

    @property
    def week(self) -> Week:
        """As it stands in the event, Monday first."""
        return (
            _day(self.monday),
            _day(self.tuesday),
            _day(self.wednesday),
            _day(self.thursday),
            _day(self.friday),
            _day(self.saturday),
            _day(self.sunday),
        )


class ExceptedDayGiven(BaseModel):
    """A day on which other hours hold than in other weeks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: NamedDay
    hours: DayGiven = Field(default=(), description="None on a holiday.")
    called: Annotated[str, Slug] | None = Field(
        default=None, description="It stays on record for ever, so it is no free text.", examples=["christmas-day"]
    )

    @property
    def excepted(self) -> ExceptedDay:
        """As it stands in the event."""
        return ExceptedDay(self.day, _day(self.hours), self.called)


class CalendarCommand(Command[calendars.Calendar]):
    """A wish about one calendar."""

    kind: ClassVar[Kind[calendars.Calendar]] = CALENDAR
    action: ClassVar[Action] = "policy.manage"

    calendar: CalendarName

    @property
    def stream(self) -> StreamId:
        """Where this calendar is told of."""
        return calendar_stream(self.calendar)

    def resource(self, state: calendars.Calendar) -> OfTeam:
        """Calendars are the whole desk's concern."""
        return THE_DESK


class SetCalendar(CalendarCommand):
    """Tell in which hours work is done, from an instant on."""

    at: NearInstant | None = Field(default=None, description="When it was decided; now, if left out.")
    zone: Zone = Field(description="A name of the IANA time zone database.", examples=["Europe/Vienna"])
    week: WeekGiven
    effective_from: NearInstant | None = Field(
        default=None, description="From when on it holds; from when it was decided, if left out."
    )

    def decide(self, state: calendars.Calendar, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/calendar.py."""
        return calendars.set_hours(state, self.calendar, self.zone, self.week.week, self.effective_from, on)


class ExceptDays(CalendarCommand):
    """Tell on which days nobody works, or in other hours; where it was told before, the later word counts."""

    days: tuple[ExceptedDayGiven, ...]

    def decide(self, state: calendars.Calendar, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/calendar.py."""
        return calendars.except_days(state, self.calendar, (one.excepted for one in self.days), on)


class TakeHolidays(CalendarCommand):
    """Take the holidays of a file: those to come, but for days of which somebody has told already how they are."""

    days: tuple[ExceptedDayGiven, ...]

    def decide(self, state: calendars.Calendar, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/calendar.py."""
        return calendars.take_holidays(state, self.calendar, (one.excepted for one in self.days), on)


class RestoreDays(CalendarCommand):
    """Tell that these days are days like others again."""

    days: Annotated[tuple[NamedDay, ...], Field(max_length=calendars.MOST_DAYS)]

    def decide(self, state: calendars.Calendar, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/calendar.py."""
        return calendars.restore_days(state, self.calendar, self.days, on)


def _day(given: DayGiven) -> Day:
    return tuple(one.hours for one in given)


def _minute(told: str) -> int:
    hours, minutes = told.split(":")
    return int(hours) * 60 + int(minutes)
