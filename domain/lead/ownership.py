"""Who is answerable for a lead: exactly one person, or nobody yet."""

from __future__ import annotations

from domain.event import Sealed
from domain.identity import PersonId
from domain.lead.events import AssignedBecause, LeadAssigned, LeadEvent, LeadReleased, ReleaseReason
from domain.lead.standing import DatedBeforeALaterChange, LeadIsUnassigned, open_lead
from domain.lead.state import Lead
from domain.occasion import Occasion
from domain.person import Person, here
from domain.refusal import Refusal


class LeadIsAlreadyClaimed(Refusal):
    """Somebody was first: the lead is {owner}'s."""


class NotYourLead(Refusal):
    """The lead is {owner}'s, not {person}'s; ask the person who answers for the team to assign it."""


def assign(lead: Lead, to: Person, to_id: PersonId, because: AssignedBecause, on: Occasion) -> list[LeadEvent]:
    """Assigning again moves the lead; it resets no clock."""
    _in_order(open_lead(lead, on), on)
    here(to, to_id)
    if lead.owner == to_id:
        return []
    return [LeadAssigned(to=to_id, team=to.team, previous=lead.owner, because=because, at=on.at, by=on.by)]


def claim(lead: Lead, who: Person, who_id: PersonId, on: Occasion) -> list[LeadEvent]:
    """The first claim wins; the second is told who was first."""
    if open_lead(lead, on).owner not in (None, who_id):
        raise LeadIsAlreadyClaimed(owner=lead.owner)
    return assign(lead, who, who_id, "claimed", on)


def release(lead: Lead, reason: ReleaseReason, note: Sealed | None, on: Occasion) -> list[LeadEvent]:
    """The lead goes back to its team's queue, and whoever had it stays on record."""
    _in_order(open_lead(lead, on), on)
    if lead.owner is None:
        return []
    if on.by.role == "rep" and on.by.id != lead.owner:
        raise NotYourLead(owner=lead.owner, person=on.by.id)
    return [LeadReleased(owner=lead.owner, team=lead.team, reason=reason, note=note, at=on.at, by=on.by)]


def held_by(lead: Lead, person: PersonId, on: Occasion) -> PersonId:
    """The person, if the lead was theirs when the deed was done, or if a manager or a service records it."""
    if on.by.role != "rep" and on.by.id == person:
        return person
    owner = lead.owner_at(on.at)
    if owner == person or on.history:
        return person
    if owner is None:
        raise LeadIsUnassigned
    raise NotYourLead(owner=owner, person=person)


def _in_order(lead: Lead, on: Occasion) -> None:
    if lead.tenures and on.at < lead.tenures[-1].since:
        raise DatedBeforeALaterChange(at=on.at.isoformat(), changed_at=lead.tenures[-1].since.isoformat())
