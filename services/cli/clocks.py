"""Clocks on the command line: why something is due then, who was told, and what can be done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, get_args
from zoneinfo import ZoneInfo

import typer

from commands.clocks import AcknowledgeEscalation, SnoozeLead, WakeLead
from commands.command import utc_now
from commands.lead import LeadCommand
from domain.identity import LeadId, PersonId, lead_stream
from domain.lead.events import SnoozeReason
from projections import queues
from projections.timeline.sentences.lead import SNOOZED_BECAUSE
from projections.timeline.sentences.policies import CLOCKS, DEEDS, UNITS, WHOM
from services.cli.asking import (
    AsJson,
    Who,
    a_lead,
    a_wish,
    an_office,
    answer,
    answer_json,
    caught_up,
    fail,
    handed_in_by,
    instant,
    run,
    short,
)
from services.counted import GapTold, PauseTold
from services.derivation import ClockTold, RungTold, Standing, clocks_of

escalation = typer.Typer(no_args_is_help=True, help="Leads of which somebody was told that they need help.")
PAGE = 200
STANDING: dict[Standing, str] = {
    "waiting": "waiting",
    "on_track": "on track",
    "at_risk": "at risk",
    "overdue": "overdue",
    "stopped_in_time": "stopped in time",
    "stopped_late": "stopped late",
}
LeadArgument = Annotated[str, typer.Argument(metavar="LEAD", help="The lead's id, a UUID.")]


def clocks(id: LeadArgument, json: AsJson = False) -> None:
    """Why is this due at 10:15? Each clock of a lead, the latest first, and what its deadline was computed from."""
    run(_clocks(a_lead(id), json))


async def _clocks(lead: LeadId, json: bool) -> None:
    async with an_office() as office:
        found = await clocks_of(office, lead, utc_now())
    if json:
        answer_json([one.model_dump() for one in found])
        return
    if not found:
        answer("This lead has no clocks: no policy governs it, or it was copied from another system.")
    for one in found:
        for line in _why(one):
            answer(line)


def _why(clock: ClockTold) -> list[str]:
    zone = ZoneInfo(clock.zone or "UTC")
    unit = UNITS[clock.unit]
    lines = [
        f"Clock {clock.number}, {CLOCKS[clock.clock]}: {STANDING[clock.standing]}",
        f"  due {_there(clock.respond_by, zone)}",
        f"  {clock.why}",
        f"  by policy {clock.policy}, version {clock.policy_version}{_chosen(clock)}",
    ]
    if clock.calendar is not None:
        lines.append(f"  by calendar {clock.calendar}, version {clock.calendar_version}")
    lines += [
        f"  stood still from {_there(one.begins_at, zone)} to {_there(one.ends_at, zone)}: {_snoozed(one)}"
        for one in clock.pauses
    ]
    lines += [
        f"  not counted: {_gap(one, zone)}"
        for one in clock.not_counted
        # The sentence tells these.
        if one.because not in ("outside of hours", "snoozed")
    ]
    lines.append(f"  {clock.elapsed_minutes:.0f} {unit} have passed{_ended(clock, zone)}")
    lines += [f"  {_there(rung.due_at, zone)}  {_rung(rung, zone)}" for rung in clock.rungs]
    lines += [f"  not stopped by {one.what} at {_there(one.at, zone)}: {one.because}" for one in clock.did_not_stop]
    return lines


def _chosen(clock: ClockTold) -> str:
    return f", chosen by {clock.rule.because} (rulebook, version {clock.rule.rulebook_version})" if clock.rule else ""


def _snoozed(pause: PauseTold) -> str:
    woken = f", woken by {pause.woken_by}" if pause.woken_by else ""
    return f"{SNOOZED_BECAUSE[pause.reason]}, said {pause.snoozed_by}{woken}"


def _gap(gap: GapTold, zone: ZoneInfo) -> str:
    return f"{_there(gap.begins_at, zone)} to {_there(gap.ends_at, zone)}: {gap.because}"


def _ended(clock: ClockTold, zone: ZoneInfo) -> str:
    if clock.stopped_at is None:
        return ""
    breach = "; it had been breached" if clock.breached else "; a breach was taken back" if clock.retracted else ""
    return f"; {clock.stopped_because} at {_there(clock.stopped_at, zone)}{breach}"


def _rung(rung: RungTold, zone: ZoneInfo) -> str:
    whom = f" {rung.seat or WHOM[rung.whom]}" if rung.whom else ""
    came = f"came at {_there(rung.fired_at, zone)}, {rung.late_seconds:.0f} s late" if rung.fired_at else "to come"
    return f"{DEEDS[rung.deed]}{whom}: {came}"


def _there(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M} ({zone.key})"


def escalations(json: AsJson = False) -> None:
    """The leads of which somebody was told that they need help, the longest first."""
    run(_escalations(json))


async def _escalations(json: bool) -> None:
    found: list[queues.Queued] = []
    async with an_office() as office, office.questions.connection() as connection:
        await caught_up(connection, await office.log.head(), "queues")
        while page := await queues.escalations(
            connection,
            person=PersonId("cli"),
            teams=(),
            everybodys=True,
            after=queues.After(found[-1].escalated_at or found[-1].since, found[-1].lead) if found else None,
            limit=PAGE,
        ):
            found += page
    if json:
        answer_json([vars(one) for one in found])
        return
    now = utc_now()
    for one in found:
        told = one.escalated_to or "the whole desk"
        acts = f", who acts by {short(one.act_by)}" if one.act_by else ""
        since = short(one.escalated_at or one.since)
        waits = f" and waits until {short(one.waits_until)}" if one.waits_until and one.waits_until > now else ""
        answer(f"{one.lead}  since {since}: {told}{acts}; the lead is {one.owner or 'nobody'}'s{waits}")
    if not found:
        answer("No lead needs help.")


@escalation.command("acknowledge")
def acknowledge(
    id: LeadArgument,
    act_by: Annotated[str, typer.Option("--by", metavar="INSTANT", help="By when you will have acted.")],
    by: Who,
) -> None:
    """Take it upon yourself to see to a lead that you were told about; until then nobody else is told."""
    wish = a_wish(AcknowledgeEscalation, "--by", act_by=instant(act_by, "--by"))
    run(_done(a_lead(id), wish, by, f"{by} sees to it by {short(wish.act_by)}."))


@escalation.callback()
def of_a_lead() -> None:
    """Leads of which somebody was told that they need help."""


def snooze(
    id: LeadArgument,
    until: Annotated[str, typer.Option(metavar="INSTANT", help="Until when it waits.")],
    reason: Annotated[str, typer.Option(metavar="REASON", help=", ".join(get_args(SnoozeReason)))],
    by: Who,
) -> None:
    """Let a lead wait for a known reason; its clocks stand still until then."""
    if reason not in get_args(SnoozeReason):
        fail(f"--reason {reason!r} is none; it is one of {', '.join(get_args(SnoozeReason))}.", code=2)
    wish = a_wish(SnoozeLead, "--until", until=instant(until, "--until"), reason=reason)
    run(_done(a_lead(id), wish, by, f"It waits until {short(wish.until)}; its clocks stand still."))


def wake(id: LeadArgument, by: Who) -> None:
    """Let a lead wait no longer."""
    run(_done(a_lead(id), WakeLead(), by, "It waits no longer; its clocks go on."))


async def _done(lead: LeadId, wish: LeadCommand, by: str, said: str) -> None:
    async with an_office() as office:
        receipt = await office.desk.handle(lead_stream(lead), wish, by=handed_in_by(by, wish))
    answer(said if receipt.events else "It is so already; nothing was put on record.")
