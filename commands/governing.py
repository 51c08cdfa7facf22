"""Which policy governs a lead's clocks, as a decision finds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from commands.command import Surroundings
from domain.lead.clocks import Governing
from domain.lead.state import Clock, Lead
from domain.refusal import Refusal


class NoSuchVersion(Refusal):
    """Policy {policy} has no version {version} on record, though a clock of this lead cites it."""


@dataclass(frozen=True)
class PoliciesAround:
    """Policies as a decision finds them; each look is a guard."""

    around: Surroundings

    def governing(self, lead: Lead, since: datetime) -> Governing | None:
        """By the rulebook, the policy and the calendar that hold then."""
        applied = self.around.rulebook().applying(lead.source, lead.team, lead.priority, since)
        if applied is None:
            return None
        terms = self.around.policy(applied.rule.policy).terms_at(since)
        if terms is None:
            return None
        governing = Governing(applied.rule.policy, terms, rulebook_version=applied.version)
        if terms.calendar is None:
            return governing
        calendar = self.around.calendar(terms.calendar)
        return governing._replace(hours=calendar.hours_at(since), calendar_version=calendar.version)

    def of_clock(self, clock: Clock) -> Governing:
        """By the terms that the clock cites, and the calendar in the version that it cites."""
        told = self.around.policy(clock.policy).terms
        if clock.policy_version > len(told):
            # Another process set it since; the desk asks the log before anybody is refused.
            raise NoSuchVersion(policy=clock.policy, version=clock.policy_version)
        terms = told[clock.policy_version - 1]
        if clock.calendar is None:
            return Governing(clock.policy, terms)
        calendar = self.around.calendar(clock.calendar).at_version(clock.calendar_version)
        return Governing(clock.policy, terms, calendar.hours_at(clock.started_at), calendar.version)
