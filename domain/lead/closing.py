"""How a lead ends: converted, lost or disqualified; and how it is opened again."""

from __future__ import annotations

from domain.event import Sealed
from domain.lead.events import (
    DisqualificationReason,
    LeadConverted,
    LeadDisqualified,
    LeadEvent,
    LeadLost,
    LeadReopened,
    LossReason,
    Money,
    ReopenReason,
)
from domain.lead.standing import LeadIsUnassigned, existing, open_lead
from domain.lead.state import Lead
from domain.occasion import Occasion
from domain.refusal import Refusal


class LeadIsAlreadyConverted(Refusal):
    """The lead was converted already, at {ended_at}, for {value}; a lead converts once."""


def convert(lead: Lead, value: Money | None, on: Occasion) -> list[LeadEvent]:
    """Somebody must be answerable for what is converted; it is credited to whoever was when it happened."""
    if lead.ending == "converted":
        if lead.value == value:
            return []
        worth = f"{lead.value.amount} {lead.value.currency}" if lead.value else "a value not told"
        raise LeadIsAlreadyConverted(ended_at=lead.ended_at, value=worth)
    owner = open_lead(lead, on).owner_at(on.at) or (lead.owner if on.history else None)
    if owner is None:
        raise LeadIsUnassigned(at=on.at)
    return [LeadConverted(owner=owner, value=value, at=on.at, by=on.by)]


def lose(lead: Lead, reason: LossReason, note: Sealed | None, on: Occasion) -> list[LeadEvent]:
    """A lead can be lost that nobody ever took; a rep says so only of one that somebody is answerable for."""
    if lead.ending == "lost" and lead.ended_because == reason:
        return []
    owner = open_lead(lead, on).owner_at(on.at)
    if owner is None and on.by.role == "rep":
        raise LeadIsUnassigned(at=on.at)
    return [LeadLost(owner=owner, reason=reason, note=note, at=on.at, by=on.by)]


def disqualify(lead: Lead, reason: DisqualificationReason, note: Sealed | None, on: Occasion) -> list[LeadEvent]:
    """What never was a lead leaves every report of losses."""
    if lead.ending == "disqualified" and lead.ended_because == reason:
        return []
    open_lead(lead, on)
    return [LeadDisqualified(reason=reason, note=note, at=on.at, by=on.by)]


def reopen(lead: Lead, reason: ReopenReason, note: Sealed | None, on: Occasion) -> list[LeadEvent]:
    """The end stays on record; the lead is its former owner's again, even of one who has left: the queue shows that."""
    if existing(lead, on).open:
        return []
    on.not_before(lead.ended_at)
    return [LeadReopened(reason=reason, note=note, at=on.at, by=on.by)]
