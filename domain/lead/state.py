"""What a lead is, as far as its own events tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, assert_never

from domain.event import Sealed
from domain.identity import PersonId, SourceId, TeamId
from domain.lead.events import (
    Channel,
    ContactCorrected,
    DisqualificationReason,
    EscalationReason,
    Evidence,
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadDisqualified,
    LeadEscalated,
    LeadEvent,
    LeadFollowedUp,
    LeadLost,
    LeadMessagedAutomatically,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    LossReason,
    Money,
    Outcome,
    Outreach,
    OutreachBounced,
)

Ending = Literal["converted", "lost", "disqualified"]


@dataclass(frozen=True)
class Tenure:
    """From this instant on the lead was this person's, or nobody's."""

    since: datetime
    owner: PersonId | None


@dataclass(frozen=True)
class Promise:
    """Somebody said then that they would get in touch again by an instant."""

    made_at: datetime
    by: PersonId
    follow_up_by: datetime


class Trace(NamedTuple):
    """A message to the lead or from it, by all that tells it from others."""

    at: datetime
    channel: Channel
    made_by: PersonId | None
    outcome: Outcome | None
    evidence: Evidence | None


# A tuple with names: a changed copy costs a quarter of a dataclass's, and every event makes one.
class Lead(NamedTuple):
    """A lead as the record tells: open unless it ended, somebody's unless it waits in a queue."""

    arrived_at: datetime | None = None
    source: SourceId | None = None
    owner: PersonId | None = None
    team: TeamId | None = None
    contacted: bool = False
    outreach: frozenset[Trace] = frozenset()
    """Each human outreach that counts: the same one told twice is one."""
    bounced: frozenset[Trace] = frozenset()
    replies: frozenset[Trace] = frozenset()
    messages: frozenset[Trace] = frozenset()
    promises: tuple[Promise, ...] = ()
    """What was promised in this spell of being open, in the order in which we learned it."""
    ending: Ending | None = None
    ended_because: LossReason | DisqualificationReason | None = None
    value: Money | None = None
    tenures: tuple[Tenure, ...] = ()
    ended_at: datetime | None = None
    stage_since: datetime | None = None
    """When it was last opened or closed."""
    rungs: frozenset[tuple[int, EscalationReason]] = frozenset()
    """The rungs of the line of management that this spell of being open has reached, and why."""
    contact: Sealed | None = None

    @property
    def exists(self) -> bool:
        """Whether there is such a lead at all."""
        return self.arrived_at is not None

    @property
    def open(self) -> bool:
        """Whether anything may still become of it."""
        return self.exists and self.ending is None

    @property
    def held_since(self) -> datetime | None:
        """When it last went to somebody, or to another queue."""
        return self.tenures[-1].since if self.tenures else None

    @property
    def promise(self) -> Promise | None:
        """The follow-up that is owed: the latest promise, unless it was kept later, or the lead was given back."""
        return _owed(self)

    def owner_at(self, instant: datetime) -> PersonId | None:
        """Whose the lead was then."""
        for tenure in reversed(self.tenures):
            if tenure.since <= instant:
                return tenure.owner
        return None


def evolve(lead: Lead, event: LeadEvent) -> Lead:
    """The lead after this event."""
    match event:
        case LeadCreated():
            return Lead(
                arrived_at=event.at,
                source=event.source,
                team=event.team,
                contact=event.contact,
                stage_since=event.at,
            )
        case ContactCorrected():
            return lead._replace(contact=event.contact)
        case LeadRouted():
            return lead._replace(team=event.team, tenures=(*lead.tenures, Tenure(event.at, None)))
        case LeadAssigned():
            tenures = (*lead.tenures, Tenure(event.at, event.to))
            return lead._replace(owner=event.to, team=event.team or lead.team, tenures=tenures)
        case LeadReleased():
            tenures = (*lead.tenures, Tenure(event.at, None))
            return lead._replace(owner=None, team=event.team, tenures=tenures)
        case LeadContacted() | LeadFollowedUp():
            return lead._replace(contacted=True, outreach=lead.outreach | {trace(event)})
        case OutreachBounced():
            return lead._replace(bounced=lead.bounced | {trace(event)})
        case LeadMessagedAutomatically():
            return lead._replace(messages=lead.messages | {trace(event)})
        case LeadReplied():
            return lead._replace(replies=lead.replies | {trace(event)})
        case FollowUpPromised():
            made = Promise(event.at, event.promised_by, event.follow_up_by)
            return lead._replace(promises=(*lead.promises, made))
        case LeadConverted():
            return _ended(lead, "converted", event.at)._replace(value=event.value)
        case LeadLost():
            return _ended(lead, "lost", event.at)._replace(ended_because=event.reason)
        case LeadDisqualified():
            return _ended(lead, "disqualified", event.at)._replace(ended_because=event.reason)
        case LeadReopened():
            return lead._replace(ending=None, ended_because=None, ended_at=None, value=None, stage_since=event.at)
        case LeadEscalated():
            return lead._replace(rungs=lead.rungs | {(event.rung, event.reason)})
        case _:
            assert_never(event)


def replay(events: Iterable[LeadEvent]) -> Lead:
    """The lead as its events tell, first to last."""
    lead = Lead()
    for event in events:
        lead = evolve(lead, event)
    return lead


def trace(event: Outreach | LeadMessagedAutomatically | LeadReplied) -> Trace:
    """What makes two messages the same one. A note does not: it may be told with more words the second time."""
    if isinstance(event, Outreach):
        return Trace(event.at, event.channel, event.made_by, event.outcome, event.evidence)
    outcome = event.outcome if isinstance(event, LeadMessagedAutomatically) else None
    return Trace(event.at, event.channel, None, outcome, event.evidence)


def _owed(lead: Lead) -> Promise | None:
    latest = max(reversed(lead.promises), key=lambda promise: promise.made_at, default=None)
    if latest is None:
        return None
    kept = any(made.at > latest.made_at for made in lead.outreach)
    given_back = any(tenure.owner is None and tenure.since >= latest.made_at for tenure in lead.tenures)
    return None if kept or given_back else latest


def _ended(lead: Lead, ending: Ending, at: datetime) -> Lead:
    return lead._replace(ending=ending, ended_at=at, stage_since=at, promises=(), rungs=frozenset())
