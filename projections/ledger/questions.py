"""What may be asked of the ledger: the bookings of a lead, a person or a team that touch a period."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import sql

from domain.identity import CalendarId, LeadId, PersonId, TeamId
from domain.lead.ledger import Holder
from domain.policy import ClockName
from projections.projector.tables import Connection

AT_ONCE = 2_000
"""So many rows are taken in between two looks at what else there is to do."""


class Line(NamedTuple):
    """A booking, as far as it lies in the period that was asked for."""

    lead: UUID
    clock: int
    """Which of the lead's clocks."""
    name: ClockName
    started_at: datetime
    respond_by: datetime
    calendar: CalendarId | None
    calendar_version: int | None
    begins_at: datetime
    ends_at: datetime
    running: bool
    """It goes on still: it was cut at the period's end, or at the instant of asking."""
    holder: Holder
    person: PersonId | None
    team: TeamId | None


async def of_lead(
    connection: Connection, lead: LeadId, begins_at: datetime, ends_at: datetime, *, limit: int
) -> list[Line]:
    """Of each of the lead's clocks, one booking after the other."""
    return await _lines(connection, "lead = %(whose)s", UUID(lead), begins_at, ends_at, limit)


async def of_person(
    connection: Connection, person: PersonId, begins_at: datetime, ends_at: datetime, *, limit: int
) -> list[Line]:
    """What was a person's, as owner or as manager; and what would have been, while the lead waited."""
    return await _lines(connection, "person = %(whose)s", person, begins_at, ends_at, limit)


async def of_team(
    connection: Connection, team: TeamId, begins_at: datetime, ends_at: datetime, *, limit: int
) -> list[Line]:
    """What was a team's: its queue's, and that of everybody who had or was told of one of its leads."""
    return await _lines(connection, "team = %(whose)s", team, begins_at, ends_at, limit)


async def _lines(
    connection: Connection, whose: LiteralString, who: Any, begins_at: datetime, ends_at: datetime, limit: int
) -> list[Line]:
    question = sql.SQL(
        """
        SELECT lead, clock, name, started_at, respond_by, calendar, calendar_version,
               greatest(began_at, %(begins_at)s) AS begins_at,
               least(coalesce(ended_at, 'infinity'), %(ends_at)s) AS ends_at,
               ended_at IS NULL AS running,
               holder, person, team
        FROM read.ledger
        WHERE {whose}
          AND coalesce(ended_at, 'infinity') > %(begins_at)s
          AND began_at < %(ends_at)s
        ORDER BY lead, clock, nth
        LIMIT %(limit)s
        """
    ).format(whose=sql.SQL(whose))
    parameters = {"whose": who, "begins_at": begins_at, "ends_at": ends_at, "limit": limit}
    found = await connection.cursor(binary=True).execute(question, parameters)
    lines: list[Line] = []
    while rows := await found.fetchmany(AT_ONCE):
        lines += map(Line._make, rows)
        # Whoever else asks this process is answered meanwhile.
        await asyncio.sleep(0)
    return lines
