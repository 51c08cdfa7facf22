"""How each projection stands: which version is in force, how far it is behind, what is parked, and who writes it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.identity import Position
from projections.projector.lease import SECONDS
from projections.projector.tables import Connection


@dataclass(frozen=True)
class Status:
    """One projection as an operator sees it."""

    projection: str
    version: int
    generation: int
    position: Position
    lag_events: int
    parked_streams: int
    holder: str | None
    """Who writes it now; None while nobody does."""
    abandoned: bool
    """Nobody has written it for longer than a lease lasts: whoever did is gone, and nobody took it over."""
    rebuilding_at: Position | None
    """How far a new generation is, if one is being built beside."""


async def status(connection: Connection, head: Position) -> list[Status]:
    """Every projection there is, by name; empty before the first projector has started."""
    found = await connection.execute("SELECT to_regclass('read.parked') IS NOT NULL")
    if not (await found.fetchone() or (False,))[0]:
        return []
    found = await connection.execute(
        """
        SELECT projection, version, generation, position,
               (SELECT count(*) FROM read.parked AS p
                WHERE p.projection = live.projection AND p.generation = live.generation),
               (SELECT holder FROM read.leases
                WHERE name = live.projection AND expires_at > clock_timestamp()),
               NOT EXISTS (
                   SELECT FROM read.leases
                   WHERE name = live.projection AND expires_at > clock_timestamp() - make_interval(secs => %s)),
               (SELECT max(position) FROM read.progress AS beside
                WHERE beside.projection = live.projection AND NOT beside.live)
        FROM read.progress AS live
        WHERE live
        ORDER BY projection
        """,
        [SECONDS],
    )
    return [
        Status(
            projection=projection,
            version=version,
            generation=generation,
            position=Position(position),
            lag_events=max(0, head - position),
            parked_streams=parked,
            holder=holder,
            abandoned=abandoned,
            rebuilding_at=None if beside is None else Position(beside),
        )
        for projection, version, generation, position, parked, holder, abandoned, beside in await found.fetchall()
    ]
