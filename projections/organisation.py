"""Who is here, in which team, who answers for it and for the whole desk, and where leads come from."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import class_row, scalar_row

from domain.event import Recorded
from domain.identity import CalendarId, PersonId, SourceId, TeamId
from domain.person import PersonHoursSet, PersonJoined, PersonLeft, PersonMoved
from domain.seat import DeskEntrusted
from domain.source import SourceRegistered, SourceRetired
from domain.team import TeamEntrusted, TeamFormed, TeamPlaced
from projections.projector import OneRow, Table
from projections.projector.tables import Connection


class Person(NamedTuple):
    """Somebody who is or was here."""

    stream: UUID
    person: PersonId
    team: TeamId | None
    here: bool
    since: datetime
    """When they joined, moved or left last."""
    calendar: CalendarId | None
    """By whose hours they work."""


class Team(NamedTuple):
    """A team, the one above it, and who answers for it."""

    stream: UUID
    team: TeamId
    above: TeamId | None
    accountable: PersonId | None


class Seat(NamedTuple):
    """Who answers for the whole desk."""

    stream: UUID
    accountable: PersonId
    since: datetime


class Source(NamedTuple):
    """Where leads come from, and whose queue they wait in."""

    stream: UUID
    source: SourceId
    team: TeamId | None
    retired: bool


people = OneRow(
    name="people",
    version=2,
    table=Table(
        name="people",
        columns="""
            stream uuid PRIMARY KEY,
            person text NOT NULL UNIQUE,
            team text,
            here boolean NOT NULL,
            since timestamptz NOT NULL,
            calendar text
        """,
        indexes=("(team, person)",),
    ),
    row=Person,
)

teams = OneRow(
    name="teams",
    version=1,
    table=Table(
        name="teams",
        columns="""
            stream uuid PRIMARY KEY,
            team text NOT NULL UNIQUE,
            above text,
            accountable text
        """,
        indexes=("(above)", "(accountable)"),
    ),
    row=Team,
)

desk = OneRow(
    name="desk",
    version=1,
    table=Table(
        name="desk",
        columns="""
            stream uuid PRIMARY KEY,
            accountable text NOT NULL,
            since timestamptz NOT NULL
        """,
    ),
    row=Seat,
)

sources = OneRow(
    name="sources",
    version=1,
    table=Table(
        name="sources",
        columns="""
            stream uuid PRIMARY KEY,
            source text NOT NULL UNIQUE,
            team text,
            retired boolean NOT NULL
        """,
    ),
    row=Source,
)


@people.when(PersonJoined)
def join(row: Person | None, recorded: Recorded[PersonJoined]) -> Person | None:
    """Also for somebody who comes back."""
    joined = recorded.event
    calendar = row.calendar if row else None
    return Person(recorded.stream, joined.person, joined.team, here=True, since=joined.at, calendar=calendar)


@people.when(PersonMoved)
def move(row: Person | None, recorded: Recorded[PersonMoved]) -> Person | None:
    """Their leads stay where they are."""
    return row and row._replace(team=recorded.event.team, since=recorded.event.at)


@people.when(PersonLeft)
def leave(row: Person | None, recorded: Recorded[PersonLeft]) -> Person | None:
    """They stay on the list, as somebody who was here."""
    return row and row._replace(here=False, since=recorded.event.at)


@people.when(PersonHoursSet)
def work_by(row: Person | None, recorded: Recorded[PersonHoursSet]) -> Person | None:
    """Outside of these hours nobody writes to them."""
    return row and row._replace(calendar=recorded.event.calendar)


@teams.when(TeamFormed)
def form(row: Team | None, recorded: Recorded[TeamFormed]) -> Team | None:
    """Nobody answers for it yet."""
    return Team(recorded.stream, recorded.event.team, recorded.event.above, accountable=None)


@teams.when(TeamEntrusted)
def entrust(row: Team | None, recorded: Recorded[TeamEntrusted]) -> Team | None:
    """One person answers for it."""
    return row and row._replace(accountable=recorded.event.to)


@teams.when(TeamPlaced)
def place(row: Team | None, recorded: Recorded[TeamPlaced]) -> Team | None:
    """Under another team, or under none."""
    return row and row._replace(above=recorded.event.above)


@desk.when(DeskEntrusted)
def entrust_the_desk(row: Seat | None, recorded: Recorded[DeskEntrusted]) -> Seat | None:
    """One person answers for all of it."""
    return Seat(recorded.stream, recorded.event.to, recorded.event.at)


@sources.when(SourceRegistered)
def register(row: Source | None, recorded: Recorded[SourceRegistered]) -> Source | None:
    """Again, it may bring leads to another team."""
    return Source(recorded.stream, recorded.event.source, recorded.event.team, retired=False)


@sources.when(SourceRetired)
def retire(row: Source | None, recorded: Recorded[SourceRetired]) -> Source | None:
    """It stays on the list."""
    return row and row._replace(retired=True)


async def everybody(connection: Connection, *, after: PersonId | None = None, limit: int = 50) -> list[Person]:
    """People in the order of their names; `after` is the last one already seen."""
    return await (
        await connection.cursor(row_factory=class_row(Person)).execute(
            """
            SELECT stream, person, team, here, since, calendar
            FROM read.people
            WHERE person > %s
            ORDER BY person
            LIMIT %s
            """,
            (after or "", limit),
        )
    ).fetchall()


async def person(connection: Connection, id: PersonId) -> Person | None:
    """One person, if on record."""
    return await (
        await connection.cursor(row_factory=class_row(Person)).execute(
            "SELECT stream, person, team, here, since, calendar FROM read.people WHERE person = %s", (id,)
        )
    ).fetchone()


async def members(connection: Connection, team: TeamId | None, *, limit: int = 500) -> list[PersonId]:
    """Who is in the team and here; with no team, who is in none."""
    found = await connection.cursor(row_factory=scalar_row).execute(
        "SELECT person FROM read.people WHERE team IS NOT DISTINCT FROM %s AND here ORDER BY person LIMIT %s",
        (team, limit),
    )
    return list(await found.fetchall())


async def line_below(connection: Connection, id: PersonId) -> frozenset[TeamId]:
    """The teams that a person answers for, and all teams below those."""
    found = await connection.cursor(row_factory=scalar_row).execute(
        """
        WITH RECURSIVE line AS (
            SELECT team
            FROM read.teams
            WHERE accountable = %s
            UNION
            SELECT teams.team
            FROM read.teams
            JOIN line ON teams.above = line.team
        )
        SELECT team
        FROM line
        """,
        (id,),
    )
    return frozenset(await found.fetchall())


async def every_team(connection: Connection, *, after: TeamId | None = None, limit: int = 50) -> list[Team]:
    """Teams in the order of their names; `after` is the last one already seen."""
    return await (
        await connection.cursor(row_factory=class_row(Team)).execute(
            """
            SELECT stream, team, above, accountable
            FROM read.teams
            WHERE team > %s
            ORDER BY team
            LIMIT %s
            """,
            (after or "", limit),
        )
    ).fetchall()


async def team(connection: Connection, id: TeamId) -> Team | None:
    """One team, if on record."""
    return await (
        await connection.cursor(row_factory=class_row(Team)).execute(
            "SELECT stream, team, above, accountable FROM read.teams WHERE team = %s", (id,)
        )
    ).fetchone()


async def seat(connection: Connection) -> Seat | None:
    """Who answers for the whole desk, if anybody does."""
    return await (
        await connection.cursor(row_factory=class_row(Seat)).execute("SELECT stream, accountable, since FROM read.desk")
    ).fetchone()


async def source(connection: Connection, id: SourceId) -> Source | None:
    """One source, if on record."""
    return await (
        await connection.cursor(row_factory=class_row(Source)).execute(
            "SELECT stream, source, team, retired FROM read.sources WHERE source = %s", (id,)
        )
    ).fetchone()


async def every_source(connection: Connection, *, after: SourceId | None = None, limit: int = 50) -> list[Source]:
    """Sources in the order of their names; `after` is the last one already seen."""
    return await (
        await connection.cursor(row_factory=class_row(Source)).execute(
            """
            SELECT stream, source, team, retired
            FROM read.sources
            WHERE source > %s
            ORDER BY source
            LIMIT %s
            """,
            (after or "", limit),
        )
    ).fetchall()
