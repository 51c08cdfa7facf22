"""What is told of whose minutes were whose."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.identity import CalendarId, LeadId, PersonId, TeamId
from domain.lead.ledger import Holder
from domain.policy import ClockName, Unit
from services.api.answers import Answer

HOLDER = (
    "`owner` or `queue` since it went to them; `manager` since they were told of it, `desk` where nobody could be; "
    "`snoozed` while the lead waited."
)
PERSON = "The owner, or the manager who was told; of snoozed minutes, whose they would have been."
UNIT = "Business minutes of the calendar that the clock cites; without one every minute counts."
LATE = "What of it lies after the deadline."


class Minutes(BaseModel):
    """How long, to the thousandth of a minute; what is added up is exact."""

    model_config = ConfigDict(from_attributes=True)

    minutes: float
    late_minutes: float = Field(description=LATE)


class BookingTold(Minutes):
    """From one instant to another a clock was one holder's."""

    begins_at: datetime
    ends_at: datetime
    running: bool = Field(description="It goes on still: it was cut at the end of the period, or now.")
    holder: Holder = Field(description=HOLDER)
    person: PersonId | None = Field(description=PERSON)
    team: TeamId | None = Field(description="Whose queue, or the team that had the lead then.")


class ClockBooked(BaseModel):
    """One clock, and whose it was from when on."""

    number: int
    clock: ClockName
    started_at: datetime
    respond_by: datetime
    unit: Unit = Field(description=UNIT)
    calendar: CalendarId | None
    calendar_version: int | None
    elapsed_minutes: float = Field(description="From the first instant booked to the last.")
    booked_minutes: float = Field(description="The sum of the bookings: the same.")
    bookings: list[BookingTold]


class HeldBy(Minutes):
    """What one holder had of one kind of clock."""

    holder: Holder = Field(description=HOLDER)
    person: PersonId | None = Field(description=PERSON)
    team: TeamId | None
    clock: ClockName
    unit: Unit = Field(description=UNIT)
    leads: int = Field(description="In so many leads.")


class LeadBooked(Minutes):
    """What was booked of one lead."""

    lead: LeadId
    href: str = Field(description="Where to read on.", examples=["/leads/0192…/ledger"])
    unit: Unit = Field(description=UNIT)


class OfPeriod(Answer):
    """From one instant to another."""

    begins_at: datetime
    ends_at: datetime = Field(description="Not later than now: nothing is booked in advance.")


class LeadLedger(OfPeriod):
    """Whose the minutes of a lead's clocks were."""

    lead: LeadId
    items: list[ClockBooked] = Field(description="Each clock that ran in the period, the latest first.")
    holders: list[HeldBy] = Field(description="The sums, each kind of clock's by itself.")


class PersonLedger(OfPeriod):
    """What was a person's: as owner, as manager, and what would have been while leads waited."""

    person: PersonId
    leads: int = Field(description="In so many leads.")
    items: list[HeldBy]
    longest: list[LeadBooked] = Field(
        description="The leads with the most minutes, snoozed ones aside, of those that the caller may see now."
    )


class TeamLedger(OfPeriod):
    """What was a team's: its queue's, and that of everybody who had or was told of one of its leads."""

    team: TeamId
    leads: int = Field(description="In so many leads.")
    items: list[HeldBy]
