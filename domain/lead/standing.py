"""What must hold before anything is done to a lead: it exists, it is open, and the deed is dated in its life."""

from __future__ import annotations

from domain.lead.state import Lead
from domain.occasion import BeforeTheLeadArrived, Occasion
from domain.refusal import Refusal


class LeadUnknown(Refusal):
    """There is no such lead, or none that you may see."""


class LeadIsClosed(Refusal):
    """The lead is closed: it was {ending} at {ended_at}. Reopen it first if there is something left to do."""


class LeadExistsAlready(Refusal):
    """This lead has been created already, at {arrived_at}."""


class LeadIsUnassigned(Refusal):
    """Nobody is answerable for the lead yet; it must be claimed or assigned first."""


class DatedBeforeALaterChange(Refusal):
    """The deed is dated {at}, but the lead already changed at {changed_at}; correct the instant."""


def existing(lead: Lead, on: Occasion) -> Lead:
    """The lead, if there is one and the deed is not dated before its arrival (only copied history may be)."""
    if lead.arrived_at is None:
        raise LeadUnknown
    if on.at < lead.arrived_at and not on.history:
        raise BeforeTheLeadArrived(at=on.at.isoformat(), arrived_at=lead.arrived_at.isoformat())
    return lead


def open_lead(lead: Lead, on: Occasion) -> Lead:
    """The lead, if something may still become of it."""
    existing(lead, on)
    if lead.ended_at is not None:
        raise LeadIsClosed(ending=lead.ending, ended_at=lead.ended_at.isoformat())
    return lead


def open_then(lead: Lead, on: Occasion) -> Lead:
    """The lead, if it was still open when the deed was done: what is logged late may precede the end."""
    existing(lead, on)
    if lead.ended_at is not None and on.at > lead.ended_at:
        raise LeadIsClosed(ending=lead.ending, ended_at=lead.ended_at.isoformat())
    return lead
