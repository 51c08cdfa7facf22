"""A lead's clocks: what can be done about them, and why each deadline is what it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from commands.clocks import AcknowledgeEscalation, SnoozeLead, WakeLead
from commands.command import CALENDAR, LEAD, POLICY, RULES, utc_now
from domain.access import Principal
from domain.business_time import BusinessTime
from domain.event import Event, Recorded
from domain.identity import (
    RULEBOOK,
    Position,
    calendar_stream,
    lead_stream,
    policy_stream,
)
from domain.lead.events import (
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
)
from domain.lead.state import Lead, evolve
from domain.policy import EVERY_MINUTE, ClockRule, Terms
from domain.rulebook import Rule, Rulebook
from services.api.acting import ADesk
from services.api.answers import LeadReceipt
from services.api.asking import AnOffice, LeadInPath, allowed, of_lead
from services.api.clock_answers import Clocks, ClockTold, DidNotStop, PauseTold, RuleTold, RungTold, Standing
from services.api.describing import Acts, Questions
from services.api.reading import caught_up
from services.wiring import Office

clock_acts = Acts(tags=["Leads: acts"])
clock_questions = Questions(tags=["Leads: questions"])

MINUTE = timedelta(minutes=1)


@clock_acts.post("/leads/{lead_id}/acknowledgements")
async def acknowledge_escalation(lead_id: LeadInPath, command: AcknowledgeEscalation, desk: ADesk) -> LeadReceipt:
    """Take it upon yourself to see to a lead that you were told about; until then nobody else is told."""
    return await desk.lead(lead_id, command)


@clock_acts.post("/leads/{lead_id}/snoozes")
async def snooze_lead(lead_id: LeadInPath, command: SnoozeLead, desk: ADesk) -> LeadReceipt:
    """Let a lead wait for a known reason; its clocks stand still until then."""
    return await desk.lead(lead_id, command)


@clock_acts.post("/leads/{lead_id}/wakings")
async def wake_lead(lead_id: LeadInPath, command: WakeLead, desk: ADesk) -> LeadReceipt:
    """Let a lead wait no longer."""
    return await desk.lead(lead_id, command)


@clock_questions.get("/leads/{lead_id}/clocks")
async def clocks_of_a_lead(
    position: Annotated[Position, caught_up("leads")],
    caller: Annotated[Principal, allowed("lead.see", of_lead)],
    lead_id: LeadInPath,
    office: AnOffice,
) -> Clocks:
    """Why is this due at 10:15? Each clock of the lead, and everything that its deadline was computed from."""
    events = (await office.log.load([(lead_stream(lead_id), 0)]))[lead_stream(lead_id)]
    started = [one.event for one in events if isinstance(one.event, ClockStarted)]
    lead, _ = await office.desk.state(LEAD, lead_stream(lead_id))
    rulebook, _ = await office.desk.state(RULES, RULEBOOK)
    rules = _rules(events, rulebook)
    items = [
        _told(one, lead, events, *await _counted(office, one), rules[one.number], utc_now())
        for one in reversed(started)
    ]
    return Clocks(position=position, lead=lead_id, items=items)


async def _counted(office: Office, clock: ClockStarted) -> tuple[Terms, BusinessTime | None]:
    """The terms that the clock cites, and the hours that they are counted in."""
    policy, _ = await office.desk.state(POLICY, policy_stream(clock.policy))
    terms = policy.terms[clock.policy_version - 1]
    if clock.calendar is None:
        return terms, None
    calendar, _ = await office.desk.state(CALENDAR, calendar_stream(clock.calendar))
    return terms, calendar.hours_at(clock.started_at)


def _rules(events: Sequence[Recorded[Event]], rulebook: Rulebook) -> dict[int, RuleTold | None]:
    """The rule that covered the lead as it was when each clock was started, by the clock's number."""
    found: dict[int, RuleTold | None] = {}
    lead = Lead()
    for one in events:
        event = cast("LeadEvent", one.event)
        if isinstance(event, ClockStarted):
            found[event.number] = _rule_told(event, lead, rulebook)
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
    hours: BusinessTime | None,
    rule_told: RuleTold | None,
    now: datetime,
) -> ClockTold:
    state = lead.clocks[clock.number - 1]
    rule = _rule(terms, clock)
    counted = hours if rule.unit == "business_minutes" and hours is not None else EVERY_MINUTE
    pauses = [pause for pause in lead.snoozes if pause.ends_at > clock.started_at]
    until = state.stopped_at or now
    about = [one.event for one in events if getattr(one.event, "number", None) == clock.number]
    stopped = next((event for event in about if isinstance(event, ClockStopped)), None)
    return ClockTold(
        number=clock.number,
        clock=clock.clock,
        standing=_standing(state.respond_by, state.stopped_at, [rung.due_at for rung in state.rungs], now),
        started_at=clock.started_at,
        respond_by=state.respond_by,
        target_minutes=rule.target_minutes,
        unit=rule.unit,
        promised_for=clock.promised_for,
        policy=clock.policy,
        policy_version=clock.policy_version,
        rule=rule_told,
        calendar=clock.calendar,
        calendar_version=clock.calendar_version,
        zone=hours.zone if hours else None,
        pauses=[PauseTold(begins_at=pause.begins_at, ends_at=pause.ends_at) for pause in pauses],
        elapsed_minutes=counted.elapsed(clock.started_at, until, pauses) / MINUTE,
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


def _standing(respond_by: datetime, stopped_at: datetime | None, rungs: list[datetime], now: datetime) -> Standing:
    if stopped_at is not None:
        return "stopped_late" if stopped_at > respond_by else "stopped_in_time"
    if now > respond_by:
        return "overdue"
    return "at_risk" if rungs and rungs[0] <= now else "on_track"


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
