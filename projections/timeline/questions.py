"""What the auditor asks: the story of one stream, page by page, as of and as known at any instant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, LiteralString

from psycopg import AsyncConnection, sql

from domain.event import Role
from domain.identity import Position, StreamId
from domain.lead.events import Channel, Grade


@dataclass(frozen=True)
class Told:
    """One event as it is read aloud."""

    stream: StreamId
    version: int
    position: Position
    at: datetime
    recorded_at: datetime
    who: str
    """A person's pseudonym, or the name of a service."""
    role: Role
    via: str
    """The key, or another means of login."""
    what: str
    sentence: str
    channel: Channel | None
    grade: Grade | None
    """How far an outreach can be believed; corroborated if the lead replied later on the same channel."""

    @property
    def lateness(self) -> timedelta:
        """How long after the deed it came on record."""
        return self.recorded_at - self.at

    @property
    def cursor(self) -> Cursor:
        """Where the next page begins."""
        return Cursor(self.at, self.version)


@dataclass(frozen=True)
class Cursor:
    """A place in a story: after this event."""

    at: datetime
    version: int


Order = Literal["happened", "recorded"]

WHERE_TO_GO_ON: dict[Order, LiteralString] = {
    "happened": "(told.at, told.version) > (%(at)s, %(version)s)",
    "recorded": "told.version > %(version)s",
}
IN_ORDER: dict[Order, LiteralString] = {"happened": "told.at, told.version", "recorded": "told.version"}


async def page(
    connection: AsyncConnection[Any],
    stream: StreamId,
    *,
    order: Order = "happened",
    as_of: datetime | None = None,
    as_known: datetime | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> list[Told]:
    """What happened by `as_of` and was on record by `as_known`, as it happened or as it was recorded."""
    conditions: list[LiteralString] = ["told.stream = %(stream)s"]
    reply_conditions: list[LiteralString] = ["true"]
    if after is not None:
        conditions.append(WHERE_TO_GO_ON[order])
    if as_of is not None:
        conditions.append("told.at <= %(as_of)s")
        reply_conditions.append("reply.at <= %(as_of)s")
    if as_known is not None:
        conditions.append("told.recorded_at <= %(as_known)s")
        reply_conditions.append("reply.recorded_at <= %(as_known)s")
    found = await connection.execute(
        sql.SQL(
            """
            SELECT told.stream, told.version, told.position, told.at, told.recorded_at,
                   told.who, told.role, told.via, told.what, told.sentence, told.channel,
                   CASE
                       WHEN told.grade = 'claimed' AND EXISTS (
                           SELECT 1
                           FROM read.timeline AS reply
                           WHERE reply.stream = told.stream
                             AND reply.channel = told.channel
                             AND reply.what = 'LeadReplied'
                             AND reply.at > told.at
                             AND {reply_conditions}
                       ) THEN 'corroborated'
                       ELSE told.grade
                   END
            FROM read.timeline AS told
            WHERE {conditions}
            ORDER BY {order}
            LIMIT %(limit)s
            """
        ).format(
            reply_conditions=sql.SQL(" AND ").join(map(sql.SQL, reply_conditions)),
            conditions=sql.SQL(" AND ").join(map(sql.SQL, conditions)),
            order=sql.SQL(IN_ORDER[order]),
        ),
        {
            "stream": stream,
            "as_of": as_of,
            "as_known": as_known,
            "at": after and after.at,
            "version": after and after.version,
            "limit": limit,
        },
    )
    return [_told(row) for row in await found.fetchall()]


def _told(row: tuple[Any, ...]) -> Told:
    told = Told(*row)
    if told.grade is None:
        return told
    # How far it can be believed belongs to the sentence, and may change with what the lead does later.
    return replace(told, sentence=f"{told.sentence.removesuffix('.')} ({told.grade}).")
