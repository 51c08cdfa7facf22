"""Wishes about calendars."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from commands.calendars import (
    CalendarCommand,
    ExceptDays,
    ExceptedDayGiven,
    HoursGiven,
    RestoreDays,
    SetCalendar,
    TakeHolidays,
    WeekGiven,
)
from commands.command import NothingThere
from commands.desk import Receipt
from domain.business_time import Hours
from domain.calendar import (
    CalendarSet,
    CalendarUnknown,
    DaysExcepted,
    DaysRestored,
    ExceptedDay,
    HoursOverlap,
    NobodyEverWorks,
    ZoneUnknown,
)
from domain.identity import CalendarId, calendar_stream
from tests.commands.story import ADMIN, BY_MANAGER, BY_REP, NINE, Office

VIENNA = CalendarId("vienna")
DAY = (HoursGiven(opens="09:00", closes="12:30"), HoursGiven(opens="13:00", closes="24:00"))
WEEK = WeekGiven(monday=DAY, tuesday=DAY, friday=(HoursGiven(opens="00:00", closes="08:05"),))
SET = SetCalendar(calendar=VIENNA, zone="Europe/Vienna", week=WEEK)
CHRISTMAS, EVE = date(2026, 12, 25), date(2026, 12, 24)


async def do(office: Office, wish: CalendarCommand) -> Receipt:
    return await office.do(wish.stream, wish, ADMIN)


def told(**changes: Any) -> dict[str, Any]:
    return {"calendar": "vienna", "zone": "Europe/Vienna", "week": {"monday": []}} | changes


async def test_a_calendar_is_set_as_a_person_would_write_it() -> None:
    office = Office()
    await do(office, SET)
    day = (Hours(540, 750), Hours(780, 1440))
    assert await office.told(calendar_stream(VIENNA)) == [
        CalendarSet(
            calendar=VIENNA,
            zone="Europe/Vienna",
            week=(day, day, (), (), (Hours(0, 485),), (), ()),
            effective_from=NINE,
            at=NINE,
            by=ADMIN.actor,
        )
    ]
    assert (await do(office, SET)).events == ()


async def test_other_hours_hold_from_an_instant_on() -> None:
    office = Office()
    await do(office, SET)
    later = NINE + timedelta(days=7)
    await do(office, SET.model_copy(update={"zone": "UTC", "effective_from": later}))
    (_, changed) = await office.told(calendar_stream(VIENNA))
    assert isinstance(changed, CalendarSet)
    assert (changed.zone, changed.effective_from, changed.at) == ("UTC", later, NINE)


async def test_days_are_excepted_and_restored() -> None:
    office = Office()
    await do(office, SET)
    short = HoursGiven(opens="09:00", closes="12:00")
    days = (ExceptedDayGiven(day=CHRISTMAS, called="christmas-day"), ExceptedDayGiven(day=EVE, hours=(short,)))
    await do(office, ExceptDays(calendar=VIENNA, days=days))
    await do(office, RestoreDays(calendar=VIENNA, days=(EVE, NINE.date())))
    assert (await office.told(calendar_stream(VIENNA)))[1:] == [
        DaysExcepted(
            calendar=VIENNA,
            days=(ExceptedDay(EVE, (Hours(540, 720),)), ExceptedDay(CHRISTMAS, (), "christmas-day")),
            at=NINE,
            by=ADMIN.actor,
        ),
        DaysRestored(calendar=VIENNA, days=(EVE,), at=NINE, by=ADMIN.actor),
    ]


async def test_holidays_of_a_file_leave_alone_what_somebody_set_by_hand() -> None:
    office = Office()
    await do(office, SET)
    short = HoursGiven(opens="09:00", closes="12:00")
    await do(office, ExceptDays(calendar=VIENNA, days=(ExceptedDayGiven(day=EVE, hours=(short,)),)))
    file = tuple(ExceptedDayGiven(day=day) for day in (NINE.date() - timedelta(days=1), EVE, CHRISTMAS))
    await do(office, TakeHolidays(calendar=VIENNA, days=file))
    (*_, taken) = await office.told(calendar_stream(VIENNA))
    assert taken == DaysExcepted(calendar=VIENNA, days=(ExceptedDay(CHRISTMAS),), at=NINE, by=ADMIN.actor)
    assert (await do(office, TakeHolidays(calendar=VIENNA, days=file))).events == ()


async def test_days_need_a_calendar() -> None:
    office = Office()
    for wish in (
        ExceptDays(calendar=VIENNA, days=(ExceptedDayGiven(day=EVE),)),
        TakeHolidays(calendar=VIENNA, days=()),
        RestoreDays(calendar=VIENNA, days=(EVE,)),
    ):
        with pytest.raises(CalendarUnknown, match="No calendar called vienna is on record"):
            await do(office, wish)


async def test_what_the_domain_declines() -> None:
    office = Office()
    for changes, refusal in (
        ({"zone": "Europe/Atlantis"}, ZoneUnknown),
        ({"week": WeekGiven(sunday=(*DAY, DAY[0]))}, HoursOverlap),
        ({"week": WeekGiven()}, NobodyEverWorks),
    ):
        with pytest.raises(refusal):
            await do(office, SET.model_copy(update=changes))
    assert await office.head() == 0


@pytest.mark.parametrize("by", [BY_REP, BY_MANAGER], ids=lambda who: who.role)
async def test_only_who_manages_policies_sets_calendars(by: Any) -> None:
    office = await Office().staffed()
    for wish in (SET, ExceptDays(calendar=VIENNA, days=(ExceptedDayGiven(day=EVE),))):
        with pytest.raises(NothingThere):
            await office.do(wish.stream, wish, by)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (told(week={"monday": [{"opens": "9:00", "closes": "17:00"}]}), ("week", "monday", 0, "opens")),
        (told(week={"monday": [{"opens": "09:00", "closes": "24:01"}]}), ("week", "monday", 0, "closes")),
        (told(week={"monday": [{"opens": "09:60", "closes": "17:00"}]}), ("week", "monday", 0, "opens")),
        (told(week={"monday": [{"opens": "09:00"}]}), ("week", "monday", 0, "closes")),
        (told(week={"monday": [{"opens": "00:00", "closes": "00:01"}] * 25}), ("week", "monday")),
        (told(week={"holiday": []}), ("week", "holiday")),
        (told(zone="ada@example.com"), ("zone",)),
        (told(effective_from="1969-12-31T23:59:59Z"), ("effective_from",)),
        (told(effective_from="2200-01-01T00:00:00Z"), ("effective_from",)),
        (told(at="0001-01-01T00:00:00Z"), ("at",)),
    ],
)
def test_what_is_no_calendar_is_named(wrong: dict[str, Any], where: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        SetCalendar.model_validate(wrong)
    assert [error["loc"] for error in refused.value.errors()] == [where]


@pytest.mark.parametrize("day", ["2026-02-30", "20261225", 20261225, "2026-12-25T00:00:00Z", None])
def test_what_is_no_day_is_named(day: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        ExceptDays.model_validate({"calendar": "vienna", "days": [{"day": day}]})
    assert [error["loc"] for error in refused.value.errors()] == [("days", 0, "day")]
    with pytest.raises(ValidationError):
        RestoreDays.model_validate({"calendar": "vienna", "days": [day]})


def test_the_reach_of_instants_is_wide_enough_for_any_business() -> None:
    for instant in (datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)):
        assert SetCalendar.model_validate(told(effective_from=instant.isoformat())).effective_from == instant
