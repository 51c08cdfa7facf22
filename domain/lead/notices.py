"""Notices about a lead: to whom one goes, whether there is still a reason to send it, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple, assert_never

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
    if _moot(lead, reason, now):
        return "moot"
    if reason.to is None and not consent.allows(lead, reason.medium):
        return "no_consent"
    return None


def is_stale(first_possible_at: datetime, now: datetime) -> bool:
    """Days after it could have been sent for the first time, by the hours of whom it is for, it helps nobody."""
    return now - first_possible_at > STALE_AFTER


def knows_the_lead(lead: Lead, person: PersonId) -> bool:
    """Whether somebody may read whom a lead is about: it is or was theirs, or they were told that it needs help."""
    had = any(tenure.owner == person for tenure in lead.tenures)
    return had or any(escalation.told == person for escalation in lead.escalations)


def _moot(lead: Lead, reason: Reason, now: datetime) -> bool:
    """Everything is, once the lead is closed; and what calls for help while the lead waits for a known reason."""
    if not lead.open:
        return True
    waits = any(pause.begins_at <= now < pause.ends_at for pause in lead.snoozes)
    answered = reason.clock is not None and lead.clocks[reason.clock - 1].stopped_at is not None
    theirs = lead.owner == reason.to
    match reason.about:
        case "assignment":
            return not theirs or _reached_out(lead)
        case "acknowledgement":
            return not theirs
        case "reminder":
            return answered or waits or (_had(lead, reason) and not theirs)
        case "escalation":
            return answered or waits or _sees_to_it(lead, reason)
        case "offer":
            return not lead.offered or waits or theirs or reason.to in lead.excluded
        case "claim":
            return theirs or not (_had(lead, reason) or _was_asked(lead, reason))
        case "release":
            return theirs
        case "receipt":
            return lead.contacted
        case "digest":
            return False
        case _:
            assert_never(reason.about)


def _reached_out(lead: Lead) -> bool:
    """Whoever has the lead has begun: they know that it is theirs."""
    since = lead.held_since
    return since is not None and any(made.made_by == lead.owner and made.at >= since for made in lead.outreach)


def _sees_to_it(lead: Lead, reason: Reason) -> bool:
    """Whoever was told did something, or said by when they will."""
    told = [one for one in lead.escalations if (one.told, one.clock) == (reason.to, reason.clock)]
    return bool(told) and (told[-1].seen_to or told[-1].act_by is not None)


def _had(lead: Lead, reason: Reason) -> bool:
    return any(tenure.owner == reason.to for tenure in lead.tenures)


def _was_asked(lead: Lead, reason: Reason) -> bool:
    """What never reached them need not be taken back."""
    asked = (fate for fate in lead.fates.values() if fate.to == reason.to and fate.about in ("offer", "escalation"))
    return any(fate.state in ("sent", "delivered") for fate in asked)
