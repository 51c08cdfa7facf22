"""Which field of a body a refusal is about, so that whoever fills in a form finds the place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

FIELDS: Mapping[type[Refusal], str] = {
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
    PolicyUnknown: "rules",
}
"""By the names of the refusal's particulars; rungs are counted from one in words, and from none in paths."""


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
            "path": f"body.{field.format_map({**refusal.about, 'hours_of': hours_of, 'index': index})}",
            "problem": f"{problem.rstrip('.')}.",
            "advice": f"{advice[:1].upper()}{advice[1:]}" if advice else "Correct it and send the request again.",
        }
    ]
