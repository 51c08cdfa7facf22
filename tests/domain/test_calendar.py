"""Calendars: hours and holidays are set from now on, and never for what was decided before."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.business_time import Hours, Week
from domain.calendar import (
    Calendar,
    CalendarEvent,
    CalendarSet,
    CalendarUnknown,
    DayIsPast,
    DaysExcepted,
    DaysRestored,
    ExceptedDay,
    HoursAreOutsideTheDay,
    HoursOverlap,
    NobodyEverWorks,
    TooManyDays,
    WouldRewriteThePast,
    ZoneUnknown,
    evolve,
    except_days,
    on_the_wall,
    replay,
    restore_days,
    set_hours,
    take_holidays,
)
from domain.event import Actor
from domain.identity import CalendarId
from domain.occasion import DatedBeforeALaterChange, Occasion
from domain.refusal import Refusal
from tests.support.story import NINE, ONE, TEN

VIENNA = CalendarId("vienna")
ADMIN = Actor("admin-1", "admin", "key:lk_1")
OFFICE, MORNING = Hours(9 * 60, 17 * 60), Hours(9 * 60, 12 * 60)
WEEK: Week = ((OFFICE,), (OFFICE,), (OFFICE,), (OFFICE,), (OFFICE,), (), ())
SHORT: Week = ((MORNING,), (MORNING,), (MORNING,), (MORNING,), (MORNING,), (), ())
CHRISTMAS = ExceptedDay(date(2026, 12, 25), called="christmas-day")
EVE = ExceptedDay(date(2026, 12, 24), (MORNING,), "christmas-eve")


def on(at: datetime, *, history: bool = False) -> Occasion:
    return Occasion(by=ADMIN, now=max(at, NINE), at=at, history=history)


def was_set(week: Week = WEEK, at: datetime = NINE, effective_from: datetime = NINE) -> CalendarSet:
    return CalendarSet(calendar=VIENNA, zone="Europe/Vienna", week=week, effective_from=effective_from, at=at, by=ADMIN)


def excepted(*days: ExceptedDay, at: datetime = TEN) -> DaysExcepted:
    return DaysExcepted(calendar=VIENNA, days=days, at=at, by=ADMIN)


def setting(
    *told: CalendarEvent, week: Week = WEEK, zone: str = "Europe/Vienna", effective_from: datetime | None = None,
    at: datetime = TEN,
) -> list[CalendarEvent]:  # fmt: skip
    return set_hours(replay(told), VIENNA, zone, week, effective_from, on(at))


def test_hours_hold_from_the_moment_they_are_set() -> None:
    assert setting(at=NINE) == [was_set()]
    assert replay([was_set()]).hours_at(TEN).deadline(TEN, 60) == TEN + timedelta(hours=1)


def test_a_calendar_still_knows_what_it_was_at_each_of_its_versions() -> None:
    told: list[CalendarEvent] = [was_set(), excepted(CHRISTMAS), excepted(EVE, at=ONE)]
    calendar = replay(told)
    for version in (1, 2, 3):
        then = calendar.at_version(version)
        assert (then, then.version) == (replay(told[:version]), version)
    assert calendar.at_version(1).hours_at(TEN).exceptions == {}
    assert replay(told[:2]).at_version(3) == replay(told[:2])
    assert calendar.at_version(None) is calendar


def test_the_first_hours_may_hold_from_long_ago() -> None:
    assert setting(at=NINE, effective_from=NINE - timedelta(days=900)) == [
        was_set(effective_from=NINE - timedelta(days=900))
    ]


def test_the_same_hours_again_are_already_so() -> None:
    assert setting(was_set()) == []
    assert setting(was_set(), was_set(SHORT, TEN, ONE), week=SHORT, effective_from=ONE) == []
    assert setting(was_set(), zone="Europe/Berlin") != []


def test_later_hours_hold_from_now_on_or_later() -> None:
    [short] = setting(was_set(), week=SHORT, effective_from=ONE)
    calendar = replay([was_set(), short])
    assert calendar.hours_at(TEN).week == WEEK
    assert calendar.hours_at(ONE).week == SHORT
    assert calendar.hours_at(NINE - timedelta(days=1)).week == WEEK
    assert calendar.hours_at(ONE) is calendar.hours_at(ONE + timedelta(days=1))


def test_hours_that_are_only_scheduled_may_be_changed_and_taken_back() -> None:
    scheduled = was_set(SHORT, TEN, ONE)
    assert setting(was_set(), scheduled) == [was_set(at=TEN, effective_from=TEN)]
    calendar = replay([was_set(), scheduled, was_set(at=TEN, effective_from=TEN)])
    assert calendar.hours_at(ONE).week == WEEK


def test_before_any_hours_hold_the_first_that_were_told_are_counted_with_whatever_is_told_later() -> None:
    calendar = replay([was_set(effective_from=ONE), was_set(SHORT, TEN, TEN)])
    assert [calendar.hours_at(at).week for at in (NINE, TEN, ONE)] == [WEEK, SHORT, SHORT]


def test_the_past_is_not_rewritten() -> None:
    with pytest.raises(WouldRewriteThePast, match="would hold from 2026-03-02 09:00"):
        setting(was_set(), week=SHORT, effective_from=NINE)
    with pytest.raises(WouldRewriteThePast, match="but what held before 2026-03-02 10:00"):
        setting(was_set(), was_set(SHORT, TEN, ONE), week=WEEK, effective_from=TEN - timedelta(minutes=1))
    with pytest.raises(WouldRewriteThePast, match="would hold from 2026-03-02 10:00"):
        set_hours(replay([was_set()]), VIENNA, "UTC", SHORT, None, Occasion(by=ADMIN, now=ONE, at=TEN))
    with pytest.raises(DatedBeforeALaterChange):
        setting(was_set(at=TEN), week=SHORT, at=NINE)


NO_ZONES = [
    "Europe/Wien",
    "",
    "../etc/passwd",
    "Europe",
    "/etc/localtime",
    "localtime",
    "right/UTC",
    "posix/UTC",
    "Factory",
]


@pytest.mark.parametrize("zone", NO_ZONES)
def test_a_zone_that_is_none_is_named(zone: str) -> None:
    with pytest.raises(ZoneUnknown, match="There is no time zone called"):
        setting(zone=zone)


@pytest.mark.parametrize("hours", [Hours(-1, 60), Hours(60, 60), Hours(90, 60), Hours(1380, 1441)])
def test_hours_lie_in_their_day(hours: Hours) -> None:
    with pytest.raises(
        HoursAreOutsideTheDay,
        match=f"Tuesday has hours from {on_the_wall(hours.opens)} to {on_the_wall(hours.closes)};",
    ):
        setting(week=((), (hours,), (), (), (), (), ()))
    with pytest.raises(HoursAreOutsideTheDay, match="2026-12-24"):
        except_days(replay([was_set()]), VIENNA, [ExceptedDay(EVE.day, (hours,))], on(TEN))


def test_hours_do_not_overlap_but_may_touch() -> None:
    with pytest.raises(HoursOverlap, match=r"Sunday has hours that overlap.*09:00 comes before the hours until 12:00"):
        setting(week=((), (), (), (), (), (), (MORNING, OFFICE)))
    assert setting(week=((MORNING, Hours(12 * 60, 24 * 60)), (), (), (), (), (), ()))


def test_an_empty_week_is_refused() -> None:
    with pytest.raises(NobodyEverWorks, match="calendar vienna"):
        setting(week=((), (), (), (), (), (), ()))


def test_holidays_and_shorter_days_are_excepted() -> None:
    calendar = replay([was_set()])
    assert except_days(calendar, VIENNA, [CHRISTMAS, EVE], on(TEN)) == [excepted(EVE, CHRISTMAS)]
    hours = evolve(calendar, excepted(EVE, CHRISTMAS)).hours_at(TEN)
    noon = datetime(2026, 12, 24, 11, 0, tzinfo=UTC)
    assert hours.deadline(noon - timedelta(minutes=30), 60) == datetime(2026, 12, 28, 8, 30, tzinfo=UTC)


def test_a_list_of_holidays_may_come_again() -> None:
    calendar = replay([was_set(), excepted(EVE, CHRISTMAS)])
    assert except_days(calendar, VIENNA, [CHRISTMAS, EVE], on(ONE)) == []
    new = ExceptedDay(date(2026, 12, 26))
    assert except_days(calendar, VIENNA, [CHRISTMAS, new], on(ONE)) == [excepted(new, at=ONE)]


def test_holidays_of_a_file_are_taken_where_they_are_to_come_and_nobody_said_otherwise() -> None:
    calendar = replay([was_set(), excepted(EVE)])
    past, whole_day = ExceptedDay(NINE.date() - timedelta(days=1)), ExceptedDay(EVE.day, called="heiligabend")
    today = ExceptedDay(NINE.date())
    assert take_holidays(calendar, VIENNA, [past, today, whole_day, CHRISTMAS], on(ONE)) == [
        excepted(today, CHRISTMAS, at=ONE)
    ]
    assert take_holidays(calendar, VIENNA, [past, whole_day], on(ONE)) == []
    with pytest.raises(CalendarUnknown):
        take_holidays(Calendar(), VIENNA, [CHRISTMAS], on(ONE))


def test_a_day_becomes_one_like_others_again() -> None:
    calendar = replay([was_set(), excepted(EVE, CHRISTMAS)])
    restored = DaysRestored(calendar=VIENNA, days=(EVE.day,), at=ONE, by=ADMIN)
    assert restore_days(calendar, VIENNA, [EVE.day, date(2026, 12, 23)], on(ONE)) == [restored]
    assert evolve(calendar, restored).days == {CHRISTMAS.day: CHRISTMAS}
    assert restore_days(calendar, VIENNA, [date(2026, 12, 23)], on(ONE)) == []


def test_days_that_are_past_stay_as_they_were() -> None:
    yesterday, today = ExceptedDay(NINE.date() - timedelta(days=1)), ExceptedDay(NINE.date())
    calendar = replay([was_set()])
    with pytest.raises(DayIsPast, match="2026-03-01 is past; only days from 2026-03-02 on"):
        except_days(calendar, VIENNA, [yesterday, today], on(TEN))
    assert except_days(calendar, VIENNA, [today], on(TEN)) == [excepted(today)]
    assert except_days(calendar, VIENNA, [yesterday], on(TEN, history=True)) == [excepted(yesterday)]
    with pytest.raises(DayIsPast):
        restore_days(replay([was_set(), excepted(yesterday)]), VIENNA, [yesterday.day], on(ONE))


def test_today_is_what_the_calendars_zone_calls_today() -> None:
    """At 23:30 UTC it is tomorrow in Vienna."""
    late = NINE.replace(hour=23, minute=30)
    with pytest.raises(DayIsPast):
        except_days(replay([was_set()]), VIENNA, [ExceptedDay(late.date())], on(late))
    in_honolulu = replace(was_set(), zone="Pacific/Honolulu")
    to_move = was_set(at=TEN, effective_from=late + timedelta(days=1))
    assert except_days(replay([in_honolulu, to_move]), VIENNA, [ExceptedDay(late.date())], on(late))


def test_nothing_is_slipped_in_before_a_later_change() -> None:
    calendar = replay([was_set(), excepted(EVE, at=ONE)])
    with pytest.raises(DatedBeforeALaterChange):
        except_days(calendar, VIENNA, [CHRISTMAS], on(TEN))
    with pytest.raises(DatedBeforeALaterChange):
        restore_days(calendar, VIENNA, [EVE.day], on(TEN))


def test_one_change_names_no_more_days_than_a_person_can_check() -> None:
    days = [ExceptedDay(date(2027, 1, 1) + timedelta(days=day)) for day in range(2_001)]
    with pytest.raises(TooManyDays, match="2001 days are more"):
        except_days(replay([was_set()]), VIENNA, days, on(TEN))
    assert except_days(replay([was_set()]), VIENNA, days[1:], on(TEN))


def test_a_calendar_that_is_not_on_record_has_no_days() -> None:
    with pytest.raises(CalendarUnknown, match="No calendar called vienna"):
        except_days(Calendar(), VIENNA, [EVE], on(TEN))
    with pytest.raises(CalendarUnknown):
        restore_days(Calendar(), VIENNA, [EVE.day], on(TEN))


def test_nothing_but_its_own_events_changes_a_calendar() -> None:
    with pytest.raises(AssertionError, match="object"):
        evolve(Calendar(), object())  # type: ignore[arg-type]


def test_a_name_that_stays_on_record_is_fit_for_it() -> None:
    with pytest.raises(Refusal):
        set_hours(Calendar(), CalendarId("Vienna Office"), "Europe/Vienna", WEEK, None, on(TEN))


def test_a_deadline_cites_how_many_events_told_the_calendar() -> None:
    told: list[CalendarEvent] = [was_set()]
    assert [Calendar().version, replay(told).version] == [0, 1]
    told.append(excepted(EVE))
    assert replay(told).version == 2
    told.append(was_set(SHORT, ONE, ONE))
    assert replay(told).version == 3


def test_hours_may_begin_at_midnight_and_end_at_midnight() -> None:
    assert setting(week=((Hours(0, 24 * 60),), (), (), (), (), (), ()))


def test_refusals_say_all_that_they_know() -> None:
    days = [ExceptedDay(date(2027, 1, 1) + timedelta(days=day)) for day in range(2_001)]
    with pytest.raises(TooManyDays, match="name at most 2000"):
        except_days(replay([was_set()]), VIENNA, days, on(TEN))
    for zone in ("Europe/Wien", "localtime"):
        with pytest.raises(ZoneUnknown, match=f"no time zone called {zone}"):
            setting(zone=zone)
    with pytest.raises(CalendarUnknown, match="No calendar called vienna"):
        restore_days(Calendar(), VIENNA, [EVE.day], on(TEN))
    with pytest.raises(CalendarUnknown, match="No calendar called vienna"):
        take_holidays(Calendar(), VIENNA, [EVE], on(TEN))
