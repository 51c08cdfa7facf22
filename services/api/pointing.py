"""Which field of a body a refusal is about, so that whoever fills in a form finds the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from adapters.holidays import HolidaysAreUnreadable
from domain.calendar import (
    WEEKDAYS,
    CalendarUnknown,
    DayIsPast,
    HoursAreOutsideTheDay,
    HoursOverlap,
    NobodyEverWorks,
    TooManyDays,
    WouldRewriteThePast,
    ZoneUnknown,
)
from domain.person import PersonUnknown
from domain.policy import (
    CalendarIsNeeded,
    PolicyUnknown,
    PolicyWouldRewriteThePast,
    RungComesBeforeTheClock,
    RungIsTooFarOff,
    RungsAreOutOfOrder,
    RungTellsTheWrongPerson,
    SnoozeIsOutOfRange,
    TargetIsNeverReached,
    TargetIsOutOfRange,
    TooManyRungs,
)
from domain.refusal import Refusal
from domain.rulebook import RulesWouldRewriteThePast
from domain.source import SourceUnknown
from domain.team import TeamsWouldStandInACircle, TeamUnknown

FIELDS: Mapping[type[Refusal], str] = {
    HolidaysAreUnreadable: "",
    TeamsWouldStandInACircle: "above",
    CalendarUnknown: "calendar",
    ZoneUnknown: "zone",
    NobodyEverWorks: "week",
    HoursAreOutsideTheDay: "{hours_of}",
    HoursOverlap: "{hours_of}",
    DayIsPast: "days",
    TooManyDays: "days",
    WouldRewriteThePast: "effective_from",
    PolicyWouldRewriteThePast: "effective_from",
    RulesWouldRewriteThePast: "effective_from",
    CalendarIsNeeded: "calendar",
    TargetIsOutOfRange: "clocks.{clock}.target_minutes",
    TargetIsNeverReached: "clocks.{clock}.target_minutes",
    TooManyRungs: "clocks.{clock}.rungs",
    RungTellsTheWrongPerson: "clocks.{clock}.rungs.{index}",
    RungIsTooFarOff: "clocks.{clock}.rungs.{index}.offset_minutes",
    RungsAreOutOfOrder: "clocks.{clock}.rungs.{index}.offset_minutes",
    RungComesBeforeTheClock: "clocks.{clock}.rungs.{index}.offset_minutes",
    SnoozeIsOutOfRange: "snooze_at_most_minutes",
}
"""By the names of the refusal's particulars; rungs are counted from one in words, and from none in paths."""
NAMED_IN: Mapping[type[Refusal], tuple[str, str]] = {
    PersonUnknown: ("person", "seat"),
    PolicyUnknown: ("policy", "policy"),
    SourceUnknown: ("source", "source"),
    TeamUnknown: ("team", "team"),
}
"""What is named somewhere inside a wish: the refusal's particular, and the field that holds it."""


def places_in(wish: BaseModel, refusal: Refusal) -> list[str]:
    """Where, inside the lists of a wish, stands what the refusal is about: `rules.1.source`."""
    particular, field = NAMED_IN.get(type(refusal), ("", ""))
    return list(_places(wish, field, refusal.about.get(particular), ()))


def _places(told: object, field: str, value: str | None, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(told, BaseModel):
        for name in type(told).model_fields:
            yield from _places(getattr(told, name), field, value, (*path, name))
    elif isinstance(told, tuple):
        for index, one in enumerate(told):
            yield from _places(one, field, value, (*path, str(index)))
    elif path[-1:] == (field,) and len(path) > 1 and told == value:
        yield ".".join(path)


def pointed_at(refusal: Refusal) -> list[dict[str, Any]]:
    """The field, what is wrong with it, and what to do, if the refusal is about one."""
    field = FIELDS.get(type(refusal))
    if field is None:
        return []
    day = refusal.about.get("day", "")
    hours_of = f"week.{day.lower()}" if day in WEEKDAYS else "days"
    index = int(refusal.about.get("rung", 1)) - 1
    problem, _, advice = refusal.sentence.partition("; ")
    return [
        {
            "path": f"body.{field.format_map({**refusal.about, 'hours_of': hours_of, 'index': index})}".rstrip("."),
            "problem": f"{problem.rstrip('.')}.",
            "advice": f"{advice[:1].upper()}{advice[1:]}" if advice else "Correct it and send the request again.",
        }
    ]
