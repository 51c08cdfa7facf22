"""What is told of a lead's clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from domain.identity import CalendarId, LeadId, PersonId, PolicyId
from domain.lead.events import StoppedBecause
from domain.policy import ClockName, Deed, Unit, Whom
from services.api.answers import Answer

Standing = Literal["on_track", "at_risk", "overdue", "stopped_in_time", "stopped_late"]


class RungTold(BaseModel):
    """One rung of a clock's ladder."""

    due_at: datetime
    deed: Deed
    whom: Whom | None
    seat: PersonId | None
    fired_at: datetime | None = Field(description="When it came; null while it has not.")
    late_seconds: float | None = Field(description="How much later than it was due.")


class DidNotStop(BaseModel):
    """Something that was sent to the lead while the clock ran, and did not count."""

    what: str
    at: datetime
    because: str


class RuleTold(BaseModel):
    """The rule by which the policy was chosen, and what it says of a lead."""

    rulebook_version: int
    number: int = Field(description="The first one is 1.")
    because: str = Field(examples=["rule 2: source web, any team, any priority"])


class PauseTold(BaseModel):
    """While the lead waited for a known reason, its clocks stood still."""

    begins_at: datetime
    ends_at: datetime


class ClockTold(BaseModel):
    """One clock, with everything that its deadline was computed from."""

    number: int
    clock: ClockName
    standing: Standing = Field(description="As of now; the breach itself is on record too.")
    started_at: datetime
    respond_by: datetime
    target_minutes: int
    unit: Unit
    promised_for: datetime | None = Field(description="The deadline, where somebody promised it.")
    policy: PolicyId
    policy_version: int
    rule: RuleTold | None = Field(description="null where it was decided before that was written down.")
    calendar: CalendarId | None
    calendar_version: int | None
    zone: str | None
    pauses: list[PauseTold]
    elapsed_minutes: float = Field(description="Counted as the target is, until now or until the clock stopped.")
    stopped_at: datetime | None
    stopped_because: StoppedBecause | None
    breached: bool = Field(description="It was breached, and nothing that we learned later undid that.")
    retracted: bool = Field(description="It was breached, and something that we learned later undid that.")
    rungs: list[RungTold]
    did_not_stop: list[DidNotStop]


class Clocks(Answer):
    """The clocks of a lead, the latest first."""

    lead: LeadId
    items: list[ClockTold]
