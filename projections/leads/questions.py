"""What may be asked about leads: one of them, how many there are, and which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg import AsyncConnection, sql

from domain.identity import LeadId, PersonId, Position, SourceId, TeamId
from projections.leads.facts import Facts, Stage

AnyConnection = AsyncConnection[Any]
Group = Literal["source", "team", "owner"]


@dataclass(frozen=True)
class LeadThen:
    """A lead at the instant that was asked about."""

    lead: LeadId
    version: int
    """Of the stream, as far as the answer reaches."""
    position: Position
    since: datetime
    """From when on all of this was true."""
    facts: Facts

    @property
    def cursor(self) -> Cursor:
        """Where the next page begins."""
        return Cursor(self.facts.arrived_at, self.lead)


@dataclass(frozen=True)
class Cursor:
    """A place in the list of leads, the latest arrival first: after this lead."""

    arrived_at: datetime
    lead: LeadId


@dataclass(frozen=True, kw_only=True)
class Which:
    """The leads that are meant; None is all."""

    stage: Stage | None = None
    source: SourceId | None = None
    team: TeamId | None = None
    owner: PersonId | None = None

    @property
    def condition(self) -> sql.Composed:
        """As SQL, over the names of the fields."""
        named = [name for name, value in vars(self).items() if value is not None]
        parts = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in named]
        return sql.SQL(" AND ").join([sql.SQL("true"), *parts])


@dataclass(frozen=True)
class Count:
    """How many leads of one group ended how."""

    group: dict[Group, str | None]
    open: int
    converted: int
    lost: int
    disqualified: int

    @property
    def total(self) -> int:
        """All that had arrived."""
        return self.open + self.converted + self.lost + self.disqualified


async def lead(
    connection: AnyConnection, lead: LeadId, *, as_of: datetime | None = None, as_known: datetime | None = None
) -> LeadThen | None:
    """One lead; None if it had not arrived, or was not on record, by then."""
    found = await connection.execute(
        sql.SQL("{} LIMIT 1").format(_ranges(sql.SQL("lead = %(lead)s"), as_of, as_known)),
        {"lead": UUID(lead), "as_of": as_of, "as_known": as_known},
    )
    row = await found.fetchone()
    return _lead(row) if row else None


async def whose(
    connection: AnyConnection, leads: Sequence[LeadId]
) -> dict[LeadId, tuple[PersonId | None, TeamId | None]]:
    """The owner and the team of each of these leads now; what is not on record is left out."""
    found = await connection.execute(
        "SELECT lead, owner, team FROM read.leads WHERE lead = ANY(%s)", [list(map(UUID, leads))]
    )
    return {LeadId(str(lead)): (owner, team) for lead, owner, team in await found.fetchall()}


async def count(
    connection: AnyConnection,
    *,
    group_by: Sequence[Group] = (),
    which: Which = Which(),
    as_of: datetime | None = None,
    as_known: datetime | None = None,
) -> list[Count]:
    """How many leads there were, and how many of them had ended how; without groups, one line for all."""
    names = list(map(sql.Identifier, group_by))
    groups = sql.SQL("").join(sql.SQL("{}, ").format(name) for name in names)
    # Grouping by nothing gives the one line for all.
    grouping = sql.SQL("({})").format(sql.SQL(", ").join(names))
    found = await connection.execute(
        sql.SQL(
            """
            SELECT {groups}
                   count(*) FILTER (WHERE stage = 'open'),
                   count(*) FILTER (WHERE stage = 'converted'),
                   count(*) FILTER (WHERE stage = 'lost'),
                   count(*) FILTER (WHERE stage = 'disqualified')
            FROM ({ranges}) AS at_that_time
            GROUP BY {grouping}
            """
        ).format(groups=groups, ranges=_ranges(which.condition, as_of, as_known), grouping=grouping),
        {**vars(which), "as_of": as_of, "as_known": as_known},
    )
    counts = [Count(dict(zip(group_by, row, strict=False)), *row[len(group_by) :]) for row in await found.fetchall()]
    return sorted(counts, key=lambda one: [name or "" for name in one.group.values()])


async def find(
    connection: AnyConnection,
    *,
    which: Which = Which(),
    as_of: datetime | None = None,
    as_known: datetime | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> list[LeadThen]:
    """The leads that were meant, the latest arrival first."""
    beyond = sql.SQL("(arrived_at, lead) < (%(arrived_at)s, %(lead)s)" if after else "true")
    found = await connection.execute(
        sql.SQL(
            """
            {ranges}
            ORDER BY arrived_at DESC, lead DESC
            LIMIT %(limit)s
            """
        ).format(ranges=_ranges(sql.SQL("{} AND {}").format(which.condition, beyond), as_of, as_known)),
        {
            **vars(which),
            "as_of": as_of,
            "as_known": as_known,
            "arrived_at": after and after.arrived_at,
            "lead": after and UUID(after.lead),
            "limit": limit,
        },
    )
    return [_lead(row) for row in await found.fetchall()]


COLUMNS: LiteralString = ", ".join(("lead", "version", "position", "valid_from", *Facts._fields))


def _ranges(which: sql.Composable, as_of: datetime | None, as_known: datetime | None) -> sql.Composed:
    """One row for each lead that is meant: what held then, as it was known then."""
    columns = sql.SQL(COLUMNS)
    if as_of is None and as_known is None:
        return sql.SQL("SELECT {columns} FROM read.leads WHERE {which}").format(columns=columns, which=which)
    begun, lasted = _then(as_of, as_known)
    return sql.SQL(
        """
        SELECT {columns}
        FROM read.leads
        WHERE {which}
          AND {begun}
        UNION ALL
        SELECT {columns}
        FROM read.leads_past
        WHERE {which}
          AND {begun}
          AND {lasted}
        """
    ).format(columns=columns, which=which, begun=sql.SQL(begun), lasted=sql.SQL(lasted))


def _then(as_of: datetime | None, as_known: datetime | None) -> tuple[LiteralString, LiteralString]:
    """When a range had begun and was known, and when it still lasted and was still believed."""
    if as_known is None:
        return "valid_from <= %(as_of)s", "valid_to > %(as_of)s AND known_to IS NULL"
    believed: LiteralString = "(known_to IS NULL OR known_to > %(as_known)s)"
    if as_of is None:
        return (
            "known_from <= %(as_known)s",
            believed + " AND (valid_to IS NULL OR end_known_from > %(as_known)s)",
        )
    return (
        "valid_from <= %(as_of)s AND known_from <= %(as_known)s",
        believed + " AND (valid_to IS NULL OR valid_to > %(as_of)s OR end_known_from > %(as_known)s)",
    )


def _lead(row: Sequence[Any]) -> LeadThen:
    return LeadThen(LeadId(str(row[0])), row[1], Position(row[2]), row[3], Facts._make(row[4:]))
