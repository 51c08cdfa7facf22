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
    """At {at} nobody was answerable for the lead; it must be claimed or assigned first."""


def existing(lead: Lead, on: Occasion) -> Lead:
    """The lead, if there is one and the deed is not dated before its arrival (only copied history may be)."""
    if lead.arrived_at is None:
        raise LeadUnknown
    if on.at < lead.arrived_at and not on.history:
        raise BeforeTheLeadArrived(at=on.at, arrived_at=lead.arrived_at)
    return lead


def open_lead(lead: Lead, on: Occasion) -> Lead:
    """The lead, if something may still become of it, and the deed is not dated before it was opened again."""
    existing(lead, on)
    if lead.ended_at is not None:
        raise LeadIsClosed(ending=lead.ending, ended_at=lead.ended_at)
    if not on.history:
        on.not_before(lead.stage_since)
    return lead


def open_then(lead: Lead, on: Occasion) -> Lead:
    """The lead, unless it had ended before the deed: what is logged late may precede the end.

    Once it is open again, what was done while it was closed may be told too: it may be why it was opened.
    """
    existing(lead, on)
    if lead.ended_at is not None and on.at > lead.ended_at:
        raise LeadIsClosed(ending=lead.ending, ended_at=lead.ended_at)
    return lead
