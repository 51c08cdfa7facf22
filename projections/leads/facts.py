"""The facts of a lead, and what each event does to them, folded in the order in which things happened."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, LiteralString, NamedTuple

from domain.event import Event, Recorded
from domain.identity import PersonId, SourceId, TeamId
from domain.lead.events import (
    ContactCorrected,
    DisqualificationReason,
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadDisqualified,
    LeadEscalated,
    LeadFollowedUp,
    LeadLost,
    LeadMessagedAutomatically,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    LossReason,
    Outreach,
    OutreachBounced,
    Precision,
)
from projections.projector import Ranges, Table

Stage = Literal["open", "converted", "lost", "disqualified"]


class Facts(NamedTuple):
    """What is true of a lead for a while."""

    stage: Stage
    source: SourceId | None
    team: TeamId | None
    owner: PersonId | None
    arrived_at: datetime
    dated: Precision
    first_contact_at: datetime | None = None
    last_outreach_at: datetime | None = None
    outreach_count: int = 0
    last_reply_at: datetime | None = None
    replies: int = 0
    promised_at: datetime | None = None
    follow_up_by: datetime | None = None
    ended_at: datetime | None = None
    ended_because: LossReason | DisqualificationReason | None = None
    value_amount: Decimal | None = None
    value_currency: str | None = None
    escalated_to_rung: int | None = None


FACTS: LiteralString = """
    stage text NOT NULL,
    source text,
    team text,
    owner text,
    arrived_at timestamptz NOT NULL,
    dated text NOT NULL,
    first_contact_at timestamptz,
    last_outreach_at timestamptz,
    outreach_count integer NOT NULL,
    last_reply_at timestamptz,
    replies integer NOT NULL,
    promised_at timestamptz,
    follow_up_by timestamptz,
    ended_at timestamptz,
    ended_because text,
    value_amount numeric,
    value_currency text,
    escalated_to_rung integer
"""

NOW = Table(
    "leads",
    """
    lead uuid PRIMARY KEY,
    version integer NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    """
    + FACTS,
    indexes=("(arrived_at, lead)", "(owner, arrived_at, lead)", "(team, arrived_at, lead)"),
)

PAST = Table(
    "leads_past",
    """
    lead uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    valid_to timestamptz,
    end_known_from timestamptz,
    known_to timestamptz,
    """
    + FACTS,
    # The second one finds whatever held at an instant, and costs almost nothing to keep.
    indexes=("(lead, valid_from)", "USING brin (valid_from, valid_to, known_from, known_to)"),
)

leads = Ranges(name="leads", version=1, now=NOW, past=PAST, facts=Facts, begins_at=lambda facts: facts.arrived_at)


@leads.when(LeadCreated)
def begin(facts: Facts | None, recorded: Recorded[LeadCreated]) -> Facts:
    """Nothing is true of a lead before it arrived."""
    event = recorded.event
    return Facts("open", event.source, event.team, None, event.at, event.dated)


@leads.when(ContactCorrected, LeadMessagedAutomatically, OutreachBounced)
def stay(facts: Facts | None, recorded: Recorded[Event]) -> Facts:
    """On record, and no fact of these changes: what a machine sends, or what came back, is no contact."""
    return there(facts)


@leads.when(LeadRouted)
def change_queue(facts: Facts | None, recorded: Recorded[LeadRouted]) -> Facts:
    """Another team's queue."""
    return there(facts)._replace(team=recorded.event.team, promised_at=None, follow_up_by=None)


@leads.when(LeadAssigned)
def change_owner(facts: Facts | None, recorded: Recorded[LeadAssigned]) -> Facts:
    """Somebody, and with them their team."""
    facts, event = there(facts), recorded.event
    return facts._replace(owner=event.to, team=event.team or facts.team)


@leads.when(LeadReleased)
def lose_the_owner(facts: Facts | None, recorded: Recorded[LeadReleased]) -> Facts:
    """And with them what they promised."""
    return there(facts)._replace(owner=None, team=recorded.event.team, promised_at=None, follow_up_by=None)


@leads.when(LeadContacted, LeadFollowedUp)
def count_the_outreach(facts: Facts | None, recorded: Recorded[Outreach]) -> Facts:
    """Told in order of what happened, the first is the contact, whatever it was called when it was logged."""
    facts, at = there(facts), recorded.event.at
    kept = facts.promised_at is not None and at > facts.promised_at
    return facts._replace(
        # What is dated before the arrival takes effect at it in the order of the record, so these need not ascend.
        first_contact_at=min(at, facts.first_contact_at or at),
        last_outreach_at=max(at, facts.last_outreach_at or at),
        outreach_count=facts.outreach_count + 1,
        promised_at=None if kept else facts.promised_at,
        follow_up_by=None if kept else facts.follow_up_by,
    )


@leads.when(LeadReplied)
def count_the_reply(facts: Facts | None, recorded: Recorded[LeadReplied]) -> Facts:
    """The lead answered."""
    facts, at = there(facts), recorded.event.at
    return facts._replace(last_reply_at=max(at, facts.last_reply_at or at), replies=facts.replies + 1)


@leads.when(FollowUpPromised)
def owe_a_follow_up(facts: Facts | None, recorded: Recorded[FollowUpPromised]) -> Facts:
    """A later promise takes an earlier one's place."""
    return there(facts)._replace(promised_at=recorded.event.at, follow_up_by=recorded.event.follow_up_by)


@leads.when(LeadConverted)
def convert(facts: Facts | None, recorded: Recorded[LeadConverted]) -> Facts:
    """A customer, for what it is worth."""
    value = recorded.event.value
    return ended(facts, "converted", recorded)._replace(
        value_amount=value.amount if value else None, value_currency=value.currency if value else None
    )


@leads.when(LeadLost)
def lose(facts: Facts | None, recorded: Recorded[LeadLost]) -> Facts:
    """Lost, and why."""
    return ended(facts, "lost", recorded)._replace(ended_because=recorded.event.reason)


@leads.when(LeadDisqualified)
def disqualify(facts: Facts | None, recorded: Recorded[LeadDisqualified]) -> Facts:
    """Never was one, and why."""
    return ended(facts, "disqualified", recorded)._replace(ended_because=recorded.event.reason)


@leads.when(LeadReopened)
def reopen(facts: Facts | None, recorded: Recorded[LeadReopened]) -> Facts:
    """As if it had not ended; that it had stays in the ranges before."""
    return there(facts)._replace(
        stage="open", ended_at=None, ended_because=None, value_amount=None, value_currency=None
    )


@leads.when(LeadEscalated)
def climb(facts: Facts | None, recorded: Recorded[LeadEscalated]) -> Facts:
    """The highest rung that was told counts."""
    facts = there(facts)
    return facts._replace(escalated_to_rung=max(recorded.event.rung, facts.escalated_to_rung or 0))


class NothingBeforeTheLead(Exception):
    """An event was told of a lead that was never created; the stream's first event is missing."""


def there(facts: Facts | None) -> Facts:
    """The facts of a lead that was created."""
    if facts is None:
        raise NothingBeforeTheLead
    return facts


def ended(facts: Facts | None, stage: Stage, recorded: Recorded[Event]) -> Facts:
    """Nothing is owed any more, and nobody need be told."""
    return there(facts)._replace(
        stage=stage, ended_at=recorded.event.at, promised_at=None, follow_up_by=None, escalated_to_rung=None
    )
