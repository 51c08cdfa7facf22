"""What can be asked of the desk about a lead's clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from commands.command import FreeText, NearInstant, Surroundings
from commands.governing import PoliciesAround
from commands.lead import LeadCommand
from domain.access import Action
from domain.lead import clocks
from domain.lead.events import LeadEvent, SnoozeReason
from domain.lead.state import Lead
from domain.occasion import Occasion


class AcknowledgeEscalation(LeadCommand):
    """Take it upon yourself to see to a lead that you were told about; until then nobody else is told."""

    action: ClassVar[Action] = "lead.acknowledge"

    act_by: NearInstant = Field(description="By when you will have acted: within seven days.")

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/clocks.py."""
        return clocks.acknowledge(state, self.act_by, on)


class SnoozeLead(LeadCommand):
    """Let a lead wait for a known reason; its clocks stand still until then."""

    action: ClassVar[Action] = "lead.snooze"
    personal: ClassVar[Mapping[str, str]] = {"note": "note"}

    until: NearInstant
    reason: SnoozeReason
    note: FreeText | None = None

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/clocks.py."""
        governing = PoliciesAround(around).governing(state, on.at)
        return clocks.snooze(state, self.until, self.reason, around.sealed.get("note"), governing, on)


class WakeLead(LeadCommand):
    """Let a lead wait no longer."""

    action: ClassVar[Action] = "lead.snooze"

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/clocks.py."""
        return clocks.wake(state, on)


class KeepTime(LeadCommand):
    """Let happen what is due by now: the timekeeper asks this as often as it likes."""

    action: ClassVar[Action] = "lead.keep_time"

    due_by: NearInstant | None = Field(default=None, description="What is due later does not happen yet.")

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/clocks.py."""
        return clocks.fire(state, around.ladder(state.team), on, seat=around.seat(), due_by=self.due_by)
