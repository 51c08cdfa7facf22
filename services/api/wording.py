"""What is wrong with a request, field by field: where, what, and what to do; never what was sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

MOST_TROUBLES = 50
"""A body with ten thousand unknown fields is answered in one page."""


class Trouble(BaseModel):
    """One thing that is wrong with the request."""

    path: str = Field(description="Where: `body.contact.email`, `query.limit`, `path.lead_id`.")
    problem: str = Field(description="What is wrong.")
    advice: str = Field(description="What to do.")


PERSONAL = frozenset({"contact", "profile", "note"})
"""Below these nothing is told that could repeat a part of what was sent."""

CORRECT_IT = "Correct it and send the request again."
UNKNOWN_NAME = "(a name that is not repeated here)"
TELLABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")

WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("It is missing.", "Give it."),
    "extra_forbidden": ("There is no such field.", "Leave it out, or correct its name."),
    "timezone_aware": ("It lacks an offset from UTC.", "Add `Z` or an offset, as in 2026-03-02T09:00:00+01:00."),
    "datetime_from_date_parsing": (
        "It is no instant.",
        "Write it as 2026-03-02T09:00:00Z, with date, time and offset.",
    ),
    "datetime_parsing": ("It is no instant.", "Write it as 2026-03-02T09:00:00Z, with date, time and offset."),
    "datetime_type": ("It is no instant.", "Write it as a string, 2026-03-02T09:00:00Z."),
    "not_an_instant": ("It is no instant.", "Write it as a string, 2026-03-02T09:00:00Z."),
    "not_a_day": ("It is no day.", "Write it as a string, 2026-12-25."),
    "date_from_datetime_parsing": ("There is no such day.", "Write a day of the calendar, 2026-12-25."),
    "string_type": ("It is no text.", "Write it in quotation marks."),
    "string_unicode": ("It is no valid Unicode.", "Leave out what is no character."),
    "string_pattern_mismatch": ("It does not have the form it must have.", "See the pattern in /openapi.json."),
    "json_invalid": ("It is no JSON.", "Correct it and send it again."),
    "model_attributes_type": ("It is no JSON object.", "Send an object, in braces."),
    "model_type": ("It is no JSON object.", "Send an object, in braces."),
    "uuid_parsing": ("It is no id.", "Take it from an answer as it is."),
    "uuid_type": ("It is no id.", "Take it from an answer as it is."),
    "int_parsing": ("It is no whole number.", "Write it in digits."),
    "int_type": ("It is no whole number.", "Write it in digits."),
    "int_from_float": ("It is no whole number.", "Write it in digits."),
    "beyond_the_log": ("No such position has been written yet.", "Take it from a receipt."),
    "int_parsing_size": ("It is too large a number.", "Give a smaller one."),
}


def troubles(errors: Sequence[Mapping[str, Any]]) -> Iterable[Trouble]:
    """One entry for each thing that is wrong, the first ones where there are too many."""
    told = {(trouble.path, trouble.problem): trouble for trouble in map(_trouble, errors[:MOST_TROUBLES])}
    return told.values()


def _trouble(error: Mapping[str, Any]) -> Trouble:
    problem, advice = WORDS.get(error["type"]) or _words(error)
    if error["loc"][0] == "query" and problem == "It is no instant.":
        advice += " In an address, `+` is written `%2B`."
    return Trouble(path=_path(error), problem=problem, advice=advice)


def _words(error: Mapping[str, Any]) -> tuple[str, str]:
    if error["type"] == "value_error" and PERSONAL & set(error["loc"]):
        return "It is not what it must be.", "Correct it; an e-mail address looks like name@example.com."
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{said[:1].upper()}{said[1:].rstrip('.')}.", CORRECT_IT


def _path(error: Mapping[str, Any]) -> str:
    unknown = error["type"] == "extra_forbidden"
    parts = [str(part) for part in error["loc"]]
    if unknown and parts and not TELLABLE_NAME.fullmatch(parts[-1]):
        parts[-1] = UNKNOWN_NAME
    return ".".join(parts)
