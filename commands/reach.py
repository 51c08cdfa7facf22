"""Days, as they stand in a calendar."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError


def _written_out(value: object) -> object:
    """A number could be days or seconds since anything; a day is written as it stands in a calendar."""
    if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        return value
    raise PydanticCustomError("not_a_day", "write a day as 2026-12-25")


NamedDay = Annotated[date, BeforeValidator(_written_out)]
