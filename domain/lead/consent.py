"""Whether a machine may write to a lead: what the lead itself said about that."""

from __future__ import annotations

from domain.lead.events import ConsentGiven, ConsentWithdrawn, LeadEvent
from domain.lead.standing import existing
from domain.lead.state import Lead
from domain.notice import Medium
from domain.occasion import Occasion


def give(lead: Lead, medium: Medium, on: Occasion) -> list[LeadEvent]:
    """Also after it was withdrawn."""
    if existing(lead, on).said_of(medium) is True or (on.at, medium, True) in lead.consents:
        return []
    return [ConsentGiven(medium=medium, at=on.at, by=on.by)]


def withdraw(lead: Lead, medium: Medium, on: Occasion) -> list[LeadEvent]:
    """At once, and also where it was never given."""
    if existing(lead, on).said_of(medium) is False or (on.at, medium, False) in lead.consents:
        return []
    return [ConsentWithdrawn(medium=medium, at=on.at, by=on.by)]


def allows(lead: Lead, medium: Medium) -> bool:
    """Who wrote to us may be answered by e-mail, unless they said no; a text message needs a yes beforehand."""
    said = lead.said_of(medium)
    return medium == "email" if said is None else said
