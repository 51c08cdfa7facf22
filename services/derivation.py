"""Why is this due at 10:15? Each clock of a lead, with everything that its deadline was computed from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, cast
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from commands.command import CALENDAR, LEAD, POLICY, RULES
from domain.business_time import Pause
from domain.calendar import Calendar
from domain.event import Event, Recorded
from domain.identity import (
    RULEBOOK,
    CalendarId,
    LeadId,
    PersonId,
    PolicyId,
    calendar_stream,
    lead_stream,
    policy_stream,
)
from domain.lead.events import (
    ClockMoved,
    ClockStarted,
    ClockStopped,
    LeadEscalated,
    LeadEvent,
    LeadMessagedAutomatically,
    LeadOffered,
    LeadReleased,
    OutreachBounced,
    RungPassed,
    SomebodyReminded,
    StoppedBecause,
)
from domain.lead.standing import LeadUnknown
from domain.lead.state import Clock, Lead, evolve
from domain.policy import EVERY_MINUTE, ClockName, ClockRule, Deed, Terms, Unit, Whom
from domain.rulebook import Rule, Rulebook
from services.counted import GapTold, PauseTold, StretchTold, counted, in_one_sentence, pauses_of, there
from services.wiring import Office

MINUTE = timedelta(minutes=1)
Standing = Literal["waiting", "on_track", "at_risk", "overdue", "stopped_in_time", "stopped_late"]


class RungTold(BaseModel):
    """One rung of a clock's ladder."""

    due_at: datetime
    deed: Deed
    whom: Whom | None
    seat: PersonId | None
    fired_at: datetime | None = Field(description="When it came; null while it has not.")
    late_seconds: float | None = Field(description="How much later than it was due.")


class DidNotStop(BaseModel):
    """Something that was sent to the lead while the clock ran, and did not count."""

    what: str
    at: datetime
    because: str


class RuleTold(BaseModel):
    """The rule by which the policy was chosen, and what it says of a lead."""

    rulebook_version: int
    number: int = Field(description="The first one is 1.")
    because: str = Field(examples=["rule 2: source web, any team, any priority"])


class ClockTold(BaseModel):
    """One clock, with everything that its deadline was computed from."""

    number: int
    clock: ClockName
    why: str = Field(
        description="The whole answer in one sentence.",
        examples=[
            "60 business minutes from Fri 09:00 (calendar office, version 1, Europe/Vienna): 60 on Fri 09:00-10:00."
        ],
    )
    standing: Standing = Field(
        description="As of now: `waiting` while the lead is snoozed. The breach itself is on record too."
    )
    started_at: datetime
    respond_by: datetime
    on_the_wall: str = Field(
        description="`respond_by` by the clock on the wall of the calendar's zone; UTC where no calendar counts.",
        examples=["2026-03-09T10:15:00+01:00"],
    )
    target_minutes: int
    unit: Unit
    promised_for: datetime | None = Field(description="The deadline, where somebody promised it.")
    policy: PolicyId
    policy_version: int
    rule: RuleTold | None = Field(description="null where it was decided before that was written down.")
    calendar: CalendarId | None
    calendar_version: int | None
    zone: str | None
    pauses: list[PauseTold]
    counted: list[StretchTold] = Field(
        description="What was counted from `started_at` to `respond_by`: together the target. The first fifty "
        "stretches; none where the deadline was promised."
    )
    counted_more: int = Field(description="How many more stretches there are.")
    not_counted: list[GapTold] = Field(description="Why what lies between those stretches was not counted.")
    elapsed_minutes: float = Field(description="Counted as the target is, until now or until the clock stopped.")
    stopped_at: datetime | None
    stopped_because: StoppedBecause | None
    breached: bool = Field(description="It was breached, and nothing that we learned later undid that.")
    retracted: bool = Field(description="It was breached, and something that we learned later undid that.")
    rungs: list[RungTold]
    did_not_stop: list[DidNotStop]


async def clocks_of(office: Office, id: LeadId, now: datetime) -> list[ClockTold]:
    """All that there ever were, the latest first. Raises LeadUnknown."""
    events = (await office.log.load([(lead_stream(id), 0)])).get(lead_stream(id), ())
    if not events:
        raise LeadUnknown
    started = [one.event for one in events if isinstance(one.event, ClockStarted)]
    lead, _ = await office.desk.state(LEAD, lead_stream(id))
    rulebook, _ = await office.desk.state(RULES, RULEBOOK)
    then = _then(events, rulebook)
    return [_told(one, lead, events, *await _cited(office, one), then[one.number], now) for one in reversed(started)]


async def _cited(office: Office, clock: ClockStarted) -> tuple[Terms, Calendar | None]:
    """The terms that the clock cites, and the calendar that they are counted by, in the version that it cites."""
    policy, _ = await office.desk.state(POLICY, policy_stream(clock.policy))
    terms = policy.terms[clock.policy_version - 1]
    if clock.calendar is None:
        return terms, None
    calendar, _ = await office.desk.state(CALENDAR, calendar_stream(clock.calendar))
    return terms, calendar.at_version(clock.calendar_version)


class _Then(NamedTuple):
    """What a deadline was computed from that the lead's own record tells."""

    rule: RuleTold | None
    pauses: tuple[Pause, ...]
    """As they stood when the deadline was computed last."""


def _then(events: Sequence[Recorded[Event]], rulebook: Rulebook) -> dict[int, _Then]:
    """The lead as it was when each clock was started or moved, by the clock's number."""
    found: dict[int, _Then] = {}
    lead = Lead()
    for one in events:
        event = cast("LeadEvent", one.event)
        if isinstance(event, ClockStarted):
            found[event.number] = _Then(_rule_told(event, lead, rulebook), lead.snoozes)
        if isinstance(event, ClockMoved):
            found[event.number] = found[event.number]._replace(pauses=lead.snoozes)
        lead = evolve(lead, event)
    return found


def _rule_told(clock: ClockStarted, lead: Lead, rulebook: Rulebook) -> RuleTold | None:
    if clock.rulebook_version is None:
        return None
    page = rulebook.pages[clock.rulebook_version - 1]
    applied = page.applying(lead.source, lead.team, lead.priority)
    return applied and RuleTold(
        rulebook_version=applied.version,
        number=applied.number,
        because=f"rule {applied.number}: {_covered_by(applied.rule)}",
    )


def _covered_by(rule: Rule) -> str:
    """What it asks of a lead."""
    source = f"source {rule.source}" if rule.source else "any source"
    team = f"team {rule.team}" if rule.team else "any team"
    return f"{source}, {team}, {rule.priority or 'any'} priority"


def _told(
    clock: ClockStarted,
    lead: Lead,
    events: Sequence[Recorded[Event]],
    terms: Terms,
    calendar: Calendar | None,
    then: _Then,
    now: datetime,
) -> ClockTold:
    state = lead.clocks[clock.number - 1]
    rule = _rule(terms, clock)
    hours = calendar.hours_at(clock.started_at) if calendar else None
    in_business = calendar if rule.unit == "business_minutes" else None
    counts = hours if in_business and hours else EVERY_MINUTE
    zone = ZoneInfo((hours or EVERY_MINUTE).zone)
    until = state.stopped_at or now
    pauses = [
        pause
        for pause in pauses_of(events)
        if pause.ends_at > clock.started_at and (state.stopped_at is None or pause.begins_at < state.stopped_at)
    ]
    found = counted(
        counts,
        in_business.days if in_business else {},
        zone,
        # A promise is kept by an instant, to which nothing is counted.
        state.respond_by if clock.promised_for else clock.started_at,
        state.respond_by,
        then.pauses,
    )
    about = [one.event for one in events if getattr(one.event, "number", None) == clock.number]
    stopped = next((event for event in about if isinstance(event, ClockStopped)), None)
    return ClockTold(
        number=clock.number,
        clock=clock.clock,
        why=in_one_sentence(clock, rule, found, then.pauses, state.respond_by, zone),
        standing=_standing(state, lead.snoozes, now),
        started_at=clock.started_at,
        respond_by=state.respond_by,
        on_the_wall=there(state.respond_by, zone),
        target_minutes=rule.target_minutes,
        unit=rule.unit,
        promised_for=clock.promised_for,
        policy=clock.policy,
        policy_version=clock.policy_version,
        rule=then.rule,
        calendar=clock.calendar,
        calendar_version=clock.calendar_version,
        zone=hours.zone if hours else None,
        pauses=pauses,
        counted=found.told,
        counted_more=found.more,
        not_counted=found.gaps,
        elapsed_minutes=counts.elapsed(clock.started_at, until, lead.snoozes) / MINUTE,
        stopped_at=state.stopped_at,
        stopped_because=stopped.because if stopped else None,
        breached=state.breached and not state.retracted,
        retracted=state.retracted,
        rungs=_rungs(clock, lead, events),
        did_not_stop=_did_not_stop(clock.started_at, until, events),
    )


def _rule(terms: Terms, clock: ClockStarted) -> ClockRule:
    [rule] = [rule for rule in terms.clocks if rule.clock == clock.clock]
    return rule


def _standing(clock: Clock, snoozes: Sequence[Pause], now: datetime) -> Standing:
    if clock.stopped_at is not None:
        return "stopped_late" if clock.stopped_at > clock.respond_by else "stopped_in_time"
    if any(pause.begins_at <= now < pause.ends_at for pause in snoozes):
        return "waiting"
    if now > clock.respond_by:
        return "overdue"
    return "at_risk" if clock.rungs and clock.rungs[0].due_at <= now else "on_track"


def _rungs(clock: ClockStarted, lead: Lead, events: Sequence[Recorded[Event]]) -> list[RungTold]:
    """As they stand now, and when each came."""
    fired: dict[int, Any] = {}
    for one in events:
        if isinstance(one.event, SomebodyReminded | LeadOffered | RungPassed | LeadEscalated | LeadReleased):
            step = one.event.step
            if step is not None and step.clock == clock.number:
                fired[step.rung] = one.event
    return [
        RungTold(
            due_at=fired[nth].step.due_at if nth in fired else rung.due_at,
            deed=rung.deed,
            whom=rung.whom,
            seat=rung.seat,
            fired_at=fired[nth].at if nth in fired else None,
            late_seconds=(fired[nth].at - fired[nth].step.due_at).total_seconds() if nth in fired else None,
        )
        for nth, rung in enumerate(lead.clocks[clock.number - 1].rungs, start=1)
    ]


def _did_not_stop(started_at: datetime, until: datetime, events: Sequence[Recorded[Event]]) -> list[DidNotStop]:
    found = []
    for one in events:
        event = one.event
        if not started_at <= event.at <= until:
            continue
        if isinstance(event, LeadMessagedAutomatically):
            found.append(DidNotStop(what=type(event).__name__, at=event.at, because="a machine sent it"))
        if isinstance(event, OutreachBounced):
            found.append(DidNotStop(what=type(event).__name__, at=event.at, because="it did not arrive"))
    return found
