"""What may be asked of the queues: somebody's, a team's, the desk's, and how much each has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, sql

from domain.identity import LeadId, PersonId, SourceId, TeamId
from domain.lead.events import SnoozeReason
from projections.queues.plates import State

AnyConnection = AsyncConnection[Any]


@dataclass(frozen=True)
class Queued:
    """One line of a queue."""

    lead: LeadId
    owner: PersonId | None
    """None while it waits for somebody."""
    team: TeamId | None
    """None while it waits for the whole desk."""
    source: SourceId | None
    state: State
    since: datetime
    """When its owner, or the queue, got it."""
    arrived_at: datetime
    outreach_count: int
    last_outreach_at: datetime | None
    last_reply_at: datetime | None
    follow_up_by: datetime | None
    respond_by: datetime | None
    """The earliest deadline that a policy sets."""
    offered: bool
    escalated_at: datetime | None
    escalated_to: PersonId | None
    act_by: datetime | None
    waits_until: datetime | None
    """It waits while this is still to come."""
    waits_because: SnoozeReason | None
    tier: int
    attention_at: datetime

    @property
    def cursor(self) -> Cursor:
        """Where the next page begins."""
        return Cursor(self.tier, self.attention_at, self.arrived_at, self.lead)


@dataclass(frozen=True)
class Cursor:
    """A place in a queue: after this line."""

    tier: int
    attention_at: datetime
    arrived_at: datetime
    lead: LeadId


@dataclass(frozen=True)
class Load:
    """How much somebody has on the plate; `owner` None is what waits in the team's queue."""

    owner: PersonId | None
    new: int
    replied: int
    promised: int
    contacted: int
    wrote_again: int

    @property
    def total(self) -> int:
        """Everything in sight."""
        return self.new + self.replied + self.promised + self.contacted + self.wrote_again


LINES = sql.SQL(
    """
    SELECT lead, owner, team, source, state, since, arrived_at,
           outreach_count, last_outreach_at, last_reply_at, follow_up_by, respond_by, offered,
           escalated_at, escalated_to, act_by, waits_until, waits_because, tier, attention_at
    FROM read.queues
    WHERE open
      AND {whose}
      AND (tier, attention_at, arrived_at, lead) > (%(tier)s, %(attention_at)s, %(arrived_at)s, %(lead)s)
    ORDER BY tier, attention_at, arrived_at, lead
    LIMIT %(limit)s
    """
)
START = {"tier": -1, "attention_at": "-infinity", "arrived_at": "-infinity", "lead": UUID(int=0)}


async def plate_of(
    connection: AnyConnection, person: PersonId, *, after: Cursor | None = None, limit: int = 50
) -> list[Queued]:
    """What one person has to do, the most urgent first."""
    return await _page(connection, sql.SQL("owner = %(owner)s"), {"owner": person}, after, limit)


async def team_queue(
    connection: AnyConnection,
    team: TeamId,
    *,
    unassigned_only: bool = False,
    after: Cursor | None = None,
    limit: int = 50,
) -> list[Queued]:
    """What a team has to do: its people's leads and those that wait for one of them."""
    whose = sql.SQL("team = %(team)s AND owner IS NULL" if unassigned_only else "team = %(team)s")
    return await _page(connection, whose, {"team": team}, after, limit)


async def team_offers(
    connection: AnyConnection, team: TeamId, *, after: Cursor | None = None, limit: int = 50
) -> list[Queued]:
    """What anybody of a team may take over, because nobody had acted in time."""
    return await _page(connection, sql.SQL("offered AND team = %(team)s"), {"team": team}, after, limit)


async def desk_queue(connection: AnyConnection, *, after: Cursor | None = None, limit: int = 50) -> list[Queued]:
    """What waits for the whole desk: nobody's, and in no team's queue."""
    return await _page(connection, sql.SQL("owner IS NULL AND team IS NULL"), {}, after, limit)


@dataclass(frozen=True)
class After:
    """A place among the escalations: after this line."""

    escalated_at: datetime
    lead: LeadId


async def escalations(
    connection: AnyConnection,
    *,
    person: PersonId,
    teams: Sequence[TeamId],
    everybodys: bool,
    after: After | None = None,
    limit: int = 50,
) -> list[Queued]:
    """The leads of which somebody was told that they need help, the longest first.

    Those of these teams, those that this person was told of, and those of which the whole desk was told; or all.
    """
    found = await connection.execute(
        """
        SELECT lead, owner, team, source, state, since, arrived_at,
               outreach_count, last_outreach_at, last_reply_at, follow_up_by, respond_by, offered,
               escalated_at, escalated_to, act_by, waits_until, waits_because, tier, attention_at
        FROM read.queues
        WHERE open
          AND escalated_at IS NOT NULL
          AND (%(everybodys)s OR team = ANY(%(teams)s) OR escalated_to = %(person)s)
          AND (escalated_at, lead) > (%(escalated_at)s, %(lead)s)
        ORDER BY escalated_at, lead
        LIMIT %(limit)s
        """,
        {
            "everybodys": everybodys,
            "teams": list(teams),
            "person": person,
            "escalated_at": after.escalated_at if after else "-infinity",
            "lead": UUID(after.lead) if after else UUID(int=0),
            "limit": limit,
        },
    )
    return [_line(row) for row in await found.fetchall()]


async def counts(connection: AnyConnection, team: TeamId) -> list[Load]:
    """How much each person has of a team's leads, after what waits in its queue."""
    found = await connection.execute(
        """
        SELECT owner,
               count(*) FILTER (WHERE state = 'new'),
               count(*) FILTER (WHERE state = 'replied'),
               count(*) FILTER (WHERE state = 'promised'),
               count(*) FILTER (WHERE state = 'contacted'),
               count(*) FILTER (WHERE state = 'wrote_again')
        FROM read.queues
        WHERE open
          AND team = %s
        GROUP BY owner
        ORDER BY owner NULLS FIRST
        """,
        [team],
    )
    return [Load(*row) for row in await found.fetchall()]


async def _page(
    connection: AnyConnection, whose: sql.SQL, who: dict[str, Any], after: Cursor | None, limit: int
) -> list[Queued]:
    begin = START if after is None else {**after.__dict__, "lead": UUID(after.lead)}
    found = await connection.execute(LINES.format(whose=whose), {**who, **begin, "limit": limit})
    return [_line(row) for row in await found.fetchall()]


def _line(row: Sequence[Any]) -> Queued:
    return Queued(LeadId(str(row[0])), *row[1:])
