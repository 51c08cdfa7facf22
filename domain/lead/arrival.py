"""How a lead arrives, how it is put right, and in whose queue it waits."""

from __future__ import annotations

from domain.event import Sealed
from domain.identity import TeamId
from domain.lead.events import ContactCorrected, LeadCreated, LeadEvent, LeadRouted, Precision
from domain.lead.standing import LeadExistsAlready, existing, open_lead
from domain.lead.state import Lead
from domain.occasion import Occasion
from domain.refusal import Refusal
from domain.rulebook import Priority
from domain.source import Source


class LeadIsSomebodys(Refusal):
    """The lead is {owner}'s; it goes to another queue when it is released, or to another person when it is assigned."""


def create(
    lead: Lead,
    *,
    source: Source | None,
    team: TeamId | None,
    contact: Sealed | None,
    dated: Precision,
    on: Occasion,
    priority: Priority | None = None,
) -> list[LeadEvent]:
    """A lead waits in the queue of the team that was named, else of its source's team, else of the whole desk."""
    source_id = source.id if source else None
    queue = team or (source.team if source else None)
    if lead.arrived_at is not None:
        if (lead.arrived_at, lead.source) == (on.at, source_id):
            return []
        raise LeadExistsAlready(arrived_at=lead.arrived_at)
    return [
        LeadCreated(source=source_id, team=queue, contact=contact, priority=priority, dated=dated, at=on.at, by=on.by)
    ]


def correct_contact(lead: Lead, contact: Sealed, on: Occasion) -> list[LeadEvent]:
    """Also a closed lead may be put right."""
    if existing(lead, on).contact == contact:
        return []
    return [ContactCorrected(contact=contact, at=on.at, by=on.by)]


def route(lead: Lead, team: TeamId, on: Occasion) -> list[LeadEvent]:
    """Only what is nobody's waits in a queue."""
    on.not_before(open_lead(lead, on).held_since)
    if lead.owner is not None:
        raise LeadIsSomebodys(owner=lead.owner)
    if lead.team == team:
        return []
    return [LeadRouted(team=team, at=on.at, by=on.by)]
