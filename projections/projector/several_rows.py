"""A projection with several rows a stream: each event turns the stream's rows into other ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from domain.event import Recorded
from domain.identity import StreamId
from projections.projector.log import Log
from projections.projector.projection import E, Projection, Told, fit
from projections.projector.tables import Connection, Table

Row = TypeVar("Row", bound=NamedTuple)
Rows = dict[Any, Row]
"""A stream's rows, each by its second column."""


class SeveralRows(Projection, Generic[Row]):
    """`rows -> rows`, a function an event; the stream and the second column tell a row from all others."""

    def __init__(self, *, name: str, version: int, table: Table, row: type[Row]) -> None:
        super().__init__(name=name, version=version, tables=[table])
        fit(table, row._fields)
        if table.told_apart_by != 2:
            raise TypeError(f"the rows of {name} are told apart by two columns; say so in its table")
        self.table, self.row = table, row

    def when(
        self, *kinds: type[E]
    ) -> Callable[
        [Callable[[Rows[Row], Recorded[E]], Rows[Row]]],
        Callable[[Rows[Row], Recorded[E]], Rows[Row]],
    ]:
        """The function below tells what these events do to the rows; it gives back rows, and changes none."""

        def remember(
            function: Callable[[Rows[Row], Recorded[E]], Rows[Row]],
        ) -> Callable[[Rows[Row], Recorded[E]], Rows[Row]]:
            self.learn(kinds, function)
            return function

        return remember

    async def load(self, connection: Connection, generation: int, told: Told, log: Log) -> SetsInHand[Row]:
        """One SELECT for the whole batch."""
        stored: dict[UUID, Rows[Row]] = {}
        for row in await self.table.load(connection, generation, list(told)):
            stored.setdefault(row[0], {})[row[1]] = self.row._make(row)
        return SetsInHand(self, generation, stored)


class SetsInHand(Generic[Row]):
    """The rows of the streams that a batch touches."""

    def __init__(self, projection: SeveralRows[Row], generation: int, stored: dict[UUID, Rows[Row]]) -> None:
        self.projection, self.generation = projection, generation
        self.rows = dict(stored)
        self.stored = stored

    def fold(self, stream: StreamId, told: Iterator[Recorded[Any]]) -> None:
        """From event to event the rows become other ones."""
        functions = self.projection.functions
        rows = self.rows.get(stream, {})
        try:
            for recorded in told:
                rows = functions[type(recorded.event)](rows, recorded)
        finally:
            self.rows[stream] = rows

    async def write(self, connection: Connection) -> None:
        """Upsert what changed; where a row is gone, the stream's are written anew."""
        table = self.projection.table
        changed: list[Row] = []
        anew: list[UUID] = []
        for stream, rows in self.rows.items():
            before = self.stored.get(stream, {})
            if before.keys() <= rows.keys():
                changed += [row for key, row in rows.items() if row is not before.get(key)]
            else:
                anew.append(stream)
                changed += rows.values()
        await table.forget(connection, self.generation, anew)
        await table.upsert(connection, self.generation, changed)
