"""The timekeeper's to-do list: when somebody has to look at each lead's clocks again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from domain.event import Recorded
from domain.identity import LeadId
from domain.lead.events import (
    ClockBreached,
    ClockMoved,
    ClockStarted,
    ClockStopped,
    EscalationAcknowledged,
    LeadEscalated,
    LeadOffered,
    LeadReleased,
    RungDue,
    RungPassed,
    SomebodyReminded,
)
from projections.projector import OneRow, Table
from projections.projector.tables import Connection

Pending: TypeAlias = dict[str, dict[str, Any]]
"""Each running clock by its number: what is still to come, by the number of the rung (0 is the breach), and in `waits`
until when the ladder waits for whoever acknowledged an escalation, by its number."""

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class Deadline(NamedTuple):
    """One lead, and when the next of its rungs is due."""

    lead: UUID
    due_at: datetime | None
    """None where nothing is to come."""
    pending: str


class Due(NamedTuple):
    """A lead that somebody has to look at."""

    lead: LeadId
    due_at: datetime


deadlines = OneRow(
    name="deadlines",
    version=1,
    table=Table(
        name="deadlines",
        columns="""
            lead uuid PRIMARY KEY,
            due_at timestamptz,
            pending text NOT NULL
        """,
        indexes=("(due_at, lead) WHERE due_at IS NOT NULL",),
    ),
    row=Deadline,
)


@deadlines.when(ClockStarted)
def add_the_clock(row: Deadline | None, recorded: Recorded[ClockStarted]) -> Deadline:
    """The breach, and each rung of the ladder."""
    event = recorded.event
    pending = _pending(row)
    pending[str(event.number)] = {"to_come": _all(event.respond_by, event.rungs), "waits": {}}
    return _row(recorded, pending)


@deadlines.when(ClockMoved)
def move_what_is_to_come(row: Deadline | None, recorded: Recorded[ClockMoved]) -> Deadline:
    """What has come already does not come again."""
    event = recorded.event
    pending = _pending(row)
    clock = pending[str(event.number)]
    moved = _all(event.respond_by, event.rungs)
    clock["to_come"] = {rung: moved[rung] for rung in clock["to_come"]}
    return _row(recorded, pending)


@deadlines.when(ClockStopped)
def forget_the_clock(row: Deadline | None, recorded: Recorded[ClockStopped]) -> Deadline | None:
    """Where no clock runs there is nothing to look at."""
    pending = _pending(row)
    del pending[str(recorded.event.number)]
    return _row(recorded, pending) if pending else None


@deadlines.when(ClockBreached)
def note_the_breach(row: Deadline | None, recorded: Recorded[ClockBreached]) -> Deadline:
    """The ladder goes on."""
    return _done(row, recorded, recorded.event.number, 0)


@deadlines.when(SomebodyReminded, LeadOffered, RungPassed)
def note_the_rung(row: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """Each rung comes once."""
    step = recorded.event.step
    return _done(row, recorded, step.clock, step.rung)


@deadlines.when(LeadEscalated, LeadReleased)
def note_the_rung_if_it_was_one(row: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """Somebody may have done it by hand."""
    step = recorded.event.step
    return row if step is None else _done(row, recorded, step.clock, step.rung)


@deadlines.when(EscalationAcknowledged)
def let_the_ladder_wait(row: Deadline | None, recorded: Recorded[EscalationAcknowledged]) -> Deadline | None:
    """Until whoever was told said that they would have acted."""
    event = recorded.event
    pending = _pending(row)
    clock = pending.get(str(event.clock))
    if clock is None:
        return row
    clock["waits"][str(event.escalation)] = _told(event.act_by)
    return _row(recorded, pending)


async def due(connection: Connection, by: datetime, *, limit: int, after: Due | None = None) -> list[Due]:
    """The leads that are due, the longest first; `after` one that was the last of those before."""
    found = await connection.execute(
        """
        SELECT lead, due_at
        FROM read.deadlines
        WHERE due_at <= %(by)s
          AND (due_at, lead) > (%(due_at)s, %(lead)s)
        ORDER BY due_at, lead
        LIMIT %(limit)s
        """,
        {
            "by": by,
            "due_at": after.due_at if after else BEFORE_ALL,
            "lead": UUID(after.lead) if after else UUID(int=0),
            "limit": limit,
        },
    )
    return [Due(LeadId(str(lead)), due_at) for lead, due_at in await found.fetchall()]


async def next_due_at(connection: Connection, *, after: datetime) -> datetime | None:
    """When the next lead is due, later than an instant."""
    found = await connection.execute("SELECT min(due_at) FROM read.deadlines WHERE due_at > %s", [after])
    row = await found.fetchone()
    return row[0] if row else None


def _pending(row: Deadline | None) -> Pending:
    return {} if row is None else json.loads(row.pending)


def _all(respond_by: datetime, rungs: tuple[RungDue, ...]) -> dict[str, str]:
    return {"0": _told(respond_by)} | {str(nth): _told(rung.due_at) for nth, rung in enumerate(rungs, start=1)}


def _done(row: Deadline | None, recorded: Recorded[Any], clock: int, rung: int) -> Deadline:
    pending = _pending(row)
    del pending[str(clock)]["to_come"][str(rung)]
    return _row(recorded, pending)


def _row(recorded: Recorded[Any], pending: Pending) -> Deadline:
    # Instants of one form and zone stand in the order of their letters.
    to_come = [
        due_at if rung == "0" else max([due_at, *clock["waits"].values()])
        for clock in pending.values()
        for rung, due_at in clock["to_come"].items()
    ]
    due_at = datetime.fromisoformat(min(to_come)) if to_come else None
    return Deadline(recorded.stream, due_at, json.dumps(pending))


def _told(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds")
