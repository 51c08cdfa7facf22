"""Read dates and instants the way a file writes them, and never guess which way that is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from services.importing.mapping import DateOrder

ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s?(Z|[+-]\d{2}:?\d{2})?)?")
LOCAL = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[T ,]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?")


class NotAnInstant(ValueError):
    """A value cannot be read as a date or an instant; the message says why."""


@dataclass(frozen=True, slots=True)
class Read:
    """When something happened, and how exactly the file knows."""

    at: datetime
    """In UTC; the beginning of the day where only the day is known."""
    day: date
    """The day it was there."""
    day_only: bool = False
    """No hour is known."""
    unsure: bool = False
    """The clocks were set that night, and this hour came twice or not at all."""


@dataclass(frozen=True)
class Dates:
    """How a file writes dates, and in which zone."""

    order: DateOrder = "iso"
    zone: ZoneInfo | None = None

    def read(self, value: str) -> Read:
        """The instant. Raises NotAnInstant."""
        try:
            return self._read(value)
        except OverflowError:
            raise NotAnInstant(f"{value!r} is before the first year or after the last") from None

    def _read(self, value: str) -> Read:
        day, hour, offset = self._parts(value)
        if offset:
            return Read(datetime.combine(day, hour or time(), offset).astimezone(UTC), day)
        if self.zone is None:
            raise NotAnInstant(f"{value!r} carries no offset from UTC; say whose clock it is: --zone Europe/Vienna")
        local = datetime.combine(day, hour or time(), self.zone)
        unsure = local.utcoffset() != local.replace(fold=1).utcoffset()
        return Read(local.astimezone(UTC), day, day_only=hour is None, unsure=unsure and hour is not None)

    def _parts(self, value: str) -> tuple[date, time | None, timezone | None]:
        try:
            if found := ISO.fullmatch(value):
                year, month, day, hour, offset = found.groups()
                return date(int(year), int(month), int(day)), _hour(hour), _offset(offset)
            if found := LOCAL.fullmatch(value):
                first, second, year, hour = found.groups()
                if self.order == "iso":
                    raise NotAnInstant(
                        f"{value!r} can be read two ways; say --dates dmy (day first) or --dates mdy (month first)"
                    )
                day, month = (first, second) if self.order == "dmy" else (second, first)
                return date(int(year), int(month), int(day)), _hour(hour), None
        except NotAnInstant:
            raise
        except ValueError:
            raise NotAnInstant(f"{value!r} is no date that exists, read as {self._way}") from None
        raise NotAnInstant(f"{value!r} is no date; it is read as {self._way}")

    @property
    def _way(self) -> str:
        return {"iso": "year-month-day", "dmy": "day/month/year", "mdy": "month/day/year"}[self.order]


def _hour(told: str | None) -> time | None:
    if told is None:
        return None
    return time.fromisoformat(told if told.index(":") == 2 else f"0{told}")


def _offset(told: str | None) -> timezone | None:
    """`+05:30` or `+0530`, or `Z`."""
    if told is None or told == "Z":
        return UTC if told else None
    digits = told[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(ahead if told[0] == "+" else -ahead)
