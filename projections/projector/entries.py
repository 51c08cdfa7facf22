"""A projection that only grows: each event leaves one entry, and no entry ever changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from domain.event import Recorded
from domain.identity import StreamId
from projections.projector.log import Log
from projections.projector.projection import E, Projection, Told, fit
from projections.projector.tables import Connection, Table

Entry = TypeVar("Entry", bound=NamedTuple)
Words = TypeVar("Words")


class Entries(Projection, Generic[Entry, Words]):
    """`event -> what is told`, a function an event; `entry` makes a row of it."""

    def __init__(
        self,
        *,
        name: str,
        version: int,
        table: Table,
        row: type[Entry],
        entry: Callable[[Recorded[Any], Words], Entry],
    ) -> None:
        super().__init__(name=name, version=version, tables=[table])
        fit(table, row._fields)
        self.table, self.entry = table, entry

    def when(self, *kinds: type[E]) -> Callable[[Callable[[E], Words]], Callable[[E], Words]]:
        """The function below tells what these events leave behind."""

        def remember(function: Callable[[E], Words]) -> Callable[[E], Words]:
            self.learn(kinds, function)
            return function

        return remember

    async def load(self, connection: Connection, generation: int, told: Told, log: Log) -> NewEntries[Entry, Words]:
        """Nothing that is there already matters to a new entry."""
        return NewEntries(self, generation)


class NewEntries(Generic[Entry, Words]):
    """What a batch adds."""

    def __init__(self, projection: Entries[Entry, Words], generation: int) -> None:
        self.projection, self.generation = projection, generation
        self.entries: list[Entry] = []

    def fold(self, stream: StreamId, told: Iterator[Recorded[Any]]) -> None:
        """One event, one entry."""
        functions, entry, add = self.projection.functions, self.projection.entry, self.entries.append
        for recorded in told:
            event = recorded.event
            add(entry(recorded, functions[type(event)](event)))

    async def write(self, connection: Connection) -> None:
        """All of them in one stream."""
        await self.projection.table.append(connection, self.generation, self.entries)
