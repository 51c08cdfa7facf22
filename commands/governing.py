"""Which policy governs a lead's clocks, as a decision finds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from commands.command import Surroundings
from domain.identity import PolicyId
from domain.lead.clocks import Governing
from domain.lead.state import Clock, Lead
from domain.policy import Terms


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
        return self._counted(applied.rule.policy, terms, since)._replace(rulebook_version=applied.version)

    def of_clock(self, clock: Clock) -> Governing:
        """By the terms that the clock cites, and the calendar as it is now."""
        terms = self.around.policy(clock.policy).terms[clock.policy_version - 1]
        return self._counted(clock.policy, terms, clock.started_at)

    def _counted(self, name: PolicyId, terms: Terms, since: datetime) -> Governing:
        if terms.calendar is None:
            return Governing(name, terms)
        calendar = self.around.calendar(terms.calendar)
        return Governing(name, terms, calendar.hours_at(since), calendar.version)
