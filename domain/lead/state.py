"""What a lead is, as far as its own events tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, assert_never

from domain.business_time import Pause
from domain.event import Sealed
from domain.identity import CalendarId, PersonId, PolicyId, SourceId, TeamId
from domain.lead.events import (
    BreachRetracted,
    Channel,
    ClaimLost,
    ClockBreached,
    ClockMoved,
    ClockStarted,
    ClockStopped,
    ConsentGiven,
    ConsentWithdrawn,
    ContactCorrected,
    DisqualificationReason,
    EscalationAcknowledged,
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
    LeadOffered,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    LeadSnoozed,
    LeadWoken,
    LossReason,
    Money,
    Outcome,
    Outreach,
    OutreachBounced,
    ReceiptOwed,
    RungDue,
    RungPassed,
    SomebodyReminded,
    Step,
)
from domain.notice import (
    About,
    Fates,
    Medium,
    NoticeAddressed,
    NoticeDelivered,
    NoticeFailed,
    NoticeRetried,
    NoticeSent,
    NoticeSuppressed,
    fates_after,
)
from domain.policy import ClockName
from domain.rulebook import Priority

NO_ACT = (
    LeadReplied,
    LeadMessagedAutomatically,
    ClaimLost,
    ClockStarted,
    ClockMoved,
    ClockStopped,
    ClockBreached,
    BreachRetracted,
    SomebodyReminded,
    RungPassed,
    ReceiptOwed,
    ConsentGiven,
    ConsentWithdrawn,
    NoticeAddressed,
    NoticeSent,
    NoticeDelivered,
    NoticeFailed,
    NoticeSuppressed,
    NoticeRetried,
)
"""What the lead or a machine did, whoever put it on record, what came too late, what only follows for the clocks, and
what is only about messages."""
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


class Clock(NamedTuple):
    """Somebody has, or had, to act by an instant."""

    number: int
    name: ClockName
    started_at: datetime
    respond_by: datetime
    rungs: tuple[RungDue, ...]
    policy: PolicyId
    policy_version: int
    promised_for: datetime | None = None
    escalation: int | None = None
    fired: frozenset[int] = frozenset()
    """The rungs that came due, the first being 1."""
    breached: bool = False
    retracted: bool = False
    stopped_at: datetime | None = None
    calendar: CalendarId | None = None
    """In whose hours it is counted, and in which version; without one, every minute counts."""
    calendar_version: int | None = None


class Escalation(NamedTuple):
    """Somebody was told that the lead needs help."""

    number: int
    at: datetime
    told: PersonId | None
    rung: int
    clock: int | None
    seen_to: bool = False
    """Whoever was told did something about it."""
    taken_over: bool = False
    """Somebody became the lead's owner since who was not its owner when it was told."""
    act_by: datetime | None = None


# A tuple with names: a changed copy costs a quarter of a dataclass's, and every event makes one.
class Lead(NamedTuple):
    """A lead as the record tells: open unless it ended, somebody's unless it waits in a queue."""

    arrived_at: datetime | None = None
    source: SourceId | None = None
    priority: Priority | None = None
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
    clocks: tuple[Clock, ...] = ()
    """All there ever were, the first being number 1."""
    escalations: tuple[Escalation, ...] = ()
    snoozes: tuple[Pause, ...] = ()
    offered: bool = False
    """Anybody of its team may take it over."""
    excluded: frozenset[PersonId] = frozenset()
    """From whom it was taken because nobody acted in time."""
    receipt_owed: bool = False
    """Whether a machine is to tell the lead that we have what it wrote."""
    consents: tuple[tuple[datetime, Medium, bool], ...] = ()
    """When it said yes or no to messages from machines that come this way."""
    addressed: frozenset[tuple[int, About]] = frozenset()
    """About which events, by their versions, it was looked up to whom a notice goes."""
    fates: Fates = MappingProxyType({})
    """What became of the notices about it."""
    taken_at: datetime | None = None
    """When its owner took it, by claiming it or by saving it from somebody else; None where it was given to them."""
    lost_claims: frozenset[PersonId] = frozenset()
    """Who wanted to take it too, and came too late."""

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

    def said_of(self, medium: Medium) -> bool | None:
        """What it said last of messages that come this way, whenever we learned of it; of two at once the no counts."""
        said = [(at, not given) for at, about, given in self.consents if about == medium]
        return not max(said)[1] if said else None

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
    for escalation in lead.escalations:
        if not escalation.seen_to and event.at >= escalation.at and escalation.told == _whose_act(event):
            lead = _escalation(lead, escalation.number, seen_to=True)
    match event:
        case LeadCreated():
            return Lead(
                arrived_at=event.at,
                source=event.source,
                priority=event.priority,
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
            taken_at = event.at if event.because in ("claimed", "rescued") else None
            lead = _taken_over(lead, event)
            given = lead._replace(owner=event.to, team=event.team or lead.team, tenures=tenures, offered=False)
            return given._replace(taken_at=taken_at, lost_claims=frozenset())
        case ClaimLost():
            return lead._replace(lost_claims=lead.lost_claims | {event.who})
        case LeadReleased():
            tenures = (*lead.tenures, Tenure(event.at, None))
            excluded = lead.excluded | {event.owner} if event.reason == "not_attended" else lead.excluded
            released = lead._replace(owner=None, team=event.team, tenures=tenures, offered=False, excluded=excluded)
            return _stepped(released, event.step)
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
            opened = lead._replace(ending=None, ended_because=None, ended_at=None, value=None, stage_since=event.at)
            return opened._replace(excluded=frozenset())
        case LeadEscalated():
            clock = event.step.clock if event.step else None
            acted = any(made.made_by == event.told and made.at >= event.at for made in lead.outreach)
            owner = lead.owner_at(event.at)
            taken_over = any(one.since > event.at and one.owner not in (None, owner) for one in lead.tenures)
            number = len(lead.escalations) + 1
            told = Escalation(number, event.at, event.told, event.rung, clock, acted, taken_over)
            rungs = lead.rungs if event.step else lead.rungs | {(event.rung, event.reason)}
            return _stepped(lead._replace(rungs=rungs, escalations=(*lead.escalations, told)), event.step)
        case ClockStarted():
            clocks = (
                *lead.clocks,
                Clock(
                    event.number,
                    event.clock,
                    event.started_at,
                    event.respond_by,
                    event.rungs,
                    event.policy,
                    event.policy_version,
                    event.promised_for,
                    event.escalation,
                    calendar=event.calendar,
                    calendar_version=event.calendar_version,
                ),
            )
            return lead._replace(clocks=clocks)
        case ClockMoved():
            return _clock(lead, event.number, respond_by=event.respond_by, rungs=event.rungs)
        case ClockStopped():
            return _clock(lead, event.number, stopped_at=event.stopped_at)
        case ClockBreached():
            return _clock(lead, event.number, breached=True)
        case BreachRetracted():
            return _clock(lead, event.number, retracted=True)
        case SomebodyReminded() | RungPassed():
            return _stepped(lead, event.step)
        case LeadOffered():
            return _stepped(lead._replace(offered=True), event.step)
        case EscalationAcknowledged():
            return _escalation(lead, event.escalation, act_by=event.act_by)
        case LeadSnoozed():
            return lead._replace(snoozes=(*lead.snoozes, Pause(event.at, event.until)))
        case LeadWoken():
            *earlier, last = lead.snoozes
            return lead._replace(snoozes=(*earlier, Pause(last.begins_at, event.at)))
        case ReceiptOwed():
            return lead._replace(receipt_owed=True)
        case ConsentGiven():
            return lead._replace(consents=(*lead.consents, (event.at, event.medium, True)))
        case ConsentWithdrawn():
            return lead._replace(consents=(*lead.consents, (event.at, event.medium, False)))
        case NoticeAddressed():
            return lead._replace(addressed=lead.addressed | {(event.cause, event.about)})
        case NoticeSent() | NoticeDelivered() | NoticeFailed() | NoticeSuppressed() | NoticeRetried():
            return lead._replace(fates=fates_after(lead.fates, event))
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


def _whose_act(event: LeadEvent) -> str | None:
    """Who did something about the lead; who only records what the lead or a machine did, or came too late, did not."""
    if isinstance(event, Outreach):
        return event.made_by
    return None if isinstance(event, NO_ACT) else event.by.id


def _clock(lead: Lead, number: int, **what: Any) -> Lead:
    before, clock, after = lead.clocks[: number - 1], lead.clocks[number - 1], lead.clocks[number:]
    return lead._replace(clocks=(*before, clock._replace(**what), *after))


def _stepped(lead: Lead, step: Step | None) -> Lead:
    if step is None:
        return lead
    return _clock(lead, step.clock, fired=lead.clocks[step.clock - 1].fired | {step.rung})


def _escalation(lead: Lead, number: int, **what: Any) -> Lead:
    before, escalation, after = lead.escalations[: number - 1], lead.escalations[number - 1], lead.escalations[number:]
    return lead._replace(escalations=(*before, escalation._replace(**what), *after))


def _taken_over(lead: Lead, event: LeadAssigned) -> Lead:
    """Not by whoever had it when somebody was told: who gives a lead back and claims it again saves nobody."""
    for escalation in lead.escalations:
        if event.at >= escalation.at and event.to != lead.owner_at(escalation.at):
            lead = _escalation(lead, escalation.number, taken_over=True)
    return lead


def _ended(lead: Lead, ending: Ending, at: datetime) -> Lead:
    return lead._replace(ending=ending, ended_at=at, stage_since=at, promises=(), rungs=frozenset())
