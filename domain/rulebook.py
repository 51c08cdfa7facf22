"""The rulebook: which policy applies to which leads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from domain.event import Event
from domain.identity import PolicyId, SourceId, TeamId
from domain.occasion import Occasion
from domain.refusal import Refusal
from domain.schedule import held_at, held_from

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


class Applied(NamedTuple):
    """The rule that told a lead's policy."""

    version: int
    """Of the rulebook."""
    number: int
    """1 for the first of its rules."""
    rule: Rule


@dataclass(frozen=True)
class Page:
    """The rules that hold from an instant on."""

    effective_from: datetime
    version: int
    """What a clock cites."""
    rules: tuple[Rule, ...]

    def applying(self, source: SourceId | None, team: TeamId | None, priority: Priority | None) -> Applied | None:
        """The first of them that covers such a lead."""
        for number, rule in enumerate(self.rules, start=1):
            if rule.covers(source, team, priority):
                return Applied(self.version, number, rule)
        return None


@dataclass(frozen=True)
class Rulebook:
    """Which policies apply, as the record tells."""

    pages: tuple[Page, ...] = ()
    """In the order in which they were told, which is that of their versions."""
    changed_at: datetime | None = None

    def applying(
        self, source: SourceId | None, team: TeamId | None, priority: Priority | None, at: datetime
    ) -> Applied | None:
        """The first rule in force then that covers the lead; none where there is none."""
        page = held_at(self.pages, at)
        return None if page is None else page.applying(source, team, priority)


class TooManyRules(Refusal):
    """{count} rules are more than a person can read in order; a rulebook has at most {most}."""


class RulesWouldRewriteThePast(Refusal):
    """The rules would hold from {effective_from}, but what held before {now} stays; choose a later instant."""


def evolve(rulebook: Rulebook, event: RulebookEvent) -> Rulebook:
    """The rulebook after this event."""
    page = Page(event.effective_from, len(rulebook.pages) + 1, event.rules)
    return replace(rulebook, pages=(*rulebook.pages, page), changed_at=event.at)


def replay(events: Iterable[RulebookEvent]) -> Rulebook:
    """The rulebook as the record tells."""
    rulebook = Rulebook()
    for event in events:
        rulebook = evolve(rulebook, event)
    return rulebook


def order_rules(
    rulebook: Rulebook, rules: tuple[Rule, ...], effective_from: datetime | None, on: Occasion
) -> list[RulebookEvent]:
    """All rules at once, since their order matters; they take the place of what was scheduled from then on."""
    holds_from = on.at if effective_from is None else effective_from
    if len(rules) > MOST_RULES:
        raise TooManyRules(count=len(rules), most=MOST_RULES)
    if rulebook.pages:
        holds = held_from(rulebook.pages, holds_from)
        if holds and all(page.rules == rules for page in holds):
            return []
        on.not_before(rulebook.changed_at)
        if holds_from < on.now:
            raise RulesWouldRewriteThePast(effective_from=holds_from, now=on.now)
    return [RulesOrdered(rules=rules, effective_from=holds_from, at=on.at, by=on.by)]
