"""The occasion of a decision: who asks, when the deed happened, and what the clock says now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.event import Actor
from domain.refusal import Refusal


class AtIsInTheFuture(Refusal):
    """The deed is dated {at}, but it is only {now}; what has not happened yet cannot be recorded."""


class BeforeTheLeadArrived(Refusal):
    """The deed is dated {at}, before the lead arrived at {arrived_at}; correct the instant."""


class DatedBeforeALaterChange(Refusal):
    """The deed is dated {at}, but what it would change changed at {changed_at} already; correct the instant."""


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """Everything about the asking that is not the wish itself. The inside never looks at a clock."""

    by: Actor
    now: datetime
    """When the desk decides, in UTC."""
    at: datetime
    """When it happened, in UTC; equal to `now` unless it is logged late or imported."""
    history: bool = False
    """The record of another system is being copied: what it says is taken as it says it, and shown as such."""

    def __post_init__(self) -> None:
        """Nothing is dated in the future."""
        if self.at > self.now:
            raise AtIsInTheFuture(at=self.at, now=self.now)

    def not_before(self, changed_at: datetime | None) -> None:
        """What changed later stands: nothing is slipped in before it."""
        if changed_at is not None and self.at < changed_at:
            raise DatedBeforeALaterChange(at=self.at, changed_at=changed_at)
