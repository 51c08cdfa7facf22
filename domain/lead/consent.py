"""Whether a machine may write to a lead: what the lead itself said about that."""

from __future__ import annotations

from domain.lead.events import ConsentGiven, ConsentWithdrawn, LeadEvent
from domain.lead.standing import existing
from domain.lead.state import Lead
from domain.notice import Medium
from domain.occasion import Occasion


def give(lead: Lead, medium: Medium, on: Occasion) -> list[LeadEvent]:
    """Also after it was withdrawn."""
    if medium in existing(lead, on).consents:
        return []
    return [ConsentGiven(medium=medium, at=on.at, by=on.by)]


def withdraw(lead: Lead, medium: Medium, on: Occasion) -> list[LeadEvent]:
    """At once, and also where it was never given."""
    if medium in existing(lead, on).withdrawn:
        return []
    return [ConsentWithdrawn(medium=medium, at=on.at, by=on.by)]


def allows(lead: Lead, medium: Medium) -> bool:
    """Who wrote to us may be answered by e-mail, unless they said no; a text message needs a yes beforehand."""
    return medium in lead.consents or (medium == "email" and medium not in lead.withdrawn)
