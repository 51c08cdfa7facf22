"""When work is done: each calendar's hours, from when on they hold, and the days on which it is otherwise."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from psycopg.rows import class_row

from domain.business_time import Day, Hours, Week
from domain.calendar import Calendar, CalendarSet, DaysExcepted, DaysRestored, ExceptedDay, Setting, evolve
from domain.event import Recorded
from domain.identity import CalendarId
from projections.projector import OneRow, Table
from projections.projector.tables import Connection


class Row(NamedTuple):
    """A calendar as it stands in the table."""

    stream: UUID
    calendar: CalendarId
    version: int
    changed_at: datetime
    settings: str
    """JSON: each from when on, the zone, and the week, Monday first."""
    days: str
    """JSON: each day that is otherwise, with its hours, and how it is called."""


calendars = OneRow(
    name="calendars",
    version=1,
    table=Table(
        name="calendars",
        columns="""
            stream uuid PRIMARY KEY,
            calendar text NOT NULL UNIQUE,
            version integer NOT NULL,
            changed_at timestamptz NOT NULL,
            settings text NOT NULL,
            days text NOT NULL
        """,
    ),
    row=Row,
)


@calendars.when(CalendarSet, DaysExcepted, DaysRestored)
def tell(row: Row | None, recorded: Recorded[Any]) -> Row | None:
    """The domain tells what becomes of a calendar; here it is only written down."""
    told = evolve(_told(row) if row else Calendar(), recorded.event)
    settings = [(setting.effective_from.isoformat(), setting.zone, setting.week) for setting in told.settings]
    days = [(day.isoformat(), one.hours, one.called) for day, one in sorted(told.days.items())]
    return Row(
        recorded.stream,
        recorded.event.calendar,
        told.version,
        recorded.event.at,
        json.dumps(settings),
        json.dumps(days),
    )


async def every_calendar(connection: Connection, *, after: CalendarId | None = None, limit: int = 50) -> list[Calendar]:
    """Calendars in the order of their names; `after` is the last one already seen."""
    found = await connection.cursor(row_factory=class_row(Row)).execute(
        """
        SELECT stream, calendar, version, changed_at, settings, days
        FROM read.calendars
        WHERE calendar > %s
        ORDER BY calendar
        LIMIT %s
        """,
        (after or "", limit),
    )
    return [_told(row) for row in await found.fetchall()]


async def calendar(connection: Connection, id: CalendarId) -> Calendar | None:
    """One calendar, if on record."""
    found = await connection.cursor(row_factory=class_row(Row)).execute(
        "SELECT stream, calendar, version, changed_at, settings, days FROM read.calendars WHERE calendar = %s", (id,)
    )
    row = await found.fetchone()
    return row and _told(row)


def _told(row: Row) -> Calendar:
    settings = (
        Setting(datetime.fromisoformat(effective_from), zone, cast("Week", tuple(map(_day, week))))
        for effective_from, zone, week in json.loads(row.settings)
    )
    days = (ExceptedDay(date.fromisoformat(day), _day(hours), called) for day, hours, called in json.loads(row.days))
    return Calendar(
        id=row.calendar,
        settings=tuple(settings),
        days={one.day: one for one in days},
        changed_at=row.changed_at,
        version=row.version,
    )


def _day(hours: list[list[int]]) -> Day:
    return tuple(Hours(opens, closes) for opens, closes in hours)
