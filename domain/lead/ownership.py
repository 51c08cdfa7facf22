"""Who is answerable for a lead: exactly one person, or nobody yet."""

from __future__ import annotations

from domain.event import Sealed
from domain.identity import PersonId
from domain.lead.events import AssignedBecause, LeadAssigned, LeadEvent, LeadReleased, ReleaseReason
from domain.lead.standing import LeadIsUnassigned, open_lead
from domain.lead.state import Lead
from domain.occasion import Occasion
from domain.person import Person, here
from domain.refusal import Refusal


class LeadIsAlreadyClaimed(Refusal):
    """Somebody was first: the lead is {owner}'s."""


class HadItBefore(Refusal):
    """{person} had this lead and did not act in time; somebody else may claim it, or a manager assign it."""


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
    """The first claim wins; the second is told who was first.

    What is somebody's may be claimed by a team-mate once it was offered, because nobody had acted in time.
    """
    rescued = open_lead(lead, on).owner not in (None, who_id)
    if rescued and not (lead.offered and who.team == lead.team):
        raise LeadIsAlreadyClaimed(owner=lead.owner)
    if who_id in lead.excluded:
        raise HadItBefore(person=who_id)
    return assign(lead, who, who_id, "rescued" if rescued else "claimed", on)


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
