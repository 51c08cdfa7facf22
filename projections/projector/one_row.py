"""A projection with one row a stream: each event turns the row into another one, or takes it away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from domain.event import Recorded
from domain.identity import StreamId
from projections.projector.log import Log
from projections.projector.projection import E, Projection, Told, fit
from projections.projector.tables import Connection, Table

# A row is a tuple with names: it goes to PostgreSQL as it is, and a changed copy costs a quarter of a dataclass's.
Row = TypeVar("Row", bound=NamedTuple)


class OneRow(Projection, Generic[Row]):
    """`row | None -> row | None`, a function an event."""

    def __init__(self, *, name: str, version: int, table: Table, row: type[Row]) -> None:
        super().__init__(name=name, version=version, tables=[table])
        fit(table, row._fields)
        self.table, self.row = table, row

    def when(
        self, *kinds: type[E]
    ) -> Callable[[Callable[[Row | None, Recorded[E]], Row | None]], Callable[[Row | None, Recorded[E]], Row | None]]:
        """The function below tells what these events do to the row."""

        def remember(
            function: Callable[[Row | None, Recorded[E]], Row | None],
        ) -> Callable[[Row | None, Recorded[E]], Row | None]:
            self.learn(kinds, function)
            return function

        return remember

    async def load(self, connection: Connection, generation: int, told: Told, log: Log) -> RowsInHand[Row]:
        """One SELECT for the whole batch."""
        rows = await self.table.load(connection, generation, list(told))
        return RowsInHand(self, generation, {row[0]: self.row._make(row) for row in rows})


class RowsInHand(Generic[Row]):
    """The rows that a batch touches."""

    def __init__(self, projection: OneRow[Row], generation: int, rows: dict[UUID, Row]) -> None:
        self.projection, self.generation = projection, generation
        self.rows: dict[UUID, Row | None] = dict(rows)
        self.stored = rows

    def fold(self, stream: StreamId, told: Iterator[Recorded[Any]]) -> None:
        """From event to event the row becomes another one."""
        functions = self.projection.functions
        row = self.rows.get(stream)
        try:
            for recorded in told:
                row = functions[type(recorded.event)](row, recorded)
        finally:
            self.rows[stream] = row

    async def write(self, connection: Connection) -> None:
        """Upsert what changed, delete what is gone."""
        table, stored = self.projection.table, self.stored
        changed = [row for stream, row in self.rows.items() if row is not None and row is not stored.get(stream)]
        gone = [stream for stream, row in self.rows.items() if row is None and stream in stored]
        await table.upsert(connection, self.generation, changed)
        await table.forget(connection, self.generation, gone)
