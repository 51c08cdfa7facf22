"""Instants that a clock can be counted from, and days: nobody knows the clocks of the year 9999."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from commands.command import Instant

FIRST_YEAR, LAST_YEAR = 1970, 2199


def _within_reach(instant: datetime) -> datetime:
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise PydanticCustomError(
            "out_of_reach",
            "it must lie between the years {first} and {last}",
            {"first": FIRST_YEAR, "last": LAST_YEAR},
        )
    return instant


NearInstant = Annotated[Instant, AfterValidator(_within_reach)]


def _written_out(value: object) -> object:
    """A number could be days or seconds since anything; a day is written as it stands in a calendar."""
    if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        return value
    raise PydanticCustomError("not_a_day", "write a day as 2026-12-25")


NamedDay = Annotated[date, BeforeValidator(_written_out)]
