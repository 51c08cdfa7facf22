"""The clocks of a lead: what is owed to it and by when, what came too late, and what happens then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from domain.business_time import BusinessTime, NothingIsWorked, Pause
from domain.event import Sealed
from domain.identity import PersonId, PolicyId
from domain.lead.events import (
    BreachRetracted,
    ClockBreached,
    ClockMoved,
    ClockStarted,
    ClockStopped,
    EscalationAcknowledged,
    EscalationReason,
    LeadCreated,
    LeadEscalated,
    LeadEvent,
    LeadOffered,
    LeadReleased,
    LeadReplied,
    LeadSnoozed,
    LeadWoken,
    ReceiptOwed,
    RungDue,
    RungPassed,
    SnoozeReason,
    SomebodyReminded,
    Step,
    StoppedBecause,
)
from domain.lead.standing import open_lead
from domain.lead.state import Clock, Escalation, Lead, evolve
from domain.occasion import Occasion
from domain.policy import ClockName, ClockRule, Deadlines, Terms, deadlines, ladder_to
from domain.refusal import Refusal

LONGEST_COMMITMENT = timedelta(days=7)
REASON: dict[ClockName, EscalationReason] = {
    "first_response": "no_contact",
    "follow_up": "promise_broken",
    "reply": "reply_unanswered",
    "acknowledgement": "not_acknowledged",
}


class Governing(NamedTuple):
    """What governs a clock that starts at some instant: the policy's terms, and the hours they are counted in."""

    policy: PolicyId
    terms: Terms
    hours: BusinessTime | None = None
    calendar_version: int | None = None
    rulebook_version: int | None = None
    """Which told that this policy applies."""


class Policies(Protocol):
    """Where policies are looked up."""

    def governing(self, lead: Lead, since: datetime) -> Governing | None:
        """What governs a clock of this lead that starts then, if anything does."""
        ...

    def of_clock(self, clock: Clock) -> Governing:
        """What governed a clock when it was started."""
        ...


class Owed(NamedTuple):
    """What is owed to a lead, by the record as it stands."""

    clock: ClockName
    since: datetime
    promised_for: datetime | None = None
    """The deadline, where somebody promised it; else the policy tells."""
    escalation: int | None = None


class NothingToAcknowledge(Refusal):
    """Nobody has told you that this lead needs help, or it has been seen to already."""


class CommitmentIsOutOfRange(Refusal):
    """Say by when you will act: later than {at}, and within 7 days; {act_by} is not."""


class SnoozeEndsInThePast(Refusal):
    """A lead is snoozed until later than {at}; {until} is not."""


class SnoozedTooLong(Refusal):
    """The policy lets a lead wait for {most} minutes in all; with this it would be {minutes}."""


class NoPolicyNoSnooze(Refusal):
    """No policy governs this lead, so it has no clock that could stand still."""


class LeadIsNotSnoozed(Refusal):
    """The lead is not snoozed, so there is nothing to wake it from."""


def follow(lead: Lead, deeds: Sequence[LeadEvent], policies: Policies, on: Occasion) -> list[LeadEvent]:
    """The deeds, and what they do to the clocks: some stop, others start, and a late fact may undo a breach.

    Only what is owed by the record as it then stands counts, in whatever order it became known.
    """
    told = _Told(lead)
    for deed in deeds:
        told.add(deed)
    if told.lead.snoozes and any(isinstance(deed, LeadReplied) for deed in deeds):
        told.extend(_woken(told.lead, on))
    for clock in running(told.lead):
        # An acknowledgement comes after the clock that it is about: where that was answered, it is owed no more.
        if not any(_is_about(clock, one) for one in what_is_owed(told.lead)):
            told.extend(_stopped(told.lead, clock, on))
    for clock in told.lead.clocks:
        answered_at = answer_to(told.lead, clock)
        undone = answered_at is not None and answered_at <= clock.respond_by
        if answered_at is not None and undone and clock.breached and not clock.retracted:
            told.add(BreachRetracted(number=clock.number, answered_at=answered_at, at=on.at, by=on.by))
    if not on.history:
        if any(isinstance(deed, LeadCreated) for deed in deeds):
            told.extend(_receipt(told.lead, policies, on))
        for one in list(what_is_owed(told.lead)):
            if not any(_is_about(clock, one) for clock in running(told.lead)):
                told.extend(_started(told.lead, one, policies.governing(told.lead, one.since), on))
    if any(isinstance(event, LeadSnoozed | LeadWoken) for event in told.events):
        for clock in running(told.lead):
            told.extend(_moved(told.lead, clock, policies, on))
    return told.events


def what_is_owed(lead: Lead) -> Iterator[Owed]:
    """Nothing to a lead that is closed."""
    if not lead.open or lead.stage_since is None:
        return
    outreach = [made.at for made in lead.outreach]
    if not outreach:
        yield Owed("first_response", lead.stage_since)
    else:
        last = max(outreach)
        unanswered = [reply.at for reply in lead.replies if reply.at > last]
        if unanswered:
            yield Owed("reply", min(unanswered))
        if lead.promise:
            yield Owed("follow_up", lead.promise.made_at, lead.promise.follow_up_by)
        elif not unanswered:
            yield Owed("follow_up", max(last, lead.stage_since))
    for escalation in lead.escalations:
        if escalation.told is not None and not escalation.seen_to and _still_needed(lead, escalation):
            yield Owed("acknowledgement", escalation.at, escalation=escalation.number)


def running(lead: Lead) -> tuple[Clock, ...]:
    """The clocks that have not been stopped."""
    return tuple(clock for clock in lead.clocks if clock.stopped_at is None)


def answer_to(lead: Lead, clock: Clock) -> datetime | None:
    """When what the clock waited for was done, by the earliest genuine answer, if it was."""
    answers = (made.at for made in lead.outreach if answers_to(clock.name, clock.started_at, made.at))
    return min(answers, default=None)


def answers_to(name: ClockName, started_at: datetime, made_at: datetime) -> bool:
    """Whether an outreach that was made then is what such a clock waits for; what started it is no answer to it."""
    if name == "acknowledgement":
        return False
    return made_at > started_at or (made_at == started_at and name == "first_response")


def next_due_at(lead: Lead) -> datetime | None:
    """When somebody has to look at the lead's clocks again, if nothing is done about it before."""
    return min((due_at for due_at, _, _ in _to_come(lead)), default=None)


def fire(
    lead: Lead,
    ladder: Sequence[PersonId],
    on: Occasion,
    *,
    seat: PersonId | None = None,
    due_by: datetime | None = None,
) -> list[LeadEvent]:
    """All that is due by now and has not happened yet, in the order in which it was due; before its time nothing.

    `ladder` is who answers for the lead's team, for the team above it, and so on. Who has the desk's `seat` stands on
    it too, and is told where the rung that came would reach nobody else. `due_by` is the present where that is earlier
    than the occasion, which is dated after all that happened to the lead, by whatever clock it was told.
    """
    told = _Told(lead)
    for due_at, number, rung in sorted(_to_come(lead)):
        if due_at > min(on.at, due_by or on.at):
            break
        clock = told.lead.clocks[number - 1]
        if rung == 0:
            owner = told.lead.owner_at(due_at)
            told.add(ClockBreached(number=number, due_at=due_at, owner=owner, at=on.at, by=on.by))
        else:
            told.add(_rung(told.lead, clock, Step(number, rung, due_at), ladder, seat, on))
    return told.events


def acknowledge(lead: Lead, act_by: datetime, on: Occasion) -> list[LeadEvent]:
    """Whoever was told takes it upon themselves; until then the ladder waits for them."""
    open_lead(lead, on)
    mine = [one for one in lead.escalations if one.told == on.by.id and _still_needed(lead, one)]
    if not mine:
        raise NothingToAcknowledge
    if not on.at < act_by <= on.at + LONGEST_COMMITMENT:
        raise CommitmentIsOutOfRange(at=on.at, act_by=act_by)
    if mine[-1].act_by == act_by:
        return []
    told = mine[-1]
    return [EscalationAcknowledged(escalation=told.number, clock=told.clock, act_by=act_by, at=on.at, by=on.by)]


def snooze(
    lead: Lead, until: datetime, reason: SnoozeReason, note: Sealed | None, governing: Governing | None, on: Occasion
) -> list[LeadEvent]:
    """A bounded wait for a known reason; a later end takes the place of an earlier one."""
    open_lead(lead, on)
    if until <= on.at:
        raise SnoozeEndsInThePast(at=on.at, until=until)
    if governing is None:
        raise NoPolicyNoSnooze
    last = lead.snoozes[-1] if lead.snoozes else None
    if last is not None and last.ends_at == until:
        return []
    events: list[LeadEvent] = _woken(lead, on)
    events.append(LeadSnoozed(until=until, reason=reason, note=note, at=on.at, by=on.by))
    after = lead
    for event in events:
        after = evolve(after, event)
    minutes = sum((pause.ends_at - pause.begins_at for pause in after.snoozes), timedelta()) // timedelta(minutes=1)
    if minutes > governing.terms.snooze_at_most_minutes:
        raise SnoozedTooLong(most=governing.terms.snooze_at_most_minutes, minutes=minutes)
    return events


def wake(lead: Lead, on: Occasion) -> list[LeadEvent]:
    """Before its time; at its time a lead wakes by itself."""
    open_lead(lead, on)
    if lead.snoozes and lead.snoozes[-1].ends_at == on.at:
        return []
    if not (woken := _woken(lead, on)):
        raise LeadIsNotSnoozed
    return woken


class _Told:
    """The lead as it becomes while events are told."""

    def __init__(self, lead: Lead) -> None:
        self.lead = lead
        self.events: list[LeadEvent] = []

    def add(self, event: LeadEvent) -> None:
        self.lead = evolve(self.lead, event)
        self.events.append(event)

    def extend(self, events: Sequence[LeadEvent]) -> None:
        for event in events:
            self.add(event)


def _is_about(clock: Clock, owed: Owed) -> bool:
    return (clock.name, clock.started_at, clock.promised_for, clock.escalation) == owed


def _still_needed(lead: Lead, escalation: Escalation) -> bool:
    """Not once somebody else has the lead: then it is theirs, and what they owe runs on."""
    if escalation.taken_over:
        return False
    return escalation.clock is None or lead.clocks[escalation.clock - 1].stopped_at is None


def _stopped(lead: Lead, clock: Clock, on: Occasion) -> list[LeadEvent]:
    stopped_at, because = _end(lead, clock, on)
    events: list[LeadEvent] = []
    if stopped_at > clock.respond_by and not clock.breached:
        owner = lead.owner_at(clock.respond_by)
        events.append(ClockBreached(number=clock.number, due_at=clock.respond_by, owner=owner, at=on.at, by=on.by))
    events.append(ClockStopped(number=clock.number, stopped_at=stopped_at, because=because, at=on.at, by=on.by))
    return events


def _end(lead: Lead, clock: Clock, on: Occasion) -> tuple[datetime, StoppedBecause]:
    answered_at = answer_to(lead, clock)
    if answered_at is not None:
        return answered_at, "answered"
    if clock.escalation is not None:
        escalation = lead.escalations[clock.escalation - 1]
        if escalation.seen_to:
            return on.at, "acknowledged"
        if escalation.taken_over:
            return on.at, "taken_over"
        about = lead.clocks[escalation.clock - 1] if escalation.clock else None
        if about is not None and about.stopped_at is not None:
            return max(about.stopped_at, clock.started_at), "answered"
    return on.at, "replaced" if lead.open else "closed"


def _started(lead: Lead, owed: Owed, governing: Governing | None, on: Occasion) -> list[LeadEvent]:
    rule = governing.terms.rule(owed.clock) if governing else None
    if governing is None or rule is None:
        return []
    found = _computed(rule, governing.hours, owed.since, owed.promised_for, lead.snoozes)
    if found is None:
        return []
    return [
        ClockStarted(
            clock=owed.clock,
            number=len(lead.clocks) + 1,
            started_at=owed.since,
            respond_by=found.respond_by,
            rungs=_rungs(rule, found, owed.since),
            policy=governing.policy,
            policy_version=governing.terms.version,
            calendar=governing.terms.calendar,
            calendar_version=governing.calendar_version,
            rulebook_version=governing.rulebook_version,
            promised_for=owed.promised_for,
            escalation=owed.escalation,
            at=on.at,
            by=on.by,
        )
    ]


def _receipt(lead: Lead, policies: Policies, on: Occasion) -> list[LeadEvent]:
    """A machine's word to the lead; it stops no clock."""
    governing = policies.governing(lead, on.at)
    if governing is None or not governing.terms.receipt:
        return []
    media, version = governing.terms.receipt, governing.terms.version
    return [ReceiptOwed(media=media, policy=governing.policy, policy_version=version, at=on.at, by=on.by)]


def _moved(lead: Lead, clock: Clock, policies: Policies, on: Occasion) -> list[LeadEvent]:
    """Only a snooze moves a clock; what a policy or a calendar says anew is for the next one."""
    governing = policies.of_clock(clock)
    [rule] = [rule for rule in governing.terms.clocks if rule.clock == clock.name]
    found = _computed(rule, governing.hours, clock.started_at, clock.promised_for, lead.snoozes)
    if found is None:
        return []
    rungs = _rungs(rule, found, clock.started_at)
    if (found.respond_by, rungs) == (clock.respond_by, clock.rungs):
        return []
    return [ClockMoved(number=clock.number, respond_by=found.respond_by, rungs=rungs, at=on.at, by=on.by)]


def _computed(
    rule: ClockRule,
    hours: BusinessTime | None,
    since: datetime,
    promised: datetime | None,
    pauses: Sequence[Pause],
) -> Deadlines | None:
    """None where the calendar was emptied after the policy was tried out: that keeps nothing from being recorded."""
    try:
        if promised is None:
            return deadlines(rule, hours, since, pauses)
        # What was promised for a time at which the lead waits is owed when it waits no longer.
        for pause in sorted(pauses):
            promised = max(promised, pause.ends_at) if pause.begins_at <= promised else promised
        return ladder_to(rule, hours, promised, pauses)
    except NothingIsWorked:
        return None


def _rungs(rule: ClockRule, found: Deadlines, since: datetime) -> tuple[RungDue, ...]:
    """No rung comes before its clock: who promises to call in five minutes is reminded at once."""
    return tuple(
        RungDue(max(found.rungs[place], since), rung.deed, rung.whom, rung.seat)
        for place, rung in enumerate(rule.rungs)
    )


def _to_come(lead: Lead) -> Iterator[tuple[datetime, int, int]]:
    """When, which clock, and which rung of it, 0 for the breach itself."""
    for clock in running(lead):
        if not clock.breached:
            yield clock.respond_by, clock.number, 0
        committed = [one.act_by for one in lead.escalations if one.clock == clock.number and one.act_by]
        for number, rung in enumerate(clock.rungs, start=1):
            if number not in clock.fired:
                yield max([rung.due_at, *committed]), clock.number, number


def _rung(
    lead: Lead, clock: Clock, step: Step, ladder: Sequence[PersonId], seat: PersonId | None, on: Occasion
) -> LeadEvent:
    rung = clock.rungs[step.rung - 1]
    told, level = _whom(lead, clock, rung, ladder, seat)
    if rung.deed == "remind":
        return SomebodyReminded(told=told, step=step, at=on.at, by=on.by)
    if rung.deed == "escalate":
        return LeadEscalated(told=told, rung=level, reason=REASON[clock.name], step=step, at=on.at, by=on.by)
    if rung.deed == "offer_to_team":
        return LeadOffered(team=lead.team, step=step, at=on.at, by=on.by)
    if lead.owner is None:
        return RungPassed(step=step, at=on.at, by=on.by)
    return LeadReleased(owner=lead.owner, team=lead.team, reason="not_attended", step=step, at=on.at, by=on.by)


def _whom(
    lead: Lead, clock: Clock, rung: RungDue, ladder: Sequence[PersonId], seat: PersonId | None
) -> tuple[PersonId | None, int]:
    """Who is told, and how far up the line they are; nobody, where not even the desk's seat is left."""
    named = lead.owner if rung.whom == "owner" else rung.seat
    if named is not None:
        return named, 0
    told = lead.escalations[clock.escalation - 1].told if clock.escalation else None
    # Above whoever was told and did not act, else above whoever answers for the team itself.
    reached = ladder.index(told) + 1 if told in ladder else 0
    level = reached + 1 if clock.escalation else 2
    level = level if rung.whom == "above" else 1
    if level <= len(ladder):
        return ladder[level - 1], level
    if seat is None or seat == told:
        return None, level
    return seat, ladder.index(seat) + 1


def _woken(lead: Lead, on: Occasion) -> list[LeadEvent]:
    if lead.snoozes and lead.snoozes[-1].begins_at <= on.at < lead.snoozes[-1].ends_at:
        return [LeadWoken(at=on.at, by=on.by)]
    return []
