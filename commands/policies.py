"""What can be asked of the desk about policies, and about the rulebook that tells which of them applies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from commands.command import (
    POLICY,
    RULES,
    CalendarName,
    Command,
    Kind,
    NearInstant,
    PersonName,
    PolicyName,
    SourceName,
    Surroundings,
    TeamName,
)
from domain import calendar, person, rulebook, source, team
from domain import policy as policies
from domain.access import THE_DESK, Action, OfTeam
from domain.event import Event
from domain.identity import RULEBOOK, StreamId, policy_stream
from domain.notice import Medium
from domain.occasion import Occasion
from domain.policy import ClockName, ClockRule, Deed, Rung, Unit, Whom
from domain.rulebook import Priority, Rule

EffectiveFrom = Annotated[
    NearInstant | None, Field(description="From when on it holds; from when it was decided, if left out.")
]
DecidedAt = Annotated[NearInstant | None, Field(description="When it was decided; now, if left out.")]


class RungGiven(BaseModel):
    """What happens some time before or after the deadline, if the clock still runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offset_minutes: int = Field(description="From the deadline on; negative before it.", examples=[-15])
    unit: Unit | None = Field(default=None, description="The clock's own, if left out.")
    deed: Deed
    whom: Whom | None = Field(default=None, description="Whom to remind, or to escalate to.")
    seat: PersonName | None = Field(default=None, description="The person, where `whom` is `seat`.")

    def rung(self, unit: Unit) -> Rung:
        """As it stands in the event."""
        return Rung(self.offset_minutes, self.unit or unit, self.deed, self.whom, self.seat)


class ClockGiven(BaseModel):
    """How soon something has to be done, and the ladder of what happens if it is not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target_minutes: int = Field(examples=[60])
    unit: Unit
    rungs: tuple[RungGiven, ...] = Field(default=(), description="In the order in which they come.")

    def rule(self, clock: ClockName) -> ClockRule:
        """As it stands in the event."""
        return ClockRule(clock, self.target_minutes, self.unit, tuple(rung.rung(self.unit) for rung in self.rungs))


class ClocksGiven(BaseModel):
    """The clocks that run; what is left out is not measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_response: ClockGiven | None = Field(default=None, description="From the arrival to the first contact.")
    follow_up: ClockGiven | None = Field(default=None, description="From one contact to the next, or as promised.")
    reply: ClockGiven | None = Field(default=None, description="From a reply of the lead to our answer.")
    acknowledgement: ClockGiven | None = Field(default=None, description="From an escalation to a sign of life.")

    @property
    def rules(self) -> tuple[ClockRule, ...]:
        """As they stand in the event, always in one order."""
        given: tuple[tuple[ClockName, ClockGiven | None], ...] = (
            ("first_response", self.first_response),
            ("follow_up", self.follow_up),
            ("reply", self.reply),
            ("acknowledgement", self.acknowledgement),
        )
        return tuple(clock.rule(name) for name, clock in given if clock is not None)


class SetPolicy(Command[policies.Policy]):
    """Tell how soon somebody has to act on a lead, and what happens before and after it is too late."""

    kind: ClassVar[Kind[policies.Policy]] = POLICY
    action: ClassVar[Action] = "policy.manage"

    policy: PolicyName
    calendar: CalendarName | None = Field(default=None, description="Whose hours `business_minutes` are counted in.")
    clocks: ClocksGiven
    snooze_at_most_minutes: int = Field(
        default=0, description="So long, in all, a lead may wait for a known reason; elapsed minutes."
    )
    receipt: tuple[Medium, ...] | None = Field(
        default=None,
        max_length=2,
        description="How a machine tells a new lead that we have what it wrote; not at all, if left out.",
        examples=[["email"]],
    )
    at: DecidedAt = None
    effective_from: EffectiveFrom = None

    @property
    def stream(self) -> StreamId:
        """Where this policy is told of."""
        return policy_stream(self.policy)

    def resource(self, state: policies.Policy) -> OfTeam:
        """Policies are the whole desk's concern."""
        return THE_DESK

    def decide(self, state: policies.Policy, on: Occasion, around: Surroundings) -> Sequence[policies.PolicyEvent]:
        """See domain/policy.py. Whoever has a seat is somebody who is here."""
        clocks = self.clocks.rules
        seats = dict.fromkeys(rung.seat for rule in clocks for rung in rule.rungs if rung.seat is not None)
        for seat, who in around.each(around.person, seats).items():
            person.here(who, seat)
        hours = None
        if self.calendar is not None:
            days = calendar.known(around.calendar(self.calendar), self.calendar)
            hours = days.hours_at(self.effective_from or on.at)
        return policies.set_policy(
            state,
            self.policy,
            self.calendar,
            hours,
            clocks,
            self.snooze_at_most_minutes,
            self.effective_from,
            on,
            self.receipt,
        )


class RuleGiven(BaseModel):
    """Which policy applies to which leads; what is left out may be anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: PolicyName
    source: SourceName | None = None
    team: TeamName | None = None
    priority: Priority | None = None

    @property
    def rule(self) -> Rule:
        """As it stands in the event."""
        return Rule(self.policy, self.source, self.team, self.priority)


class OrderRules(Command[rulebook.Rulebook]):
    """Tell which policy applies to which leads: the first rule that covers a lead."""

    kind: ClassVar[Kind[rulebook.Rulebook]] = RULES
    action: ClassVar[Action] = "policy.manage"

    rules: Annotated[tuple[RuleGiven, ...], Field(max_length=rulebook.MOST_RULES)] = Field(
        description="All of them, in order; none at all stops every clock that would have started."
    )
    at: DecidedAt = None
    effective_from: EffectiveFrom = None

    @property
    def stream(self) -> StreamId:
        """Where the rules are told."""
        return RULEBOOK

    def resource(self, state: rulebook.Rulebook) -> OfTeam:
        """The rules are the whole desk's concern."""
        return THE_DESK

    def decide(self, state: rulebook.Rulebook, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/rulebook.py. What a rule names is on record; a retired source still has leads."""
        named = dict.fromkeys(rule.policy for rule in self.rules)
        sources = dict.fromkeys(rule.source for rule in self.rules if rule.source is not None)
        teams = dict.fromkeys(rule.team for rule in self.rules if rule.team is not None)
        for name, found in around.each(around.policy, named).items():
            policies.known(found, name)
        for origin, there in around.each(around.source, sources).items():
            source.known(there, origin)
        for group, those in around.each(around.team, teams).items():
            team.known(those, group)
        return rulebook.order_rules(state, tuple(rule.rule for rule in self.rules), self.effective_from, on)
