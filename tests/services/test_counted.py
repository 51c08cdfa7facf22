"""What was counted towards a deadline, and the words for why the rest was not."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.business_time import BusinessTime, Hours, Pause
from domain.calendar import ExceptedDay
from domain.policy import EVERY_MINUTE
from services.counted import Counted, counted, in_words

DAY = (Hours(9 * 60, 17 * 60),)
ZONE = "Africa/Johannesburg"
HERITAGE_DAY = ExceptedDay(date(2026, 9, 24), (), "heritage-day")
SHORT_FRIDAY = ExceptedDay(date(2026, 9, 25), (Hours(10 * 60, 12 * 60),))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+02:00").astimezone(UTC)


def count(start: str, end: str, *pauses: Pause, days: tuple[ExceptedDay, ...] = ()) -> Counted:
    hours = BusinessTime(ZONE, (DAY, DAY, DAY, DAY, DAY, (), ()), {one.day: one.hours for one in days})
    return counted(hours, {one.day: one for one in days}, ZoneInfo(ZONE), at(start), at(end), pauses)


def because(found: Counted) -> list[str]:
    return [gap.because for gap in found.gaps]


def said(found: Counted) -> str:
    return in_words(found, ZoneInfo(ZONE))


def test_a_day_off_is_told_by_its_name() -> None:
    found = count("2026-09-23T16:45", "2026-09-25T10:15", days=(HERITAGE_DAY, SHORT_FRIDAY))
    assert said(found) == "15 on Wed 16:45-17:00, 15 on Fri 10:00-10:15"
    assert because(found) == [
        "Thu 2026-09-24 is a day off (heritage-day); Fri 2026-09-25 has other hours; outside of hours"
    ]


def test_a_day_off_where_work_never_ends_is_all_that_was_not_counted() -> None:
    always = BusinessTime("UTC", ((Hours(0, 1440),),) * 7, {HERITAGE_DAY.day: ()})
    start, end = datetime(2026, 9, 23, 22, tzinfo=UTC), datetime(2026, 9, 25, 1, tzinfo=UTC)
    found = counted(always, {HERITAGE_DAY.day: HERITAGE_DAY}, ZoneInfo("UTC"), start, end, ())
    assert because(found) == ["Thu 2026-09-24 is a day off (heritage-day)"]
    assert in_words(found, ZoneInfo("UTC")) == "120 on Wed 22:00-24:00, 60 on Fri 00:00-01:00"


def test_the_time_before_work_begins_and_the_time_that_a_lead_waits_are_told() -> None:
    waited = Pause(at("2026-09-23T10:00"), at("2026-09-23T10:40"))
    overnight = Pause(at("2026-09-23T16:00"), at("2026-09-24T08:00"))
    found = count("2026-09-23T08:00", "2026-09-24T09:10", waited, overnight)
    assert because(found) == ["outside of hours", "snoozed", "snoozed; outside of hours"]
    assert said(found) == "60 on Wed 09:00-10:00, 320 on Wed 10:40-16:00, 10 on Thu 09:00-09:10"
    assert found.gaps[0].on_the_wall.begins_at == "2026-09-23T08:00:00+02:00"


def test_where_the_weekday_does_not_tell_which_the_date_is_said() -> None:
    found = count("2026-09-18T16:50", "2026-09-28T09:10", Pause(at("2026-09-19T00:00"), at("2026-09-28T00:00")))
    assert said(found) == "10 on Fri 2026-09-18 16:50-17:00, 10 on Mon 2026-09-28 09:00-09:10"


def test_what_goes_on_over_midnight_is_told_from_when_to_when() -> None:
    start = datetime(2026, 9, 23, 22, tzinfo=UTC)
    found = counted(EVERY_MINUTE, {}, ZoneInfo("UTC"), start, start + timedelta(minutes=150.55), ())
    assert in_words(found, ZoneInfo("UTC")) == "150.6 from Wed 22:00 to Thu 00:30"
    assert (found.told[0].minutes, found.gaps) == (150.55, [])


def test_nothing_is_counted_to_what_was_promised() -> None:
    found = count("2026-09-23T10:00", "2026-09-23T10:00")
    assert (found, said(found)) == (Counted([], 0, 0.0, []), "none")


def test_only_the_first_stretches_are_told_one_by_one() -> None:
    found = count("2026-01-01T09:00", "2026-12-31T17:00")
    assert (len(found.told), found.more, len(found.gaps)) == (50, 261 - 50, 49)
    assert sum(one.minutes for one in found.told) + found.more_minutes == 261 * 480
    assert said(found).startswith("480 on Thu 2026-01-01 09:00-17:00, 480 on Fri 2026-01-02 09:00-17:00, ")
    assert said(found).endswith(", 122,880 in 256 more stretches")


def test_one_more_is_no_plural() -> None:
    found = count("2026-09-14T09:00", "2026-09-21T09:30")
    assert said(found).endswith(" 480 on Fri 2026-09-18 09:00-17:00, 30 in 1 more stretch")


def test_days_that_are_otherwise_are_named_up_to_five() -> None:
    days = tuple(ExceptedDay(date(2026, 9, number)) for number in range(14, 21))
    found = count("2026-09-11T16:50", "2026-09-21T09:30", days=days)
    assert because(found)[0].split("; ") == [
        *(f"{date(2026, 9, number):%a %Y-%m-%d} is a day off" for number in range(14, 19)),
        "2 more days are otherwise",
        "outside of hours",
    ]
