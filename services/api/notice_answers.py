"""What is told of notices: to whom, about what, and what became of them; never their words or an address."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.identity import LeadId, PersonId, TeamId
from domain.notice import About, Medium
from projections.notices import Standing
from services.api.answers import Answer


class NoticeLine(BaseModel):
    """One message to one person about one event."""

    model_config = ConfigDict(from_attributes=True)

    notice: UUID
    about: About
    medium: Medium
    addressee: PersonId | None = Field(description="null is the lead itself, or whoever has yet to be looked up.")
    standing: Standing
    reason: str | None = Field(description="Why it failed, or was not sent.")
    cause: int = Field(description="The version of the event that it is about; 0 for a digest.")
    made_at: datetime
    settled_at: datetime | None = Field(description="When something became of it.")


class DeadLetter(NoticeLine):
    """A notice that will not arrive unless somebody does something about it."""

    lead: LeadId | None = Field(description="null for a digest, which is about no lead: tomorrow's may arrive.")
    team: TeamId | None


class Notices(Answer):
    """The notices about a lead, the oldest first."""

    lead: LeadId
    items: list[NoticeLine]


class DeadLetters(Answer):
    """What failed, the latest first."""

    next: str | None
    items: list[DeadLetter]
