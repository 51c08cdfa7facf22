"""Policies: how soon somebody has to act on a lead, and what happens before and after it is too late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from domain.business_time import FARTHEST_YEARS, MINUTES_OF_A_DAY, BusinessTime, Hours, NothingIsWorked, Pause
from domain.event import Event
from domain.identity import CalendarId, PersonId, PolicyId, fit
from domain.notice import Medium
from domain.occasion import Occasion
from domain.refusal import Refusal
from domain.schedule import held_at, held_from, standing

Unit = Literal["business_minutes", "elapsed_minutes"]
"""Never days: one system's day is a working day and another's is not."""
ClockName = Literal["first_response", "follow_up", "reply", "acknowledgement"]
Deed = Literal["remind", "escalate", "offer_to_team", "release"]
Whom = Literal["owner", "accountable", "above", "seat"]
"""The lead's owner, who answers for its team, who answers for the team above, or a person who is named."""

MOST_RUNGS = 20
LONGEST_TARGET_MINUTES = 366 * MINUTES_OF_A_DAY
EVERY_MINUTE = BusinessTime("UTC", ((Hours(0, MINUTES_OF_A_DAY),),) * 7)
"""Elapsed minutes are business minutes of somebody who never closes."""
DEEDS_ABOUT: dict[Deed, frozenset[Whom | None]] = {
    "remind": frozenset({"owner", "accountable", "above", "seat"}),
    "escalate": frozenset({"accountable", "above", "seat"}),
    "offer_to_team": frozenset({None}),
    "release": frozenset({None}),
}


@dataclass(frozen=True)
class Rung:
    """What happens some time before or after the deadline, if the clock still runs."""

    offset_minutes: int
    """From the deadline on; negative before it."""
    unit: Unit
    deed: Deed
    whom: Whom | None = None
    seat: PersonId | None = None
    """The person, where `whom` is `seat`."""


@dataclass(frozen=True)
class ClockRule:
    """How soon something has to be done, and the ladder of what happens if it is not."""

    clock: ClockName
    target_minutes: int
    unit: Unit
    rungs: tuple[Rung, ...] = ()
    """In the order in which they come."""


@dataclass(frozen=True)
class Deadlines:
    """What a clock rule comes to, from a start on: all in UTC."""

    respond_by: datetime
    rungs: tuple[datetime, ...]
    """When each rung is due."""


@dataclass(frozen=True, kw_only=True)
class PolicySet(Event):
    """From an instant on these clocks run; the deadlines that were decided before stay as they are."""

    policy: PolicyId
    calendar: CalendarId | None = None
    """Whose working hours `business_minutes` are counted in."""
    clocks: tuple[ClockRule, ...]
    snooze_at_most_minutes: int
    """So long, in all, a lead may wait for a known reason; elapsed minutes."""
    effective_from: datetime
    receipt: tuple[Medium, ...] | None = None
    """How a new lead is told by a machine that we have what it wrote; not at all, if left out."""


PolicyEvent = PolicySet


@dataclass(frozen=True)
class Terms:
    """What a policy says from an instant on."""

    effective_from: datetime
    version: int
    calendar: CalendarId | None
    clocks: tuple[ClockRule, ...]
    snooze_at_most_minutes: int
    receipt: tuple[Medium, ...] | None = None

    @property
    def said(self) -> tuple[CalendarId | None, tuple[ClockRule, ...], int, tuple[Medium, ...] | None]:
        """Everything but from when on, and in which version."""
        return self.calendar, self.clocks, self.snooze_at_most_minutes, self.receipt

    def rule(self, clock: ClockName) -> ClockRule | None:
        """How soon, and the ladder, if this clock runs at all."""
        return next((rule for rule in self.clocks if rule.clock == clock), None)


@dataclass(frozen=True)
class Policy:
    """A policy as the record tells."""

    id: PolicyId | None = None
    terms: tuple[Terms, ...] = ()
    """In the order in which they were told, which is that of their versions."""
    changed_at: datetime | None = None

    def terms_at(self, instant: datetime) -> Terms | None:
        """What it says about a clock that starts then; nothing before it first took effect."""
        return held_at(self.terms, instant)


class PolicyUnknown(Refusal):
    """No policy called {policy} is on record; set it first with POST /policies."""


class PolicyIsNotInForce(Refusal):
    """Policy {policy} does not hold at {start} yet; it holds from {effective_from} on."""


class CalendarIsNeeded(Refusal):
    """The {clock} clock counts business minutes, so the policy needs a calendar that says when business is done."""


class TargetIsOutOfRange(Refusal):
    """The {clock} clock has a target of {minutes} minutes; a target is from 1 to {most} minutes."""


class TargetIsNeverReached(Refusal):
    """The {clock} clock would never come due: within {years} years the calendar has too few hours; give it more."""


class RungIsTooFarOff(Refusal):
    """Rung {rung} of the {clock} clock is {minutes} minutes off the deadline; a rung is at most {most} minutes off."""


class ClockIsTwice(Refusal):
    """The policy has two rules for the {clock} clock; give it one."""


class TooManyRungs(Refusal):
    """The {clock} clock has {count} rungs; a ladder has at most {most}."""


class RungTellsTheWrongPerson(Refusal):
    """Rung {rung} of the {clock} clock would {deed} {whom}, which cannot be: {instead}."""


class RungsAreOutOfOrder(Refusal):
    """Rung {rung} of the {clock} clock would come at {due_at}, before the one above, at {before}; put them in order."""


class RungComesBeforeTheClock(Refusal):
    """Rung {rung} of the {clock} clock would come at {due_at}, before the clock starts at {started_at}."""


class SnoozeIsOutOfRange(Refusal):
    """A lead may be snoozed for 0 to {most} minutes in all, not for {minutes}."""


class PolicyWouldRewriteThePast(Refusal):
    """The policy would hold from {effective_from}, but what held before {now} stays; choose a later instant."""


def evolve(policy: Policy, event: PolicyEvent) -> Policy:
    """The policy after this event."""
    version = len(policy.terms) + 1
    terms = Terms(
        event.effective_from,
        version,
        event.calendar,
        event.clocks,
        event.snooze_at_most_minutes,
        event.receipt,
    )
    return replace(policy, id=event.policy, terms=(*policy.terms, terms), changed_at=event.at)


def replay(events: Iterable[PolicyEvent]) -> Policy:
    """The policy as the record tells."""
    policy = Policy()
    for event in events:
        policy = evolve(policy, event)
    return policy


def known(policy: Policy, id: PolicyId) -> PolicyId:
    """The id of a policy that is on record."""
    if policy.id is None:
        raise PolicyUnknown(policy=id)
    return policy.id


def in_force(policy: Policy, id: PolicyId, start: datetime) -> Terms:
    """What a policy says about a clock that starts then."""
    terms = policy.terms_at(start)
    if terms is None:
        known(policy, id)
        raise PolicyIsNotInForce(policy=id, start=start, effective_from=standing(policy.terms)[0].effective_from)
    return terms


def deadlines(rule: ClockRule, hours: BusinessTime | None, start: datetime, pauses: Sequence[Pause] = ()) -> Deadlines:
    """When a clock that starts then has to be stopped, and when each rung is due.

    Raises CalendarIsNeeded, and NothingIsWorked where a target can never be met.
    """
    return ladder_to(
        rule, hours, _counted_in(rule.unit, hours, rule).deadline(start, rule.target_minutes, pauses), pauses
    )


def ladder_to(
    rule: ClockRule, hours: BusinessTime | None, respond_by: datetime, pauses: Sequence[Pause] = ()
) -> Deadlines:
    """When each rung is due where the deadline is known: it was promised."""
    return Deadlines(respond_by, tuple(_due(rung, respond_by, hours, rule, pauses) for rung in rule.rungs))


def set_policy(
    policy: Policy,
    id: PolicyId,
    calendar: CalendarId | None,
    hours: BusinessTime | None,
    clocks: tuple[ClockRule, ...],
    snooze_at_most_minutes: int,
    effective_from: datetime | None,
    on: Occasion,
    receipt: tuple[Medium, ...] | None = None,
) -> list[PolicyEvent]:
    """What could never be kept is refused, by trying it out at every hour of the two weeks from which it holds.

    It takes the place of all that was scheduled from then on; what held before now is never changed.
    """
    holds_from = on.at if effective_from is None else effective_from
    if not 0 <= snooze_at_most_minutes <= LONGEST_TARGET_MINUTES:
        raise SnoozeIsOutOfRange(most=LONGEST_TARGET_MINUTES, minutes=snooze_at_most_minutes)
    for place, rule in enumerate(clocks):
        if any(other.clock == rule.clock for other in clocks[:place]):
            raise ClockIsTwice(clock=rule.clock)
        _sensible(rule)
        for start in _tries(holds_from):
            _in_order(rule, start, _tried(rule, hours, start))
    if policy.terms:
        holds = held_from(policy.terms, holds_from)
        if holds and all(one.said == (calendar, clocks, snooze_at_most_minutes, receipt) for one in holds):
            return []
        on.not_before(policy.changed_at)
        if holds_from < on.now:
            raise PolicyWouldRewriteThePast(effective_from=holds_from, now=on.now)
    return [
        PolicySet(
            policy=fit(id),
            calendar=calendar,
            clocks=clocks,
            snooze_at_most_minutes=snooze_at_most_minutes,
            effective_from=holds_from,
            receipt=receipt,
            at=on.at,
            by=on.by,
        )
    ]


def _counted_in(unit: Unit, hours: BusinessTime | None, rule: ClockRule) -> BusinessTime:
    if unit == "elapsed_minutes":
        return EVERY_MINUTE
    if hours is None:
        raise CalendarIsNeeded(clock=rule.clock)
    return hours


def _due(
    rung: Rung, respond_by: datetime, hours: BusinessTime | None, rule: ClockRule, pauses: Sequence[Pause]
) -> datetime:
    counted = _counted_in(rung.unit, hours, rule)
    later = counted.deadline(respond_by, max(rung.offset_minutes, 0), pauses)
    return counted.latest_start(later, max(-rung.offset_minutes, 0), pauses)


def _sensible(rule: ClockRule) -> None:
    if not 1 <= rule.target_minutes <= LONGEST_TARGET_MINUTES:
        raise TargetIsOutOfRange(clock=rule.clock, minutes=rule.target_minutes, most=LONGEST_TARGET_MINUTES)
    if len(rule.rungs) > MOST_RUNGS:
        raise TooManyRungs(clock=rule.clock, count=len(rule.rungs), most=MOST_RUNGS)
    for number, rung in enumerate(rule.rungs, start=1):
        wrong = _wrong_person(rule, rung)
        if wrong:
            raise RungTellsTheWrongPerson(
                rung=number, clock=rule.clock, deed=rung.deed, whom=rung.whom or "nobody", instead=wrong
            )
        if abs(rung.offset_minutes) > LONGEST_TARGET_MINUTES:
            raise RungIsTooFarOff(
                rung=number, clock=rule.clock, minutes=rung.offset_minutes, most=LONGEST_TARGET_MINUTES
            )


def _wrong_person(rule: ClockRule, rung: Rung) -> str | None:
    if rule.clock == "acknowledgement" and rung.deed in ("offer_to_team", "release"):
        return "an escalation that nobody acknowledges is told further up, and the lead stays where it is"
    if rung.whom not in DEEDS_ABOUT[rung.deed]:
        whom = ", ".join(sorted(who for who in DEEDS_ABOUT[rung.deed] if who)) or "nobody in particular"
        return f"name {whom}"
    if (rung.whom == "seat") != (rung.seat is not None):
        return "a seat, and only a seat, names its person"
    return None


def _tries(holds_from: datetime) -> Iterator[datetime]:
    return (holds_from + timedelta(hours=hours) for hours in range(14 * 24))


def _tried(rule: ClockRule, hours: BusinessTime | None, start: datetime) -> Deadlines:
    try:
        return deadlines(rule, hours, start)
    except NothingIsWorked:
        raise TargetIsNeverReached(clock=rule.clock, years=FARTHEST_YEARS) from None


def _in_order(rule: ClockRule, start: datetime, found: Deadlines) -> None:
    for number, due_at in enumerate(found.rungs, start=1):
        if due_at < start:
            raise RungComesBeforeTheClock(rung=number, clock=rule.clock, due_at=due_at, started_at=start)
    for number, (before, due_at) in enumerate(pairwise(found.rungs), start=2):
        if due_at < before:
            raise RungsAreOutOfOrder(rung=number, clock=rule.clock, due_at=due_at, before=before)
