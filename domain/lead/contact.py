"""Reaching out to a lead, hearing from it, and promising to get in touch again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.event import Sealed
from domain.identity import PersonId
from domain.lead.events import (
    Channel,
    Evidence,
    FollowUpPromised,
    Grade,
    LeadContacted,
    LeadEvent,
    LeadFollowedUp,
    LeadMessagedAutomatically,
    LeadReplied,
    Outcome,
    Outreach,
    OutreachBounced,
)
from domain.lead.ownership import held_by
from domain.lead.standing import existing, open_lead, open_then
from domain.lead.state import Lead, Promise, trace
from domain.occasion import Occasion
from domain.refusal import Refusal


class FollowUpIsInThePast(Refusal):
    """A follow-up can only be promised for later than {at}; {follow_up_by} is not."""


class LastedLessThanNothing(Refusal):
    """No outreach lasts {duration_seconds} seconds; leave the duration out where it is not known."""


def reach_out(
    lead: Lead,
    *,
    made_by: PersonId,
    channel: Channel,
    outcome: Outcome,
    evidence: Evidence | None,
    duration_seconds: int | None,
    note: Sealed | None,
    on: Occasion,
) -> list[LeadEvent]:
    """The first human outreach is the contact, each later one a follow-up; the same one twice is one.

    What bounced is on record and neither: nobody was contacted, and no promise was kept.
    """
    open_then(lead, on)
    held_by(lead, made_by, on)
    if duration_seconds is not None and duration_seconds < 0:
        raise LastedLessThanNothing(duration_seconds=duration_seconds)
    kind = OutreachBounced if outcome == "bounced" else LeadFollowedUp if lead.contacted else LeadContacted
    made = kind(
        made_by=made_by,
        channel=channel,
        outcome=outcome,
        evidence=evidence,
        duration_seconds=duration_seconds,
        note=note,
        at=on.at,
        by=on.by,
    )
    return [] if trace(made) in lead.outreach | lead.bounced else [made]


def message_automatically(
    lead: Lead, channel: Channel, outcome: Outcome, evidence: Evidence | None, on: Occasion
) -> list[LeadEvent]:
    """What a machine sends, even to a closed lead, is on record and never counts as contact."""
    existing(lead, on)
    sent = LeadMessagedAutomatically(channel=channel, outcome=outcome, evidence=evidence, at=on.at, by=on.by)
    return [] if trace(sent) in lead.messages else [sent]


def hear_from(
    lead: Lead, channel: Channel, evidence: Evidence | None, note: Sealed | None, on: Occasion
) -> list[LeadEvent]:
    """A lead may write whenever it likes: before anybody reached out, in the queue, and long after it was closed."""
    existing(lead, on)
    reply = LeadReplied(channel=channel, evidence=evidence, note=note, at=on.at, by=on.by)
    return [] if trace(reply) in lead.replies else [reply]


def promise(
    lead: Lead, promised_by: PersonId, follow_up_by: datetime, note: Sealed | None, on: Occasion
) -> list[LeadEvent]:
    """A later promise takes the place of an earlier one; both stay on record."""
    open_lead(lead, on)
    held_by(lead, promised_by, on)
    if follow_up_by <= on.at:
        raise FollowUpIsInThePast(at=on.at, follow_up_by=follow_up_by)
    if Promise(on.at, promised_by, follow_up_by) in lead.promises:
        return []
    if lead.promise and (lead.promise.by, lead.promise.follow_up_by) == (promised_by, follow_up_by):
        return []
    return [FollowUpPromised(promised_by=promised_by, follow_up_by=follow_up_by, note=note, at=on.at, by=on.by)]


def grade(outreach: Outreach, replies: Iterable[LeadReplied]) -> Grade:
    """How far the outreach can be believed, given what was heard from the lead, and when, and how."""
    if outreach.evidence is not None:
        return "verified"
    answered = any(reply.channel == outreach.channel and reply.at > outreach.at for reply in replies)
    return "corroborated" if answered else "claimed"
