"""Notices about a lead: to whom one goes, whether there is still a reason to send it, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from domain.identity import PersonId
from domain.lead import consent
from domain.lead.events import LeadEvent
from domain.lead.standing import existing
from domain.lead.state import Lead
from domain.notice import About, Medium, NoticeAddressed, Settled, WhyNot, retry, settle
from domain.occasion import Occasion

STALE_AFTER = timedelta(days=3)
"""What could not be sent for so long helps nobody any more."""


class Reason(NamedTuple):
    """Why somebody is to be told something about a lead."""

    about: About
    to: PersonId | None
    """None is the lead itself."""
    medium: Medium
    since: datetime
    clock: int | None = None
    """The clock that it is about, if it is about one."""


def address(lead: Lead, cause: int, about: About, to: tuple[PersonId, ...], on: Occasion) -> list[LeadEvent]:
    """Once for each event: who joins the team later is not told of what was offered before."""
    existing(lead, on)
    if (cause, about) in lead.addressed:
        return []
    return [NoticeAddressed(cause=cause, about=about, to=to, at=on.at, by=on.by)]


def record(lead: Lead, what: Settled, on: Occasion) -> list[LeadEvent]:
    """What became of a notice, whatever became of the lead."""
    existing(lead, on)
    return [*settle(lead.fates, what)]


def try_again(lead: Lead, notice: str, on: Occasion) -> list[LeadEvent]:
    """A dead letter, because somebody put something right."""
    existing(lead, on)
    return [*retry(lead.fates, notice, on)]


def why_not(lead: Lead, reason: Reason, now: datetime) -> WhyNot | None:
    """Why it should not be sent now that its time has come, if it should not."""
    if now - reason.since > STALE_AFTER:
        return "stale"
    if _moot(lead, reason):
        return "moot"
    if reason.to is None and not consent.allows(lead, reason.medium):
        return "no_consent"
    return None


def _moot(lead: Lead, reason: Reason) -> bool:
    match reason.about:
        case "assignment":
            return not lead.open or lead.owner != reason.to
        case "reminder" | "escalation":
            return not lead.open or (reason.clock is not None and lead.clocks[reason.clock - 1].stopped_at is not None)
        case "offer":
            return not (lead.open and lead.offered) or reason.to == lead.owner or reason.to in lead.excluded
        case "receipt":
            return not lead.open or lead.contacted
        case _:
            return False
