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
from domain.lead.standing import DatedBeforeALaterChange, LeadIsClosed, LeadIsUnassigned, existing
from domain.lead.state import Ending, Lead
from domain.occasion import Occasion
from domain.refusal import Refusal


class LeadIsAlreadyConverted(Refusal):
    """The lead was converted already, at {ended_at}, for {value}; a lead converts once."""


def convert(lead: Lead, value: Money | None, on: Occasion) -> list[LeadEvent]:
    """Somebody must have been answerable for what is converted."""
    if lead.ending == "converted" and lead.value != value:
        worth = f"{lead.value.amount} {lead.value.currency}" if lead.value else "a value not told"
        raise LeadIsAlreadyConverted(ended_at=lead.ended_at, value=worth)
    if _ends(lead, "converted", on):
        if lead.owner is None:
            raise LeadIsUnassigned
        return [LeadConverted(owner=lead.owner, value=value, at=on.at, by=on.by)]
    return []


def lose(lead: Lead, reason: LossReason, note: Sealed | None, on: Occasion) -> list[LeadEvent]:
    """A lead can be lost that nobody ever took."""
    if _ends(lead, "lost", on):
        return [LeadLost(owner=lead.owner, reason=reason, note=note, at=on.at, by=on.by)]
    return []


def disqualify(lead: Lead, reason: DisqualificationReason, note: Sealed | None, on: Occasion) -> list[LeadEvent]:
    """What never was a lead leaves every report of losses."""
    if _ends(lead, "disqualified", on):
        return [LeadDisqualified(reason=reason, note=note, at=on.at, by=on.by)]
    return []


def reopen(lead: Lead, reason: ReopenReason, note: Sealed | None, on: Occasion) -> list[LeadEvent]:
    """The end stays on record; the lead is its former owner's again."""
    if existing(lead, on).open:
        return []
    _in_order(lead, on)
    return [LeadReopened(reason=reason, note=note, at=on.at, by=on.by)]


def _ends(lead: Lead, ending: Ending, on: Occasion) -> bool:
    """Whether the lead ends now; ended in the same way already is nothing, in another is refused."""
    existing(lead, on)
    if lead.ended_at is not None:
        if lead.ending == ending:
            return False
        raise LeadIsClosed(ending=lead.ending, ended_at=lead.ended_at.isoformat())
    _in_order(lead, on)
    return True


def _in_order(lead: Lead, on: Occasion) -> None:
    if lead.stage_since is not None and on.at < lead.stage_since and not on.history:
        raise DatedBeforeALaterChange(at=on.at.isoformat(), changed_at=lead.stage_since.isoformat())
