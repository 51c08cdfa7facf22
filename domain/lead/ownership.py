"""Who is answerable for a lead: exactly one person, or nobody yet."""

from __future__ import annotations

from datetime import timedelta

from domain.event import Sealed
from domain.identity import PersonId
from domain.lead.events import (
    AssignedBecause,
    ClaimLost,
    LeadAssigned,
    LeadEvent,
    LeadIsAlreadyClaimed,
    LeadReleased,
    ReleaseReason,
)
from domain.lead.standing import LeadIsUnassigned, open_lead
from domain.lead.state import Lead
from domain.occasion import Occasion
from domain.person import Person, here
from domain.refusal import Refusal

RACE_LASTS = timedelta(minutes=30)
"""So long an offer stands at most: who asks later than that after it was taken has lost no race, but comes too late."""


class HadItBefore(Refusal):
    """{person} had this lead and did not act in time; somebody else may claim it, or a manager assign it."""


class LeadIsNotOnOffer(Refusal):
    """The lead is somebody's and is not on offer to you; ask whoever answers for its team to assign it to you."""


class NotYourLead(Refusal):
    """The lead is {owner}'s, not {person}'s; ask the person who answers for the team to assign it."""


class SpeaksForAnother(Refusal):
    """Only {person}, a manager or a service can put on record what {person} did; {by} cannot."""


class NobodyIsNamed(Refusal):
    """{by} is a service, and what it puts on record was done by a person; name that person."""


def assign(lead: Lead, to: Person, to_id: PersonId, because: AssignedBecause, on: Occasion) -> list[LeadEvent]:
    """Assigning again moves the lead; it resets no clock."""
    on.not_before(open_lead(lead, on).held_since)
    here(to, to_id)
    if lead.owner == to_id:
        return []
    return [LeadAssigned(to=to_id, team=to.team, previous=lead.owner, because=because, at=on.at, by=on.by)]


def claim(lead: Lead, who: Person, who_id: PersonId, on: Occasion) -> list[LeadEvent]:
    """The first claim wins; where it was a race, the second is told who was first, and that is on record.

    What is somebody's may be claimed by a team-mate once it was offered, because nobody had acted in time.
    """
    owner = open_lead(lead, on).owner
    rescued_from = None if owner == who_id else owner
    if rescued_from is not None and not (lead.offered and who.team == lead.team):
        raise _too_late(lead, rescued_from, who, who_id, on)
    if who_id in lead.excluded:
        raise HadItBefore(person=who_id)
    return assign(lead, who, who_id, "claimed" if rescued_from is None else "rescued", on)


def _too_late(lead: Lead, owner: PersonId, who: Person, who_id: PersonId, on: Occasion) -> Refusal:
    """Each person loses a lead once to whoever took it; that is no deed, and changes nothing about the lead."""
    if lead.taken_at is None or not lead.taken_at <= on.at <= lead.taken_at + RACE_LASTS:
        return LeadIsNotOnOffer()
    refusal = LeadIsAlreadyClaimed(owner=owner)
    if who.here and who_id not in lead.excluded | lead.lost_claims:
        refusal.on_record = ClaimLost(who=who_id, to=owner, at=on.at, by=on.by)
    return refusal


def release(lead: Lead, reason: ReleaseReason, note: Sealed | None, on: Occasion) -> list[LeadEvent]:
    """The lead goes back to its team's queue, and whoever had it stays on record."""
    on.not_before(open_lead(lead, on).held_since)
    if lead.owner is None:
        return []
    if on.by.role == "rep" and on.by.id != lead.owner:
        raise NotYourLead(owner=lead.owner, person=on.by.id)
    return [LeadReleased(owner=lead.owner, team=lead.team, reason=reason, note=note, at=on.at, by=on.by)]


def held_by(lead: Lead, person: PersonId, on: Occasion) -> PersonId:
    """The person, if they may be said to have done the deed.

    They had the lead then, whoever has it now; or they are the manager who says so; or history says so. A service
    speaks for people and is none: what a machine does by itself is no deed of anybody's.
    """
    if on.history or (on.by.role == "manager" and on.by.id == person):
        return person
    if on.by.role == "rep" and on.by.id != person:
        raise SpeaksForAnother(person=person, by=on.by.id)
    owner = lead.owner_at(on.at)
    if owner is None:
        raise LeadIsUnassigned(at=on.at)
    if owner != person:
        raise NotYourLead(owner=owner, person=person)
    return person
