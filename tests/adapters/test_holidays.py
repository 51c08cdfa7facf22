"""Holidays are taken from an iCal file, and what cannot be taken is told with its line."""

import re
import time
from datetime import UTC, date, datetime

import pytest

from adapters.holidays import HolidaysAreUnreadable, holidays
from domain.calendar import ExceptedDay

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHRISTMAS = "DTSTART;VALUE=DATE:20261225"
YEARLY = "RRULE:FREQ=YEARLY"
PUZZLING = "this event repeats in a way that is not understood (line 3)"


def file(*lines: str, newline: str = "\r\n") -> bytes:
    return newline.join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()


def event(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VEVENT", *lines, "END:VEVENT")


def days(*lines: str) -> list[str]:
    return [f"{one.day} {one.called or ''}".strip() for one in holidays(file(*lines), NOW)]


def why(given: bytes) -> str:
    with pytest.raises(HolidaysAreUnreadable) as refused:
        holidays(given, NOW)
    return refused.value.about["why"]


def test_a_holiday_is_called_by_a_name_that_may_stand_on_record() -> None:
    told = holidays(file(*event(CHRISTMAS, "SUMMARY:Christmas Day")), NOW)
    assert told == [ExceptedDay(date(2026, 12, 25), (), "christmas-day")]


@pytest.mark.parametrize(
    ("summary", "slug"),
    [
        ("New Year's Day", "new-years-day"),
        ("New Year’s Day", "new-years-day"),
        ("Mariä Himmelfahrt (Kärnten\\, Öffnung?)", "maria-himmelfahrt-karnten-offnung"),
        ("Große Fronleichnams-Prozession", "grosse-fronleichnams-prozession"),
        ("ada@example.com", ""),
        ("元旦", ""),
        ("...", ""),
        ("x" * 63 + " yz", "x" * 63),
    ],
)
def test_what_remains_of_a_name(summary: str, slug: str) -> None:
    assert days(*event(CHRISTMAS, f"SUMMARY:{summary}")) == [f"2026-12-25 {slug}".strip()]


def test_the_end_is_the_first_day_that_is_not_covered() -> None:
    assert days(*event(CHRISTMAS, "DTEND;VALUE=DATE:20261227")) == ["2026-12-25", "2026-12-26"]
    assert days(*event(CHRISTMAS, "DTEND;VALUE=DATE:20261226")) == ["2026-12-25"]
    assert days(*event(CHRISTMAS, "DTEND;VALUE=DATE:20261225")) == ["2026-12-25"]
    assert days(*event(CHRISTMAS, "DURATION:P2D")) == ["2026-12-25", "2026-12-26"]
    assert days(*event(CHRISTMAS, "DURATION:PT5M")) == ["2026-12-25"]


def test_what_comes_every_year_is_taken_for_ten_years() -> None:
    taken = days(*event("DTSTART;VALUE=DATE:19980101", YEARLY, "SUMMARY:New Year"))
    assert taken == [f"{year}-01-01 new-year" for year in range(2026, 2037)]
    assert days(*event("DTSTART;VALUE=DATE:20240229", YEARLY)) == ["2028-02-29", "2032-02-29", "2036-02-29"]
    assert days(*event("DTSTART;VALUE=DATE:20240101", f"{YEARLY};INTERVAL=5")) == ["2029-01-01", "2034-01-01"]
    assert days(*event("DTSTART;VALUE=DATE:20240101", f"{YEARLY};COUNT=4"))[-1] == "2027-01-01"
    assert days(*event("DTSTART;VALUE=DATE:20390101", YEARLY)) == []


def test_the_fourth_thursday_of_november() -> None:
    thanksgiving = days(*event("DTSTART;VALUE=DATE:20241128", f"{YEARLY};BYMONTH=11;BYDAY=4TH;UNTIL=20281231"))
    assert thanksgiving == ["2026-11-26", "2027-11-25", "2028-11-23"]


@pytest.mark.parametrize("until", ["20271225", "20271225T000000Z", "20271225T120000"])
def test_the_last_time_is_still_one(until: str) -> None:
    assert days(*event(CHRISTMAS, f"{YEARLY};UNTIL={until}")) == ["2026-12-25", "2027-12-25"]
    assert days(*event("DTSTART;VALUE=DATE:20280101", f"{YEARLY};UNTIL={until}")) == ["2028-01-01"]


def test_days_may_be_left_out_added_and_moved() -> None:
    rule = (CHRISTMAS, "UID:1", f"{YEARLY};UNTIL=20291225")
    left_out = days(*event(*rule, "EXDATE;VALUE=DATE:20261225,20281225", "EXDATE:20291225T000000"))
    assert left_out == ["2027-12-25"]
    added = days(*event(CHRISTMAS, "RDATE;VALUE=DATE:20270101,20280101"))
    assert added == ["2026-12-25", "2027-01-01", "2028-01-01"]
    instead = event("UID:1", "RECURRENCE-ID;VALUE=DATE:20271225", "DTSTART;VALUE=DATE:20271227")
    assert days(*event(*rule), *instead) == ["2026-12-25", "2027-12-27", "2028-12-25", "2029-12-25"]


def test_a_day_that_two_events_cover_is_named_by_the_first_that_has_a_name() -> None:
    taken = days(*event(CHRISTMAS), *event(CHRISTMAS, "SUMMARY:One"), *event(CHRISTMAS, "SUMMARY:Two"))
    assert taken == ["2026-12-25 one"]


def test_what_has_times_of_day_or_was_called_off_is_passed_over() -> None:
    party = event("DTSTART:20261224T180000Z", "DTEND:20261224T200000Z")
    cancelled = event("DTSTART;VALUE=DATE:20261231", "STATUS:CANCELLED")
    assert days(*party, *cancelled, *event(CHRISTMAS)) == ["2026-12-25"]
    assert why(file(*party)) == "none of its events lasts all day, as holidays do (line 3)"
    assert why(file(*cancelled)) == "none of its events lasts all day, as holidays do (line 3)"


def test_files_as_other_programs_write_them() -> None:
    body = event("DTSTART:20261225", "SUMMARY:Christ", " mas", "\tDay", "BEGIN:VALARM", "TRIGGER:-P1D", "END:VALARM")
    for written in (file(*body), file("", *body, newline="\n"), b"\xef\xbb\xbf" + file(*body), file() + file(*body)):
        assert holidays(written, NOW) == [ExceptedDay(date(2026, 12, 25), (), "christmasday")]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (b"", "there is no event in it"),
        (file(), "there is no event in it"),
        (b"hello", "it must begin with BEGIN:VCALENDAR, and nothing may follow END:VCALENDAR (line 1)"),
        (b"<html>\n</html>", "it must begin with BEGIN:VCALENDAR, and nothing may follow END:VCALENDAR (line 1)"),
        (
            file(*event(CHRISTMAS)) + b"END:VCALENDAR",
            "it must begin with BEGIN:VCALENDAR, and nothing may follow END:VCALENDAR (line 7)",
        ),
        (b"BEGIN:VCALENDAR\n\xff", "it is no UTF-8 (line 2)"),
        (file("hello"), "it is no iCalendar (line 3)"),
        (file(*event(CHRISTMAS, "hello")), "it is no iCalendar (line 5)"),
        (file("BEGIN;X=Y:VEVENT", "END:VEVENT"), "it is no iCalendar (line 3)"),
        (file("BEGIN:VTIMEZONE", "TZID:X", "END:VTIMEZONE", *event(CHRISTMAS)), "it is no iCalendar"),
        (file("BEGIN:VEVENT", CHRISTMAS), "this does not end what began last (line 5)"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + CHRISTMAS.encode(), "it is cut off: what began last does not end"),
        (file(*["BEGIN:VEVENT"] * 9), "its parts are nested too deeply (line 6)"),
        (file(*event("SUMMARY:x")), "this event does not say when it begins (DTSTART) (line 3)"),
        (file(*event("DTSTART;VALUE=DATE:20261325")), "DTSTART of this event cannot be read (line 3)"),
        (file(*event(CHRISTMAS, CHRISTMAS)), "DTSTART of this event cannot be read (line 3)"),
        (file(*event("DTSTART;VALUE=DATE:15990101")), "this event begins before the year 1600 (line 3)"),
        (file(*event(CHRISTMAS, "EXDATE;VALUE=DATE:x")), "EXDATE of this event cannot be read (line 3)"),
        (file(*event(CHRISTMAS, "RDATE;VALUE=TIME:100000")), "RDATE of this event cannot be read (line 3)"),
        (file(*event(CHRISTMAS, "RECURRENCE-ID:x")), "RECURRENCE-ID of this event cannot be read (line 3)"),
        (
            file(*event(CHRISTMAS, "DTEND;VALUE=DATE:20261224")),
            "this event lasts -1 days; it may last up to 366 (line 3)",
        ),
        (file(*event(CHRISTMAS, "DURATION:P400D")), "this event lasts 400 days; it may last up to 366 (line 3)"),
        (file(*event(CHRISTMAS, "RRULE:FREQ=WEEKLY")), "this event repeats, but not by the year (line 3)"),
        (file(*event(CHRISTMAS, YEARLY, YEARLY)), "this event repeats, but not by the year (line 3)"),
        (
            file(*event(CHRISTMAS, f"{YEARLY};INTERVAL=0")),
            PUZZLING,
        ),
        (file(*event(CHRISTMAS, f"{YEARLY};BYHOUR=4")), PUZZLING),
        (
            file(*event(CHRISTMAS, f"{YEARLY};BYSETPOS=0")),
            PUZZLING,
        ),
        (
            file(*event(CHRISTMAS, f"{YEARLY};BYDAY=99MO")),
            PUZZLING,
        ),
        (b"x" * 1_000_001, "it has 1,000,001 bytes, and at most 1,000,000 are read"),
        (file(*["X:1"] * 60_000), "it has more than 50,000 lines, or so many characters in one (line 50001)"),
        (file(f"X:{'x' * 60_000}"), "it has more than 50,000 lines, or so many characters in one (line 3)"),
        (file(*event(CHRISTMAS) * 2_001), "it has 2,001 events, and at most 2,000 are read"),
        (file(*event(CHRISTMAS, YEARLY) * 101), "more than 100 of its events repeat"),
        (file(*event(CHRISTMAS, "DURATION:P366D") * 60), "it names more days than anybody could check"),
    ],
)
def test_what_cannot_be_taken_is_told_with_its_line(given: bytes, reason: str) -> None:
    assert why(given) == reason


def test_what_stands_in_the_file_is_not_repeated() -> None:
    assert not re.search("ada", why(file(*event(CHRISTMAS, "ada@example.com"))))


def test_rules_that_never_come_true_are_given_up_soon() -> None:
    never = event("DTSTART;VALUE=DATE:20260101", f"{YEARLY};BYMONTH=2;BYMONTHDAY=30")
    began = time.monotonic()
    assert days(*never * 10) == ["2026-01-01"]
    assert time.monotonic() - began < 5
