"""A projection that only grows: each event leaves one entry, and no entry ever changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from domain.event import Recorded
from projections.projector.log import Log
from projections.projector.projection import E, Projection, fit
from projections.projector.tables import Connection, Table

Entry = TypeVar("Entry", bound=NamedTuple)
Told = TypeVar("Told")


class Entries(Projection, Generic[Entry, Told]):
    """`event -> what is told`, a function an event; `entry` makes a row of it."""

    def __init__(
        self,
        *,
        name: str,
        version: int,
        table: Table,
        row: type[Entry],
        entry: Callable[[Recorded[Any], Told], Entry],
    ) -> None:
        super().__init__(name=name, version=version, tables=[table])
        fit(table, row._fields)
        self.table, self.entry = table, entry

    def when(self, *kinds: type[E]) -> Callable[[Callable[[E], Told]], Callable[[E], Told]]:
        """The function below tells what these events leave behind."""

        def remember(function: Callable[[E], Told]) -> Callable[[E], Told]:
            self.learn(kinds, function)
            return function

        return remember

    async def load(
        self, connection: Connection, generation: int, events: Sequence[Recorded[Any]], log: Log
    ) -> NewEntries[Entry, Told]:
        """Nothing that is there already matters to a new entry."""
        return NewEntries(self, generation)


class NewEntries(Generic[Entry, Told]):
    """What a batch adds."""

    def __init__(self, projection: Entries[Entry, Told], generation: int) -> None:
        self.projection, self.generation = projection, generation
        self.entries: list[Entry] = []

    def fold(self, recorded: Recorded[Any]) -> None:
        """One event, one entry."""
        told = self.projection.functions[type(recorded.event)](recorded.event)
        self.entries.append(self.projection.entry(recorded, told))

    async def write(self, connection: Connection) -> None:
        """All of them in one stream."""
        await self.projection.table.append(connection, self.generation, self.entries)
