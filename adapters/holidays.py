"""Holidays from an iCal file: the days on which something lasts all day, from this year on and ten years ahead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import Any, NoReturn

from dateutil.rrule import rrulestr
from icalendar import Calendar, vRecur
from icalendar.parser import Contentline

from domain.calendar import ExceptedDay
from domain.refusal import Refusal

MOST_BYTES = 1_000_000
MOST_LINES = 50_000
LONGEST_LINE_CHARACTERS = 50_000
MOST_EVENTS = 2_000
MOST_RULES = 100
EARLIEST_YEAR = 1600
"""Some programs let what is as old as can be begin in 1601 or 1604."""
LONGEST_DAYS = 366
MOST_STEPS = 20_000
"""So many days are looked at, each time that an event covers one."""
DEEPEST = 4
YEARS_AHEAD = 10
GREGORIAN_CYCLE_YEARS = 400
UNDERSTOOD = frozenset(
    {
        "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST",
        "BYMONTH", "BYMONTHDAY", "BYDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS",
    }
)  # fmt: skip


class HolidaysAreUnreadable(Refusal):
    """The iCal file cannot be taken: {why}."""


def holidays(file: bytes, now: datetime) -> list[ExceptedDay]:
    """Each day once, in order, called as the first event that covers it. Raises HolidaysAreUnreadable."""
    text = _decoded(file)
    lines = _event_lines(text)
    events = [_Event(event, line) for event, line in zip(_parsed(text, len(lines)), lines, strict=True)]
    all_day = [event for event in events if event.lasts_all_day]
    if not events:
        _refuse("there is no event in it")
    if not all_day:
        _refuse("none of its events lasts all day, as holidays do", lines[0])
    if sum(event.repeats for event in all_day) > MOST_RULES:
        _refuse(f"more than {MOST_RULES} of its events repeat")
    moved = {(event.uid, event.instead_of) for event in all_day if event.instead_of is not None}
    named: dict[date, str | None] = {}
    first, last = date(now.year, 1, 1), date(now.year + YEARS_AHEAD, 12, 31)
    steps = 0
    for event in all_day:
        for day in event.days(last, moved):
            steps += 1
            if steps > MOST_STEPS:
                _refuse("it names more days than anybody could check")
            if first <= day <= last:
                named[day] = named.get(day) or event.name
    return [ExceptedDay(day, (), name) for day, name in sorted(named.items())]


def _decoded(file: bytes) -> str:
    if len(file) > MOST_BYTES:
        _refuse(f"it has {len(file):,} bytes, and at most {MOST_BYTES:,} are read")
    try:
        return file.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        _refuse("it is no UTF-8", file.count(b"\n", 0, broken.start) + 1)


def _event_lines(text: str) -> list[int]:
    """Where each event begins. What is open is closed again, and nothing is nested deeply."""
    found: list[int] = []
    open_parts: list[str] = []
    for number, line in _numbered(text):
        if len(line) > LONGEST_LINE_CHARACTERS or number > MOST_LINES:
            _refuse(f"it has more than {MOST_LINES:,} lines, or so many characters in one", number)
        name, _, part = line.partition(":")
        word, part = name.partition(";")[0].strip().upper(), part.strip().upper()
        if not open_parts and (word, part) != ("BEGIN", "VCALENDAR"):
            _refuse("it must begin with BEGIN:VCALENDAR, and nothing may follow END:VCALENDAR", number)
        if word in ("BEGIN", "END") and word != name.upper():
            _refuse("it is no iCalendar", number)
        if word == "BEGIN":
            open_parts.append(part)
            if len(open_parts) > DEEPEST:
                _refuse("its parts are nested too deeply", number)
            if part == "VEVENT":
                found.append(number)
        elif word == "END" and open_parts.pop() != part:
            _refuse("this does not end what began last", number)
    if open_parts:
        _refuse("it is cut off: what began last does not end")
    if len(found) > MOST_EVENTS:
        _refuse(f"it has {len(found):,} events, and at most {MOST_EVENTS:,} are read")
    return found


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    """The lines with something in them, where each begins; a line that goes on after a blank is one line."""
    begins, parts = 1, [""]
    for number, line in enumerate(re.split(r"\r?\n", text), start=1):
        if line.startswith((" ", "\t")):
            parts.append(line[1:])
        elif line:
            yield from _whole(begins, parts)
            begins, parts = number, [line]
    yield from _whole(begins, parts)


def _whole(begins: int, parts: list[str]) -> Iterator[tuple[int, str]]:
    line = "".join(parts)
    if line.strip():
        yield begins, line


def _parsed(text: str, expected: int) -> list[Any]:
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except ValueError:
        _refuse("it is no iCalendar", _broken_line(text))
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    # The library passes a line over that it cannot read; nobody here knows whether it mattered.
    if len(events) != expected or any(part is None for event in events for part, _ in event.errors):
        _refuse("it is no iCalendar", _broken_line(text))
    return events


def _broken_line(text: str) -> int | None:
    for number, line in _numbered(text):
        try:
            Contentline(line).parts()  # type: ignore[no-untyped-call]
        except ValueError:
            return number
    return None


class _Event:
    """One event of the file."""

    def __init__(self, event: Any, line: int) -> None:
        self.event, self.line = event, line
        self.start = self._one("DTSTART")
        if self.start is None:
            _refuse("this event does not say when it begins (DTSTART)", line)
        if isinstance(self.start, date) and self.start.year < EARLIEST_YEAR:
            _refuse(f"this event begins before the year {EARLIEST_YEAR}", line)
        self.name = _slug(str(event.get("SUMMARY", "")))
        self.uid = str(event.get("UID", f"line {line}"))

    @property
    def lasts_all_day(self) -> bool:
        """An event with times of day is none; nor is one that was called off."""
        called_off = str(self.event.get("STATUS", "")).upper() == "CANCELLED"
        return isinstance(self.start, date) and not isinstance(self.start, datetime) and not called_off

    @property
    def repeats(self) -> bool:
        """Whether a rule tells when it comes again."""
        return "RRULE" in self.event

    @property
    def instead_of(self) -> date | None:
        """The day of a repeated event that this one replaces."""
        day = self._one("RECURRENCE-ID")
        return None if day is None else _day(day)

    def days(self, last: date, moved: set[tuple[str, date]]) -> Iterator[date]:
        """Every day that it covers."""
        left_out = self._many("EXDATE")
        length = self._length_days()
        for begins in sorted({self.start, *self._many("RDATE"), *self._repetitions(last)} - left_out):
            if self.instead_of is None and (self.uid, begins) in moved:
                continue
            for offset in range(min(length, (date.max - begins).days)):
                yield begins + timedelta(days=offset)

    def _length_days(self) -> int:
        """The end is the first day that it does not cover any more; without one it is a single day."""
        end, duration = self._one("DTEND"), self._one("DURATION")
        if end is not None and not isinstance(end, datetime) and isinstance(end, date):
            days = int((end - self.start).days)
        else:
            days = duration.days if isinstance(duration, timedelta) else 1
        if not 0 <= days <= LONGEST_DAYS:
            _refuse(f"this event lasts {days:,} days; it may last up to {LONGEST_DAYS}", self.line)
        return max(1, days)

    def _repetitions(self, last: date) -> Iterator[date]:
        """Asked in the last years that Python knows: a rule that never comes true is given up there, not in millennia.

        After four hundred years the calendar is the same again, weekdays and all.
        """
        if not self.repeats:
            return
        rule = self.event["RRULE"]
        if not isinstance(rule, vRecur) or rule.get("FREQ") != ["YEARLY"]:
            _refuse("this event repeats, but not by the year", self.line)
        if rule.keys() - UNDERSTOOD or min(rule.get("INTERVAL", [1])) < 1:
            _refuse("this event repeats in a way that is not understood", self.line)
        last = min([last, *map(_day, rule.get("UNTIL", []))])
        if last < self.start:
            return
        later = (MAXYEAR - last.year) // GREGORIAN_CYCLE_YEARS * GREGORIAN_CYCLE_YEARS
        told = vRecur({part: value for part, value in rule.items() if part != "UNTIL"})
        written: bytes = told.to_ical()  # type: ignore[no-untyped-call]
        begins, ends = (datetime.combine(day.replace(year=day.year + later), time()) for day in (self.start, last))
        try:
            for found in rrulestr(written.decode(), dtstart=begins).between(begins, ends, inc=True):
                yield found.date().replace(year=found.year - later)
        except (ValueError, IndexError):  # the latter for a weekday that no year has so many of
            _refuse("this event repeats in a way that is not understood", self.line)

    def _one(self, part: str) -> Any:
        """What a part says that an event has once, if it has it."""
        try:
            told = self.event.get(part)
            return None if told is None else told.dt
        except (AttributeError, ValueError):
            _refuse(f"{part} of this event cannot be read", self.line)

    def _many(self, part: str) -> set[date]:
        """The days that a part names which an event may have many times."""
        told = self.event.get(part, [])
        try:
            return {_day(one.dt) for each in (told if isinstance(told, list) else [told]) for one in each.dts}
        except (AttributeError, ValueError):
            _refuse(f"{part} of this event cannot be read", self.line)


def _day(told: Any) -> date:
    if isinstance(told, datetime):
        return told.date()
    if isinstance(told, date):
        return told
    raise ValueError("this is no day")


def _slug(told: str) -> str | None:
    """`christmas-day`: what stands on record for ever is no free text, and nobody's address."""
    if "@" in told:
        return None
    plain = unicodedata.normalize("NFKD", told.casefold()).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", ""))
    return words.strip("-")[:64].strip("-") or None


def _refuse(why: str, line: int | None = None) -> NoReturn:
    raise HolidaysAreUnreadable(why=why if line is None else f"{why} (line {line})", line=line)
