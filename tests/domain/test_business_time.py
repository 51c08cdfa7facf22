"""Business time against the golden vectors, and against somebody who looks at the clock on the wall every minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.business_time import BusinessTime, Day, Hours, NothingIsWorked, Pause, Stretch, Week

MINUTE = timedelta(minutes=1)


def weekdays(*hours: Hours) -> Week:
    return (hours, hours, hours, hours, hours, (), ())


def daily(*hours: Hours) -> Week:
    return (hours,) * 7


def at(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    assert instant.tzinfo is not None
    return instant


NINE_TO_FIVE, TEN_TO_SIX = Hours(9 * 60, 17 * 60), Hours(10 * 60, 18 * 60)
ALL_DAY = Hours(0, 24 * 60)
JOHANNESBURG = BusinessTime("Africa/Johannesburg", weekdays(NINE_TO_FIVE))
HERITAGE_DAY = BusinessTime("Africa/Johannesburg", weekdays(Hours(8 * 60, 17 * 60)), {date(2026, 9, 24): ()})
OFFICE = BusinessTime("UTC", weekdays(NINE_TO_FIVE))
LATER = BusinessTime("UTC", weekdays(TEN_TO_SIX))
SPLIT = BusinessTime("UTC", weekdays(Hours(8 * 60, 12 * 60), Hours(13 * 60 + 30, 18 * 60)))
ALWAYS = BusinessTime("Europe/Berlin", daily(ALL_DAY))
SUNDAY_MORNING = BusinessTime("Europe/Berlin", ((), (), (), (), (), (), (Hours(0, 6 * 60),)))
SNOOZED = Pause(at("2026-08-03T10:00Z"), at("2026-08-03T10:40Z"))

GOLDEN = {
    1: ("2026-08-01T18:00+02:00", 60, JOHANNESBURG, "2026-08-03T10:00+02:00", ()),
    2: ("2026-08-01T12:00+02:00", 60, JOHANNESBURG, "2026-08-03T10:00+02:00", ()),
    3: ("2026-07-31T16:30Z", 60, OFFICE, "2026-08-03T09:30Z", ()),
    4: ("2026-07-29T15:00Z", 600, LATER, "2026-07-30T17:00Z", ()),
    5: ("2026-07-29T20:00Z", 600, LATER, "2026-07-31T12:00Z", ()),
    6: ("2026-08-03T11:30Z", 120, SPLIT, "2026-08-03T15:00Z", ()),
    7: ("2026-09-23T16:45+02:00", 30, HERITAGE_DAY, "2026-09-25T08:15+02:00", ()),
    8: ("2026-03-29T01:30+01:00", 120, ALWAYS, "2026-03-29T04:30+02:00", ()),
    9: ("2026-10-25T01:30+02:00", 120, ALWAYS, "2026-10-25T02:30+01:00", ()),
    10: ("2026-03-29T00:00+01:00", 300, SUNDAY_MORNING, "2026-03-29T06:00+02:00", ()),
    11: ("2026-08-03T09:30Z", 60, OFFICE, "2026-08-03T11:10Z", (SNOOZED,)),
}


@pytest.mark.parametrize("number", GOLDEN)
def test_the_golden_vectors(number: int) -> None:
    start, minutes, calendar, deadline, pauses = GOLDEN[number]
    assert calendar.deadline(at(start), minutes, pauses) == at(deadline)
    assert calendar.elapsed(at(start), at(deadline), pauses) == minutes * MINUTE


def test_a_deadline_is_in_utc() -> None:
    assert JOHANNESBURG.deadline(at("2026-08-03T09:00+02:00"), 1).tzinfo is UTC


def test_no_minutes_are_over_at_once() -> None:
    saturday = at("2026-08-01T12:00Z")
    assert OFFICE.deadline(saturday, 0) == OFFICE.latest_start(saturday, 0) == saturday


def test_a_deadline_at_the_end_of_the_day_is_not_the_next_morning() -> None:
    assert OFFICE.deadline(at("2026-08-03T16:00Z"), 60) == at("2026-08-03T17:00Z")


def test_a_reminder_before_the_deadline_may_lie_on_the_day_before() -> None:
    monday_morning = at("2026-08-03T09:30Z")
    assert OFFICE.latest_start(monday_morning, 15) == at("2026-08-03T09:15Z")
    assert OFFICE.latest_start(monday_morning, 30) == at("2026-08-03T09:00Z")
    assert OFFICE.latest_start(monday_morning, 60) == at("2026-07-31T16:30Z")


def test_a_reminder_is_not_before_a_pause_that_it_can_be_after() -> None:
    assert OFFICE.latest_start(at("2026-08-03T11:10Z"), 30, [SNOOZED]) == at("2026-08-03T10:40Z")
    assert OFFICE.latest_start(at("2026-08-03T11:10Z"), 31, [SNOOZED]) == at("2026-08-03T09:59Z")


def test_pauses_that_overlap_count_once() -> None:
    again = Pause(at("2026-08-03T10:20Z"), at("2026-08-03T10:50Z"))
    empty = Pause(at("2026-08-03T11:00Z"), at("2026-08-03T11:00Z"))
    assert OFFICE.deadline(at("2026-08-03T09:30Z"), 60, [again, SNOOZED, empty]) == at("2026-08-03T11:20Z")


def test_a_pause_that_is_over_or_still_to_come_changes_nothing() -> None:
    assert OFFICE.deadline(at("2026-08-03T12:00Z"), 60, [SNOOZED]) == at("2026-08-03T13:00Z")
    assert OFFICE.deadline(at("2026-08-03T09:00Z"), 60, [SNOOZED]) == at("2026-08-03T10:00Z")
    assert OFFICE.latest_start(at("2026-08-03T09:30Z"), 15, [SNOOZED]) == at("2026-08-03T09:15Z")


def test_who_begins_within_a_pause_begins_at_its_end() -> None:
    assert OFFICE.deadline(at("2026-08-03T10:10Z"), 5, [SNOOZED]) == at("2026-08-03T10:45Z")
    assert OFFICE.latest_start(at("2026-08-03T10:10Z"), 5, [SNOOZED]) == at("2026-08-03T09:55Z")


def test_nothing_has_elapsed_before_the_start() -> None:
    assert OFFICE.elapsed(at("2026-08-04T09:00Z"), at("2026-08-03T09:00Z")) == timedelta()


def test_parts_of_a_minute_are_not_lost() -> None:
    start = at("2026-08-03T16:59:59.999999Z")
    assert OFFICE.deadline(start, 1) == at("2026-08-04T09:00:59.999999Z")
    assert OFFICE.elapsed(start, at("2026-08-04T09:00:00Z")) == timedelta(microseconds=1)


def test_pauses_outside_of_what_is_asked_for_take_nothing_away() -> None:
    assert OFFICE.elapsed(at("2026-08-03T11:00Z"), at("2026-08-03T12:00Z"), [SNOOZED]) == timedelta(hours=1)


def test_other_hours_hold_on_a_day_that_is_an_exception() -> None:
    christmas_eve = BusinessTime("UTC", weekdays(NINE_TO_FIVE), {date(2026, 12, 24): (Hours(9 * 60, 12 * 60),)})
    assert christmas_eve.deadline(at("2026-12-24T11:30Z"), 60) == at("2026-12-25T09:30Z")


def test_a_day_that_a_zone_left_out_is_nobodys() -> None:
    """Samoa had no 30 December 2011."""
    samoa = BusinessTime("Pacific/Apia", daily(NINE_TO_FIVE))
    assert samoa.deadline(at("2011-12-29T16:30-10:00"), 60) == at("2011-12-31T09:30+14:00")


def test_new_years_eve_in_the_west_lies_in_the_next_year_of_utc() -> None:
    new_york = BusinessTime("America/New_York", daily(ALL_DAY), {date(2025, 12, 31): (Hours(20 * 60, 22 * 60),)})
    assert new_york.elapsed(at("2026-01-01T00:00Z"), at("2026-01-01T05:00Z")) == timedelta(hours=2)
    tokyo = BusinessTime("Asia/Tokyo", daily(ALL_DAY), {date(2026, 1, 1): (Hours(9 * 60, 11 * 60),)})
    assert tokyo.elapsed(at("2025-12-31T15:00Z"), at("2026-01-01T15:00Z")) == timedelta(hours=2)


def test_years_apart() -> None:
    new_year = at("2026-01-01T00:00Z")
    days = (new_year + timedelta(days=day) for day in range(10 * 365 + 2))
    ten_years = timedelta(hours=8 * sum(day.weekday() < 5 for day in days))
    assert OFFICE.elapsed(new_year, at("2036-01-01T00:00Z")) == ten_years
    assert OFFICE.deadline(new_year, ten_years // MINUTE) == at("2035-12-31T17:00Z")
    assert OFFICE.latest_start(at("2036-01-01T17:00Z"), 480) == at("2036-01-01T09:00Z")
    assert OFFICE.elapsed(at("2026-01-01T00:00Z"), at("2029-01-01T00:00Z")) == timedelta(hours=8 * (261 + 261 + 260))


@pytest.mark.parametrize("ask", [BusinessTime.deadline, BusinessTime.latest_start])
def test_a_calendar_that_is_never_open_is_refused(ask: object) -> None:
    closed = BusinessTime("UTC", daily())
    with pytest.raises(NothingIsWorked, match="Within 50 years"):
        ask(closed, at("2026-08-03T09:00Z"), 1)  # type: ignore[operator]


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia",
         "Africa/Casablanca", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham", "America/Sao_Paulo"]  # fmt: skip
CHANGES = [date(2026, 3, 28), date(2026, 10, 24), date(2026, 3, 7), date(2026, 4, 4), date(2011, 12, 28),
           date(2026, 2, 14), date(2018, 2, 16), date(2026, 12, 30)]  # fmt: skip


@st.composite
def days(draw: st.DrawFn) -> Day:
    bounds = draw(st.lists(st.integers(0, 24 * 60), max_size=6, unique=True).map(sorted))
    return tuple(Hours(opens, closes) for opens, closes in zip(bounds[::2], bounds[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[BusinessTime, datetime]:
    """A calendar, and a day on which somewhere the clocks are changed or a holiday is near."""
    week = draw(st.tuples(*[st.one_of(st.just((NINE_TO_FIVE,)), days())] * 7))
    first = draw(st.sampled_from(CHANGES)) + timedelta(days=draw(st.integers(-2, 2)))
    near = st.integers(-1, 4).map(lambda after: first + timedelta(days=after))
    exceptions = draw(st.dictionaries(near, days(), max_size=3))
    return BusinessTime(draw(st.sampled_from(ZONES)), week, exceptions), datetime(*first.timetuple()[:3], tzinfo=UTC)


WALKED_MINUTES = 3 * 24 * 60
CASES_A_CALENDAR = 25


def walk(calendar: BusinessTime, first: datetime) -> list[bool]:
    """Look at the clock on the wall every minute for three days: is this a working hour?"""
    worked = []
    for minute in range(WALKED_MINUTES):
        there = (first + minute * MINUTE).astimezone(ZoneInfo(calendar.zone))
        hours = calendar.exceptions.get(there.date(), calendar.week[there.weekday()])
        worked.append(any(opens <= there.hour * 60 + there.minute < closes for opens, closes in hours))
    return worked


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(calendars(), st.randoms(use_true_random=False))
def test_somebody_who_looks_at_the_clock_every_minute_agrees(
    found: tuple[BusinessTime, datetime], dice: Random
) -> None:
    """Ten thousand cases: four hundred calendars with twenty-five starts, targets and sets of pauses each."""
    agree(*found, dice)


@settings(max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(calendars(), st.randoms(use_true_random=False))
def test_somebody_who_looks_at_the_clock_for_a_while_agrees(found: tuple[BusinessTime, datetime], dice: Random) -> None:
    """A few of these, always the same ones, for those who try three thousand changes of the code."""
    agree(*found, dice)


def agree(calendar: BusinessTime, first: datetime, dice: Random) -> None:
    open_then = walk(calendar, first)
    for _ in range(CASES_A_CALENDAR):
        start, minutes = dice.randrange(24 * 60), dice.randrange(900)
        pauses = [
            (begins, begins + dice.randrange(900)) for begins in dice.sample(range(-300, 3000), dice.randrange(4))
        ]
        counted = open_then.copy()
        for begins, ends in pauses:
            counted[max(begins, 0) : max(ends, 0)] = [False] * (max(ends, 0) - max(begins, 0))
        worked, walked = 0, start
        while worked < minutes and walked < WALKED_MINUTES:
            worked += counted[walked]
            walked += 1

        then = [Pause(first + begins * MINUTE, first + ends * MINUTE) for begins, ends in pauses]
        began, over = first + start * MINUTE, first + walked * MINUTE
        assert calendar.elapsed(began, over, then) == worked * MINUTE
        stretches = list(calendar.worked(began, over, then))
        assert sum((ends - begins for begins, ends in stretches), timedelta()) == worked * MINUTE
        minutes_told = [
            minute
            for begins, ends in stretches
            for minute in range((begins - first) // MINUTE, (ends - first) // MINUTE)
        ]
        assert minutes_told == [minute for minute in range(start, walked) if counted[minute]]
        assert all(one.ends_at < other.begins_at for one, other in pairwise(stretches))
        if worked < minutes:
            continue
        assert calendar.deadline(began, minutes, then) == over
        # Back again: no later instant has as many minutes before the deadline.
        back = calendar.latest_start(over, minutes, then)
        assert began <= back <= over
        assert calendar.elapsed(back, over, then) == minutes * MINUTE
        assert minutes == 0 or counted[(back - first) // MINUTE]


def test_work_begins_now_or_when_the_next_window_opens() -> None:
    nine, five = at("2026-08-03T09:00Z"), at("2026-08-03T17:00Z")
    assert OFFICE.opens_at(nine) == nine
    assert OFFICE.opens_at(at("2026-08-03T16:59:59Z")) == at("2026-08-03T16:59:59Z")
    assert OFFICE.opens_at(five) == at("2026-08-04T09:00Z")
    assert OFFICE.opens_at(at("2026-08-01T12:00Z")) == nine
    assert SPLIT.opens_at(at("2026-08-03T12:30Z")) == at("2026-08-03T13:30Z")
    assert OFFICE.opens_at(five).tzinfo is UTC


def stretches(calendar: BusinessTime, start: str, end: str, *pauses: Pause) -> list[tuple[str, str]]:
    found = calendar.worked(at(start), at(end), pauses)
    return [(f"{one.begins_at:%a %H:%M:%S%z}", f"{one.ends_at:%a %H:%M:%S%z}") for one in found]


def test_what_was_worked_between_two_instants_is_told_stretch_by_stretch() -> None:
    assert stretches(OFFICE, "2026-07-31T16:50Z", "2026-08-03T09:50Z") == [
        ("Fri 16:50:00+0000", "Fri 17:00:00+0000"),
        ("Mon 09:00:00+0000", "Mon 09:50:00+0000"),
    ]
    assert stretches(OFFICE, "2026-08-03T09:30Z", "2026-08-03T11:10Z", SNOOZED) == [
        ("Mon 09:30:00+0000", "Mon 10:00:00+0000"),
        ("Mon 10:40:00+0000", "Mon 11:10:00+0000"),
    ]
    assert list(OFFICE.worked(at("2026-08-03T09:00Z"), at("2026-08-03T10:00Z"))) == [
        Stretch(at("2026-08-03T09:00Z"), at("2026-08-03T10:00Z"))
    ]


def test_no_stretch_is_empty() -> None:
    assert stretches(OFFICE, "2026-08-03T17:00Z", "2026-08-04T09:00Z") == []
    assert stretches(OFFICE, "2026-08-03T12:00Z", "2026-08-03T12:00Z") == []
    assert stretches(OFFICE, "2026-08-03T12:00Z", "2026-08-03T11:00Z") == []
    assert stretches(OFFICE, "2026-08-03T10:00Z", "2026-08-03T10:40Z", SNOOZED) == []
    assert stretches(BusinessTime("UTC", daily()), "2026-08-03T10:00Z", "2027-08-03T10:00Z") == []


def test_a_pause_that_is_over_or_still_to_come_cuts_no_stretch() -> None:
    within = [("Mon 11:00:00+0000", "Mon 12:00:00+0000")]
    later = Pause(at("2026-08-03T12:00Z"), at("2026-08-03T13:00Z"))
    assert stretches(OFFICE, "2026-08-03T11:00Z", "2026-08-03T12:00Z", SNOOZED, later) == within


def test_time_that_is_always_worked_is_one_stretch_over_midnight_and_new_year() -> None:
    found = list(ALWAYS.worked(at("2025-12-30T10:00Z"), at("2027-01-02T10:00Z")))
    assert found == [Stretch(at("2025-12-30T10:00Z"), at("2027-01-02T10:00Z"))]


def test_the_first_stretches_of_many_years_are_found_at_once() -> None:
    found = BusinessTime("Europe/Vienna", weekdays(NINE_TO_FIVE))
    ask = found.worked(at("2026-08-03T00:00Z"), at("2070-01-01T00:00Z"))
    assert len(list(islice(ask, 50))) == 50
    assert list(found._years) == [2026]


def test_hours_are_told_by_the_wall_on_either_side_of_a_change_of_the_clocks() -> None:
    """Made anew each time: what a calendar once looked up it remembers."""
    berlin = BusinessTime("Europe/Berlin", weekdays(NINE_TO_FIVE))
    assert berlin.deadline(at("2026-03-27T16:30+01:00"), 60) == at("2026-03-30T09:30+02:00")
    assert berlin.latest_start(at("2026-03-30T09:30+02:00"), 60) == at("2026-03-27T16:30+01:00")
    assert berlin.deadline(at("2026-10-23T16:30+02:00"), 60) == at("2026-10-26T09:30+01:00")
    assert berlin.elapsed(at("2026-03-27T16:00+01:00"), at("2026-03-30T10:00+02:00")) == timedelta(hours=2)
    sundays = BusinessTime("Europe/Berlin", ((), (), (), (), (), (), (Hours(0, 6 * 60),)))
    assert sundays.elapsed(at("2026-03-29T00:00+01:00"), at("2026-03-29T12:00+02:00")) == timedelta(hours=5)
    assert sundays.elapsed(at("2026-10-25T00:00+02:00"), at("2026-10-25T12:00+01:00")) == timedelta(hours=7)
    early = BusinessTime("Europe/Berlin", ((), (), (), (), (), (), (Hours(90, 150),)))
    assert early.deadline(at("2026-03-29T00:00+01:00"), 30) == at("2026-03-29T01:00Z")
    down_under = BusinessTime("Australia/Lord_Howe", weekdays(NINE_TO_FIVE))
    assert down_under.deadline(at("2026-04-03T16:30+11:00"), 60) == at("2026-04-06T09:30+10:30")
    assert down_under.deadline(at("2026-10-02T16:30+10:30"), 60) == at("2026-10-05T09:30+11:00")


def test_what_little_is_worked_is_counted_over_many_years_forward_and_back() -> None:
    an_hour_a_week = BusinessTime("UTC", ((Hours(9 * 60, 10 * 60),), (), (), (), (), (), ()))
    for weeks in (60, 120, 180):
        start, over = at("2022-01-03T09:00Z"), at("2022-01-03T10:00Z") + timedelta(weeks=weeks - 1)
        assert an_hour_a_week.deadline(start, 60 * weeks) == over
        assert an_hour_a_week.latest_start(over, 60 * weeks) == start
        assert an_hour_a_week.elapsed(start, over) == timedelta(hours=weeks)
