"""What callers get: receipts for what they did, and lines for what they asked."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.event import Role
from domain.identity import CalendarId, LeadId, PersonId, PolicyId, Position, SourceId, TeamId
from domain.lead.events import Channel, Grade, Precision, SnoozeReason
from projections.leads import Group, Stage
from projections.queues import State
from services.api.disclosing import Disclosure

POSITION = "How far the answer's read model was at least; give it as `after` to read no older one."

STATE = "`erased`: it is no longer in the vault. `unreadable`: what is there is not what the record speaks of."


class Receipt(BaseModel):
    """What happened, and where it stands in the log."""

    version: int = Field(description="Of the stream after this; also in `ETag`, and good for `If-Match`.", examples=[2])
    position: Position = Field(description="Give it as `after` to a question that shall know of this.", examples=[17])
    events: tuple[str, ...] = Field(
        description="What happened, by name; empty where it was already so.", examples=[["LeadAssigned.v1"]]
    )
    command_id: UUID
    repeated: bool = Field(description="This was asked before with the same key, and this is the first answer again.")


class LeadReceipt(Receipt):
    """What happened to a lead."""

    lead: LeadId


class PersonReceipt(Receipt):
    """What happened to a person."""

    person: PersonId


class TeamReceipt(Receipt):
    """What happened to a team."""

    team: TeamId


class DeskReceipt(Receipt):
    """What happened to the desk's seat."""


class SourceReceipt(Receipt):
    """What happened to a source."""

    source: SourceId


class CalendarReceipt(Receipt):
    """What happened to a calendar."""

    calendar: CalendarId


class PolicyReceipt(Receipt):
    """What happened to a policy."""

    policy: PolicyId


class RulebookReceipt(Receipt):
    """What happened to the rulebook."""


class Answer(BaseModel):
    """An answer from a read model."""

    position: Position = Field(description=POSITION)


class PageOf(Answer):
    """One page of a list."""

    next: str | None = Field(default=None, description="Give it as `cursor` for the next page; null on the last one.")


class QueueLine(BaseModel):
    """One open lead in a queue."""

    model_config = ConfigDict(from_attributes=True)

    lead: LeadId
    href: str = Field(description="Where to read on.", examples=["/leads/0192…"])
    name: str | None = Field(description="The lead's name, for callers who may see it.")
    owner: PersonId | None = Field(description="null while it waits for somebody.")
    team: TeamId | None
    source: SourceId | None
    state: State
    since: datetime = Field(description="When its owner, or the queue, got it.")
    arrived_at: datetime
    outreach_count: int
    last_outreach_at: datetime | None
    last_reply_at: datetime | None
    follow_up_by: datetime | None
    respond_by: datetime | None = Field(description="The earliest deadline that a policy sets.")
    offered: bool = Field(description="Anybody of its team may claim it, because nobody had acted in time.")
    escalated_at: datetime | None = Field(description="Since when somebody knows that it needs help.")
    escalated_to: PersonId | None = Field(description="Who was told last; null where it was the whole desk.")
    act_by: datetime | None = Field(description="By when they said that they would act.")
    waits_until: datetime | None = Field(
        description="The lead was snoozed until then, and waits while that is to come; null where it was woken."
    )
    waits_because: SnoozeReason | None = Field(description="null where `waits_until` is.")
    tier: int = Field(description="0 while somebody waits or was promised something, 1 while it is quiet.")
    attention_at: datetime = Field(description="Since when or until when; the earliest stand first.")


class Queue(PageOf):
    """Leads in the order of urgency."""

    items: list[QueueLine]


class LoadLine(BaseModel):
    """How much somebody has on the plate."""

    model_config = ConfigDict(from_attributes=True)

    owner: PersonId | None = Field(description="null for what waits in the team's queue.")
    new: int = Field(description="Nobody has got in touch yet.")
    replied: int = Field(description="The lead waits for an answer.")
    promised: int = Field(description="A follow-up is owed.")
    contacted: int = Field(description="Quiet.")
    wrote_again: int = Field(description="Lost, and written again since.")
    total: int


class Loads(Answer):
    """Whoever has anything of a team's leads on the plate, after the team's queue."""

    items: list[LoadLine]


class PersonLine(BaseModel):
    """Somebody who is or was here, under the pseudonym that stands on record."""

    model_config = ConfigDict(from_attributes=True)

    person: PersonId
    team: TeamId | None
    here: bool = Field(description="false for somebody who has left.")
    since: datetime = Field(description="When they joined, moved or left last.")
    calendar: CalendarId | None = Field(description="By whose hours they work: nobody writes to them at other times.")


class People(PageOf):
    """People by name."""

    items: list[PersonLine]


class PersonTold(PersonLine, Answer):
    """One person, and the teams they answer for, with all teams below those."""

    answers_for: list[TeamId]


class TeamLine(BaseModel):
    """A team."""

    model_config = ConfigDict(from_attributes=True)

    team: TeamId
    above: TeamId | None
    accountable: PersonId | None


class Teams(PageOf):
    """Teams by name."""

    items: list[TeamLine]


class TeamTold(TeamLine, Answer):
    """One team."""


class DeskTold(Answer):
    """Who answers for the whole desk: who is told of what reaches nobody else."""

    accountable: PersonId | None
    since: datetime | None


class SourceLine(BaseModel):
    """Where leads come from, and whose queue they wait in."""

    model_config = ConfigDict(from_attributes=True)

    source: SourceId
    team: TeamId | None
    retired: bool


class Sources(PageOf):
    """Sources by name."""

    items: list[SourceLine]


class ContactTold(BaseModel):
    """How to reach a lead, as it was told last."""

    lead: LeadId
    contact: dict[str, Any] | None = Field(description="null where nothing was told, or where it cannot be read.")
    state: Disclosure | None = Field(description=STATE)


class ProfileTold(BaseModel):
    """Who somebody is and how to reach them, as it was told last."""

    person: PersonId
    profile: dict[str, Any] | None = Field(description="null where nothing was told, or where it cannot be read.")
    state: Disclosure | None = Field(description=STATE)


class NoteLine(BaseModel):
    """What somebody typed on an occasion."""

    version: int
    at: datetime = Field(description="When it happened.")
    recorded_at: datetime = Field(description="When we learned it.")
    what: str = Field(description="What happened, by its name on record.", examples=["LeadContacted.v1"])
    who: str = Field(description="A person's pseudonym, or the name of a service.")
    note: str | None = Field(description="null where it cannot be read.")
    state: Disclosure = Field(description=STATE)


class Notes(PageOf):
    """What was typed about a lead, in the order in which it came on record."""

    items: list[NoteLine]


class LeadLine(BaseModel):
    """What is known of one lead, at the instant that was asked about."""

    lead: LeadId
    version: int = Field(description="Of the lead's stream, as far as this reaches.")
    last_position: Position = Field(description="Where in the log the last event of it stands.")
    href: str
    timeline: str
    valid_from: datetime = Field(description="From when on all of this was true.")
    stage: Stage
    source: SourceId | None
    team: TeamId | None
    owner: PersonId | None
    arrived_at: datetime
    dated: Precision = Field(description="`day` where only the date of arrival is known.")
    first_contact_at: datetime | None = Field(description="The first human outreach.")
    last_outreach_at: datetime | None
    outreach_count: int
    last_reply_at: datetime | None
    replies: int
    promised_at: datetime | None
    follow_up_by: datetime | None
    ended_at: datetime | None
    ended_because: str | None
    value_amount: Decimal | None
    value_currency: str | None
    escalated_to_rung: int | None


class Leads(PageOf):
    """Leads, the latest arrival first."""

    items: list[LeadLine]


class LeadTold(LeadLine, Answer):
    """One lead."""


class TimelineLine(BaseModel):
    """One event, in a sentence."""

    version: int
    position: Position
    at: datetime = Field(description="When it happened.")
    recorded_at: datetime = Field(description="When we learned it.")
    late_seconds: float = Field(description="How long after the deed it came on record.")
    who: str = Field(description="A person's pseudonym, or the name of a service.")
    role: Role
    via: str = Field(description="The key, or another means of login.")
    what: str = Field(examples=["LeadAssigned"])
    sentence: str
    channel: Channel | None
    grade: Grade | None = Field(description="How far an outreach can be believed.")


class Timeline(PageOf):
    """The story of a lead, a person, a team or a source."""

    items: list[TimelineLine]


class CountLine(BaseModel):
    """How many leads of one group there are, and how many ended how."""

    group: dict[Group, str | None] = Field(description="Empty for the one line about all.")
    total: int
    open: int
    converted: int
    lost: int
    disqualified: int


class Counts(Answer):
    """Numbers of leads."""

    items: list[CountLine]


class Progress(BaseModel):
    """One read model, as an operator sees it."""

    projection: str
    version: int
    generation: int
    position: Position
    lag_events: int
    parked_streams: int
    holder: str | None = Field(description="Who keeps it now; null while nobody does.")
    rebuilding_at: Position | None = Field(description="How far a new generation is, if one is being built beside.")


class Projections(BaseModel):
    """Every read model there is."""

    log_head: Position
    items: list[Progress]


class ParkedLine(BaseModel):
    """A stream that waits aside, because an event of it could not be folded."""

    stream: UUID = Field(description="Of a lead, its id.")
    version: int = Field(description="Of the event that stopped it.")
    position: Position
    event: str = Field(examples=["LeadAssigned"])
    error: str = Field(description="The kind of error; its words stay where they are, since they may quote somebody.")
    skipped: int = Field(description="How many later events of the stream wait behind that one.")
    parked_at: datetime


class ParkedStreams(BaseModel):
    """What one read model has set aside."""

    projection: str
    items: list[ParkedLine]
