"""What can be asked of the desk about a lead."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from commands.command import (
    LEAD,
    Amount,
    Command,
    FreeText,
    Kind,
    NearInstant,
    PersonName,
    ProviderId,
    SourceName,
    Surroundings,
    TeamName,
)
from commands.governing import PoliciesAround
from domain.access import Action, OfLead
from domain.calendar import ZoneUnknown, known_zone
from domain.event import Event
from domain.identity import PersonId
from domain.lead import arrival, clocks, closing, contact, escalation, ownership
from domain.lead.events import (
    AssignedBecause,
    Channel,
    DisqualificationReason,
    EscalationReason,
    Evidence,
    LeadEvent,
    LossReason,
    Money,
    Outcome,
    Precision,
    ReleaseReason,
    ReopenReason,
)
from domain.lead.state import Lead
from domain.occasion import Occasion
from domain.person import PersonUnknown
from domain.rulebook import Priority
from domain.source import bringing_leads
from domain.team import known

Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()./-]{5,32}$")]
PLAIN_EMAIL = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([a-z0-9]+(-[a-z0-9]+)*\.)+(com|net|org|[a-z]{2})")
"""Most addresses look like this, and are shorter than 64 characters."""


def _plain_or_by_the_book(told: object, by_the_book: ValidatorFunctionWrapHandler) -> object:
    """By the whole book an address takes as long as a third of all that there is to do about a new lead."""
    if isinstance(told, str) and len(told) < 64 and PLAIN_EMAIL.fullmatch(told):
        return told
    return by_the_book(told)


Email = Annotated[EmailStr, WrapValidator(_plain_or_by_the_book)]


def _zone(told: str) -> str:
    try:
        return known_zone(told).key
    except ZoneUnknown as unknown:
        raise PydanticCustomError(
            "no_zone", "no time zone of the IANA database; write it as Europe/Vienna"
        ) from unknown


class Contact(BaseModel):
    """How to reach a lead. All of it is personal and goes to the vault."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    email: Email | None = None
    phone: Phone | None = None
    company: Annotated[str, StringConstraints(max_length=200)] | None = None
    reference: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        default=None, description="What another system calls this lead."
    )
    message: FreeText | None = Field(default=None, description="What the lead wrote when it arrived.")
    zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="Where the lead is, for when a machine may write: a name of the IANA database."
    )


class EvidenceGiven(BaseModel):
    """What a provider calls the outreach, so that it can be checked there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    id: ProviderId

    @property
    def evidence(self) -> Evidence:
        """As it stands in the event."""
        return Evidence(provider=self.provider, id=self.id)


class LeadCommand(Command[Lead]):
    """A wish about one lead."""

    kind: ClassVar[Kind[Lead]] = LEAD

    def resource(self, state: Lead) -> OfLead:
        """A lead is its owner's and its team's."""
        return OfLead(owner=state.owner, team=state.team)

    def decide(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """What happens, and what that does to the lead's clocks."""
        deeds = self.deeds(state, on, around)
        if not deeds or not (state.clocks or around.rulebook().pages):
            return deeds
        return clocks.follow(state, deeds, PoliciesAround(around), on)

    @abstractmethod
    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """What happens, if anything, or a refusal."""


class CreateLead(LeadCommand):
    """Put a lead that arrived on record."""

    action: ClassVar[Action] = "lead.create"
    begins: ClassVar[bool] = True
    personal: ClassVar[Mapping[str, str]] = {"contact": "contact"}

    source: SourceName | None = None
    team: TeamName | None = Field(
        default=None, description="Whose queue it waits in; its source's team, if it is left out."
    )
    contact: Contact | None = None
    priority: Priority | None = Field(default=None, description="By which a policy may treat it differently.")
    dated: Precision = Field(default="instant", description="`day` where only the date of arrival is known.")

    def resource(self, state: Lead) -> OfLead:
        """A new lead is nobody's; what is on record already is found in the queue it was put into."""
        return OfLead(owner=None, team=self.team)

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/arrival.py."""
        return arrival.create(
            state,
            source=bringing_leads(around.source(self.source), self.source) if self.source else None,
            team=known(around.team(self.team), self.team) if self.team else None,
            contact=around.sealed.get("contact"),
            priority=self.priority,
            dated=self.dated,
            on=on,
        )


class CorrectContact(LeadCommand):
    """Put right how the lead can be reached."""

    action: ClassVar[Action] = "lead.correct_contact"
    personal: ClassVar[Mapping[str, str]] = {"contact": "contact"}

    contact: Contact

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/arrival.py."""
        return arrival.correct_contact(state, around.sealed["contact"], on)


class RouteLead(LeadCommand):
    """Send a lead that is nobody's to the queue of a team."""

    action: ClassVar[Action] = "lead.route"

    team: TeamName

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/arrival.py."""
        return arrival.route(state, known(around.team(self.team), self.team), on)


class AssignLead(LeadCommand):
    """Make one person answerable for a lead."""

    action: ClassVar[Action] = "lead.assign"

    to: PersonName

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/ownership.py."""
        because: AssignedBecause = "imported" if on.history else "by_hand"
        return ownership.assign(state, around.person(self.to), self.to, because, on)


class ClaimLead(LeadCommand):
    """Take a lead from the queue."""

    action: ClassVar[Action] = "lead.claim"

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/ownership.py."""
        who = _doer(None, on, around)
        return ownership.claim(state, around.person(who), who, on)


class ReleaseLead(LeadCommand):
    """Give a lead back to its team's queue."""

    action: ClassVar[Action] = "lead.release"
    personal: ClassVar[Mapping[str, str]] = {"note": "note"}

    reason: ReleaseReason
    note: FreeText | None = None

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/ownership.py."""
        return ownership.release(state, self.reason, around.sealed.get("note"), on)


class RecordOutreach(LeadCommand):
    """Tell that somebody tried to reach the lead; the first time it is the contact, later a follow-up."""

    action: ClassVar[Action] = "lead.reach_out"
    personal: ClassVar[Mapping[str, str]] = {"note": "note"}

    channel: Channel
    outcome: Outcome
    made_by: PersonName | None = Field(
        default=None,
        description="Who reached out, where somebody else records it. A telephony system must say so; a manager may.",
    )
    evidence: EvidenceGiven | None = Field(default=None, description="A provider's id makes the outreach `verified`.")
    duration_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    note: FreeText | None = None

    def resource(self, state: Lead) -> OfLead:
        """What somebody did while the lead was theirs they may tell when it is theirs no longer."""
        return replace(super().resource(state), owner_then=state.owner_at(self.at) if self.at else None)

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/contact.py."""
        return contact.reach_out(
            state,
            made_by=_doer(self.made_by, on, around),
            channel=self.channel,
            outcome=self.outcome,
            evidence=self.evidence.evidence if self.evidence else None,
            duration_seconds=self.duration_seconds,
            note=around.sealed.get("note"),
            on=on,
        )


class RecordAutomaticMessage(LeadCommand):
    """Tell that a machine wrote to the lead; it never counts as contact."""

    action: ClassVar[Action] = "lead.message_automatically"

    channel: Channel
    outcome: Outcome
    evidence: EvidenceGiven | None = None

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/contact.py."""
        evidence = self.evidence.evidence if self.evidence else None
        return contact.message_automatically(state, self.channel, self.outcome, evidence, on)


class RecordReply(LeadCommand):
    """Tell that the lead answered."""

    action: ClassVar[Action] = "lead.hear_from"
    personal: ClassVar[Mapping[str, str]] = {"note": "note"}

    channel: Channel
    evidence: EvidenceGiven | None = None
    note: FreeText | None = None

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/contact.py."""
        evidence = self.evidence.evidence if self.evidence else None
        return contact.hear_from(state, self.channel, evidence, around.sealed.get("note"), on)


class PromiseFollowUp(LeadCommand):
    """Promise to get in touch again by an instant."""

    action: ClassVar[Action] = "lead.promise"
    personal: ClassVar[Mapping[str, str]] = {"note": "note"}

    follow_up_by: NearInstant
    promised_by: PersonName | None = None
    note: FreeText | None = None

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/contact.py."""
        promised_by = _doer(self.promised_by, on, around)
        return contact.promise(state, promised_by, self.follow_up_by, around.sealed.get("note"), on)


class ConvertLead(LeadCommand):
    """Tell that the lead became a customer."""

    action: ClassVar[Action] = "lead.convert"

    value: Amount | None = Field(default=None, description="What the deal is worth, with its currency.")
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = Field(
        default=None, description="ISO 4217, three capital letters."
    )

    @model_validator(mode="after")
    def an_amount_has_a_currency(self) -> ConvertLead:
        """One without the other says nothing."""
        if (self.value is None) != (self.currency is None):
            raise ValueError("give both `value` and `currency`, or neither")
        return self

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/closing.py."""
        money = Money(self.value, self.currency) if self.value is not None and self.currency is not None else None
        return closing.convert(state, money, on)


class LoseLead(LeadCommand):
    """Tell that the lead will not become a customer, and why."""

    action: ClassVar[Action] = "lead.lose"
    personal: ClassVar[Mapping[str, str]] = {"note": "note"}

    reason: LossReason
    note: FreeText | None = None

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/closing.py."""
        return closing.lose(state, self.reason, around.sealed.get("note"), on)


class DisqualifyLead(LeadCommand):
    """Tell that this never was a lead."""

    action: ClassVar[Action] = "lead.disqualify"
    personal: ClassVar[Mapping[str, str]] = {"note": "note"}

    reason: DisqualificationReason
    note: FreeText | None = None

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/closing.py."""
        return closing.disqualify(state, self.reason, around.sealed.get("note"), on)


class ReopenLead(LeadCommand):
    """Open a closed lead again."""

    action: ClassVar[Action] = "lead.reopen"
    personal: ClassVar[Mapping[str, str]] = {"note": "note"}

    reason: ReopenReason
    note: FreeText | None = None

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/closing.py."""
        return closing.reopen(state, self.reason, around.sealed.get("note"), on)


class EscalateLead(LeadCommand):
    """Tell somebody who answers for the team that this lead needs help."""

    action: ClassVar[Action] = "lead.escalate"
    personal: ClassVar[Mapping[str, str]] = {"note": "note"}

    reason: EscalationReason
    rung: Annotated[int, Field(ge=1, le=10)] = Field(
        default=1,
        description="1 is whoever answers for the lead's team, 2 the one above; the desk's seat is the last. Who calls "
        "for help is passed over.",
    )
    note: FreeText | None = None

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/escalation.py."""
        ladder = around.ladder(state.team)
        return escalation.escalate(state, ladder, self.rung, self.reason, around.sealed.get("note"), on)


def _doer(named: PersonId | None, on: Occasion, around: Surroundings) -> PersonId:
    """Whoever is named and on record; else the caller, who is then a person. What a service is called is nobody."""
    if named is None:
        if on.by.role == "service":
            raise ownership.NobodyIsNamed(by=on.by.id)
        return PersonId(on.by.id)
    # A rep speaks for nobody else, which the rules say without telling who there is.
    if on.by.role != "rep" and around.person(named).id is None:
        raise PersonUnknown(person=named)
    return named
