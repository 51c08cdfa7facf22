"""What every projection has: a name, a version, its tables, and a function for each event that matters to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from domain.event import Event, Recorded, Unreadable
from projections.projector.log import Log
from projections.projector.tables import Connection, Table

E = TypeVar("E", bound=Event)


class Work(Protocol):
    """The rows of one batch, in hand: changed in memory event by event, then written back together."""

    def fold(self, recorded: Recorded[Any]) -> None:
        """Apply one event; if its function raises, the stream's rows stay as they were."""

    async def write(self, connection: Connection) -> None:
        """Write back what changed, one statement a table."""


class Projection(ABC):
    """A read model that can be thrown away and folded again from the log."""

    def __init__(self, *, name: str, version: int, tables: Sequence[Table]) -> None:
        self.name = name
        self.version = version
        """Raise it when a function or a table changes: the next start rebuilds beside the old version."""
        self.tables = tuple(tables)
        self.functions: dict[type[Event], Callable[..., Any]] = {}

    def concerns(self, event: Event) -> bool:
        """Whether this event changes anything here; what cannot be read might have."""
        return type(event) in self.functions or isinstance(event, Unreadable)

    def learn(self, kinds: Sequence[type[Event]], function: Callable[..., Any]) -> None:
        """Remember the one function for these events."""
        for kind in kinds:
            if kind in self.functions:
                raise TypeError(f"{self.name} has two functions for {kind.__name__}; an event needs one")
            self.functions[kind] = function

    @abstractmethod
    async def load(self, connection: Connection, generation: int, events: Sequence[Recorded[Any]], log: Log) -> Work:
        """Take the rows in hand that these events touch, in one look."""

    async def forget(self, connection: Connection, generation: int, streams: Sequence[UUID]) -> None:
        """Delete whatever these streams left behind."""
        for table in self.tables:
            await table.forget(connection, generation, streams)


class CannotRead(Exception):
    """The stored event {topic} cannot be read by this version of the code; deploy one that can, then retry."""


def fit(table: Table, fields: Sequence[str]) -> None:
    """A row and its table name the same things in the same order; checked when the file is imported."""
    if list(fields) != list(table.types):
        raise TypeError(f"the rows of {table.name} have {list(fields)}, but the table has {list(table.types)}")
