"""One lead on the command line: its timeline as the auditor reads it, and its state folded from its own events."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Annotated, Any

import typer

from commands.command import utc_now
from domain.event import Event, Recorded, Sealed, Unreadable
from domain.identity import StreamId, lead_stream
from domain.lead.clocks import running
from domain.lead.events import LeadEvent, Money
from domain.lead.standing import LeadUnknown
from domain.lead.state import Lead, evolve
from projections import timeline
from services.cli.asking import (
    AsJson,
    a_lead,
    an_office,
    answer,
    answer_json,
    caught_up,
    fail,
    instant,
    run,
    say,
    short,
)

app = typer.Typer(no_args_is_help=True, help="One lead.")
ALMOST_AT_ONCE_SECONDS = 60
PAGE = 200
OWN_FIELDS = {"at", "by"}

LeadArgument = Annotated[str, typer.Argument(metavar="ID", help="The lead's id, a UUID.")]


@app.command("timeline")
def lead_timeline(id: LeadArgument, json: AsJson = False) -> None:
    """Who did what, when it happened, and when it was recorded, as the timeline read model tells it."""
    run(_timeline(lead_stream(a_lead(id)), json))


async def _timeline(stream: StreamId, json: bool) -> None:
    after: timeline.Cursor | None = None
    seen: list[timeline.Told] = []
    async with an_office() as office, office.questions.connection() as connection:
        await caught_up(connection, await office.log.head(), "timeline")
        while True:
            lines = await timeline.page(connection, stream, after=after, limit=PAGE)
            for told in lines:
                if not json:
                    by = f"{told.who} ({told.role}, {told.via})"
                    answer(f"{short(told.at)}  {told.sentence}{_late(told.at, told.recorded_at)}  [{by}]")
            seen += lines
            if len(lines) < PAGE:
                break
            after = lines[-1].cursor
        if not seen:
            in_log = (await office.log.load([(stream, 0)])).get(stream, [])
            fail(
                f"The log holds {_events(len(in_log))} of this lead, but the projector has not told them yet; see "
                "`./leadledger projections status`."
                if in_log
                else "There is no such lead."
            )
    if json:
        answer_json([{**vars(told), "late_seconds": told.lateness.total_seconds()} for told in seen])


@app.command("replay")
def replay(
    id: LeadArgument,
    until: Annotated[str | None, typer.Option(metavar="INSTANT", help="Leave out what happened later.")] = None,
    known: Annotated[str | None, typer.Option(metavar="INSTANT", help="Leave out what was recorded later.")] = None,
    json: AsJson = False,
) -> None:
    """Fold the lead's own events, straight from the log, and show each and what they come to.

    Events are folded in the order in which they were recorded; INSTANT is such as 2026-03-02T09:00:00Z.
    """
    run(_replay(lead_stream(a_lead(id)), _instant(until, "--until"), _instant(known, "--known"), json))


async def _replay(stream: StreamId, until: datetime | None, known: datetime | None, json: bool) -> None:
    async with an_office() as office:
        recorded = (await office.log.load([(stream, 0)])).get(stream, [])
    if not recorded:
        raise LeadUnknown
    lead = Lead()
    # As in the read models, what is dated before the arrival takes effect with it.
    arrived_at = recorded[0].event.at
    taken = [
        one
        for one in recorded
        if (until is None or max(one.event.at, arrived_at) <= until) and (known is None or one.recorded_at <= known)
    ]
    for one in taken:
        if isinstance(one.event, Unreadable):
            fail(f"Event {one.version} ({one.event.topic}) cannot be read: {one.event.problem}.")
        if not isinstance(one.event, LeadEvent):
            fail("This id is not a lead's: its stream tells of something else.")
        lead = evolve(lead, one.event)
        if not json:
            answer(_told(one))
    left_out = len(recorded) - len(taken)
    state = _state(lead, until or known or utc_now())
    if json:
        answer_json({"events": [_event(one) for one in taken], "left_out": left_out, "state": state})
        return
    if taken:
        answer("")
        for name, value in state.items():
            answer(f"  {name:14} {_in_words(value)}")
    else:
        answer("Nothing had happened to this lead by then, as far as was known.")
    if left_out:
        say(f"{_events(left_out)} left out: later than the instant asked for.")


def _told(one: Recorded[Event]) -> str:
    event = one.event
    what = ", ".join(f"{name} {_in_brackets(value)}" for name, value in _particulars(event).items())
    by = f"{event.by.id} ({event.by.role}, {event.by.via})"
    late = _late(event.at, one.recorded_at)
    return f"{one.version:3}  {short(event.at)}  {type(event).__name__:26} by {by}  {what}{late}"


def _event(one: Recorded[Event]) -> dict[str, Any]:
    event = one.event
    return {
        "version": one.version,
        "position": one.position,
        "event": type(event).__name__,
        "at": event.at,
        "recorded_at": one.recorded_at,
        "by": dataclasses.asdict(event.by),
        **_particulars(event),
    }


def _particulars(event: Event) -> dict[str, Any]:
    """What the event itself says; what lies in the vault is only said to be there."""
    fields = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    return {name: _plain(value) for name, value in fields.items() if name not in OWN_FIELDS and value is not None}


def _state(lead: Lead, at: datetime) -> dict[str, Any]:
    """What it comes to by then: a snooze that is over is none."""
    return {
        "stage": lead.ending or ("open" if lead.exists else "not there yet"),
        "arrived_at": lead.arrived_at,
        "source": lead.source,
        "owner": lead.owner,
        "team": lead.team,
        "contacted": lead.contacted,
        "outreach": len(lead.outreach),
        "replies": len(lead.replies),
        "promise": lead.promise and lead.promise.follow_up_by,
        "ended_at": lead.ended_at,
        "because": lead.ended_because,
        "value": _plain(lead.value),
        "clocks": [
            {"name": clock.name, "due": clock.respond_by}
            for clock in sorted(running(lead), key=lambda clock: (clock.respond_by, clock.number))
        ],
        "escalations": [
            {"to": one.told or "the whole desk", "at": one.at} for one in lead.escalations if not one.seen_to
        ],
        "waits_until": lead.snoozes[-1].ends_at if lead.snoozes and lead.snoozes[-1].ends_at > at else None,
    }


def _plain(value: Any) -> Any:
    """What has parts by their names, as far as they say anything."""
    match value:
        case Sealed():
            return "(in the vault)"
        case Money():
            return f"{value.amount} {value.currency}"
        case tuple():
            return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {name: _plain(part) for name, part in parts.items() if part is not None}
    return value


def _in_words(value: Any) -> str:
    """`due_at 2026-03-02 09:00:00Z deed remind whom owner`, and several of these with semicolons between them."""
    match value:
        case None | []:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return short(value)
        case list():
            return "; ".join(map(_in_words, value))
        case dict():
            return " ".join(f"{name} {_in_words(part)}" for name, part in value.items())
    return str(value)


def _in_brackets(value: Any) -> str:
    """Where more follows."""
    return f"({_in_words(value)})" if isinstance(value, list | dict) and value else _in_words(value)


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def _late(at: datetime, recorded_at: datetime) -> str:
    seconds = (recorded_at - at).total_seconds()
    if seconds < ALMOST_AT_ONCE_SECONDS:
        return ""
    days, rest = divmod(int(seconds), 86_400)
    hours, rest = divmod(rest, 3600)
    late = f"{days} d {hours} h" if days else f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min"
    return f"  (recorded {late} later)"


def _instant(told: str | None, option: str) -> datetime | None:
    return None if told is None else instant(told, option)
