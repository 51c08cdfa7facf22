"""What was decided about calendars, policies and the rulebook, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from operator import itemgetter

from domain.business_time import Day, Week
from domain.calendar import WEEKDAYS, CalendarSet, DaysExcepted, DaysRestored, ExceptedDay, on_the_wall
from domain.policy import ClockName, ClockRule, Deed, PolicySet, Rung, Unit, Whom
from domain.rulebook import Rule, RulesOrdered
from projections.timeline.entries import timeline

MOST_NAMED = 10
"""So many days or rules are read aloud one by one."""
CLOCKS: dict[ClockName, str] = {
    "first_response": "first response",
    "follow_up": "follow-up",
    "reply": "answer to a reply",
    "acknowledgement": "acknowledgement",
}
UNITS: dict[Unit, str] = {"business_minutes": "business minutes", "elapsed_minutes": "elapsed minutes"}
DEEDS: dict[Deed, str] = {
    "remind": "remind",
    "escalate": "escalate to",
    "offer_to_team": "offer the lead to the team",
    "release": "release the lead",
}
WHOM: dict[Whom, str] = {
    "owner": "the owner",
    "accountable": "who answers for the team",
    "above": "who answers for the team above",
}  # a seat is told by its person


@timeline.when(CalendarSet)
def set_calendar(event: CalendarSet) -> str:
    """When work is done, from when on."""
    hours = "; ".join(week_in_words(event.week))
    return f"Calendar {event.calendar} was set, from {_instant(event.effective_from)} on, in {event.zone}: {hours}."


@timeline.when(DaysExcepted)
def excepted(event: DaysExcepted) -> str:
    """Holidays, and days with other hours."""
    return f"In calendar {event.calendar}, these are days of their own: {_listed(map(day_in_words, event.days))}."


@timeline.when(DaysRestored)
def restored(event: DaysRestored) -> str:
    """No holidays any more."""
    days = _listed(map(date.isoformat, event.days))
    return f"In calendar {event.calendar}, these are days like others again: {days}."


@timeline.when(PolicySet)
def set_policy(event: PolicySet) -> str:
    """How soon, and what happens before and after."""
    by = f", by calendar {event.calendar}" if event.calendar else ""
    clocks = "; ".join(map(_clock, event.clocks)) or "no clock runs"
    return (
        f"Policy {event.policy} was set, from {_instant(event.effective_from)} on{by}: {clocks}; "
        f"snoozed for at most {event.snooze_at_most_minutes} minutes{_receipt(event)}."
    )


@timeline.when(RulesOrdered)
def ordered(event: RulesOrdered) -> str:
    """Which policy applies to which leads."""
    rules = _listed(map(rule_in_words, event.rules)) if event.rules else "no policy applies to any lead"
    return f"The rules were put in order, from {_instant(event.effective_from)} on: {rules}."


def week_in_words(week: Week) -> Iterator[str]:
    """Days with the same hours together: `Monday to Thursday 08:00-12:00 and 13:30-18:00`."""
    for hours, days in groupby(zip(WEEKDAYS, week, strict=True), key=itemgetter(1)):
        names = [name for name, _ in days]
        if hours:
            yield f"{names[0]}{f' to {names[-1]}' if len(names) > 1 else ''} {_day(hours)}"


def _day(day: Day) -> str:
    return " and ".join(f"{on_the_wall(hours.opens)}-{on_the_wall(hours.closes)}" for hours in day)


def day_in_words(day: ExceptedDay) -> str:
    """`2126-12-24 (christmas-eve) 09:00-12:00`."""
    called = f" ({day.called})" if day.called else ""
    return f"{day.day}{called} {_day(day.hours) or 'closed'}"


def _clock(rule: ClockRule) -> str:
    rungs = "".join(f", {rung_in_words(rung)}" for rung in rule.rungs)
    return f"{CLOCKS[rule.clock]} within {rule.target_minutes} {UNITS[rule.unit]}{rungs}"


def rung_in_words(rung: Rung) -> str:
    """`remind the owner 15 business minutes before`."""
    whom = f" {rung.seat or WHOM[rung.whom]}" if rung.whom else ""
    if rung.offset_minutes == 0:
        return f"{DEEDS[rung.deed]}{whom} when it is due"
    side = "before" if rung.offset_minutes < 0 else "after"
    return f"{DEEDS[rung.deed]}{whom} {abs(rung.offset_minutes)} {UNITS[rung.unit]} {side}"


def rule_in_words(rule: Rule) -> str:
    """`policy quick for source website, high priority`."""
    named = [
        f"source {rule.source}" if rule.source else "",
        f"team {rule.team}" if rule.team else "",
        f"{rule.priority} priority" if rule.priority else "",
    ]
    return f"policy {rule.policy} for {', '.join(filter(None, named)) or 'every other lead'}"


def _listed(told: Iterator[str]) -> str:
    everything = list(told)
    more = len(everything) - MOST_NAMED
    return "; ".join(everything[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _receipt(event: PolicySet) -> str:
    return f"; a new lead hears from a machine by {' and '.join(event.receipt)}" if event.receipt else ""
