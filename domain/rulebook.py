"""The rulebook: which policy applies to which leads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from domain.event import Event
from domain.identity import PolicyId, SourceId, TeamId
from domain.occasion import Occasion
from domain.refusal import Refusal

Priority = Literal["high", "normal", "low"]
MOST_RULES = 500


@dataclass(frozen=True)
class Rule:
    """Which policy applies to which leads; what is not named may be anything."""

    policy: PolicyId
    source: SourceId | None = None
    team: TeamId | None = None
    priority: Priority | None = None

    def covers(self, source: SourceId | None, team: TeamId | None, priority: Priority | None) -> bool:
        """Whether it speaks of such a lead."""
        named = ((self.source, source), (self.team, team), (self.priority, priority))
        return all(wanted is None or wanted == found for wanted, found in named)


@dataclass(frozen=True, kw_only=True)
class RulesOrdered(Event):
    """From an instant on the first of these rules that covers a lead tells its policy."""

    rules: tuple[Rule, ...]
    effective_from: datetime


RulebookEvent = RulesOrdered


@dataclass(frozen=True)
class Rulebook:
    """Which policies apply, as the record tells."""

    pages: tuple[tuple[datetime, tuple[Rule, ...]], ...] = ()
    """From when on, and the rules."""
    changed_at: datetime | None = None

    def policy_for(
        self, source: SourceId | None, team: TeamId | None, priority: Priority | None, at: datetime
    ) -> PolicyId | None:
        """The first rule in force then that covers the lead tells it."""
        rules = next((rules for effective_from, rules in reversed(self.pages) if effective_from <= at), ())
        return next((rule.policy for rule in rules if rule.covers(source, team, priority)), None)


class TooManyRules(Refusal):
    """{count} rules are more than a person can read in order; a rulebook has at most {most}."""


class RulesWouldRewriteThePast(Refusal):
    """The rules would hold from {effective_from}, but {stands} stands already; choose a later instant."""


def evolve(rulebook: Rulebook, event: RulebookEvent) -> Rulebook:
    """The rulebook after this event."""
    return replace(rulebook, pages=(*rulebook.pages, (event.effective_from, event.rules)), changed_at=event.at)


def replay(events: Iterable[RulebookEvent]) -> Rulebook:
    """The rulebook as the record tells."""
    rulebook = Rulebook()
    for event in events:
        rulebook = evolve(rulebook, event)
    return rulebook


def order_rules(
    rulebook: Rulebook, rules: tuple[Rule, ...], effective_from: datetime | None, on: Occasion
) -> list[RulebookEvent]:
    """All rules at once, since what they say depends on their order."""
    holds_from = on.at if effective_from is None else effective_from
    if len(rules) > MOST_RULES:
        raise TooManyRules(count=len(rules), most=MOST_RULES)
    if rulebook.pages:
        last_from, last_rules = rulebook.pages[-1]
        if last_rules == rules and last_from <= holds_from:
            return []
        on.not_before(rulebook.changed_at)
        stands = max(on.at, last_from)
        if holds_from < stands:
            raise RulesWouldRewriteThePast(effective_from=holds_from, stands=stands)
    return [RulesOrdered(rules=rules, effective_from=holds_from, at=on.at, by=on.by)]
