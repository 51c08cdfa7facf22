"""What every projection has: a name, a version, its tables, and a function for each event that matters to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Protocol, TypeVar
from uuid import UUID

from domain.event import Event, Recorded, Unreadable
from domain.identity import StreamId
from projections.projector.log import Log
from projections.projector.tables import Connection, Table

E = TypeVar("E", bound=Event)


Told = Mapping[StreamId, Sequence[Recorded[Any]]]
"""What a batch tells, stream by stream, each in order: streams know nothing of one another."""


class Work(Protocol):
    """The rows of one batch, in hand: changed in memory stream by stream, then written back together."""

    def fold(self, stream: StreamId, told: Iterator[Recorded[Any]]) -> None:
        """Apply the events of one stream; when a function raises, the rows are as the events before it left them."""

    async def write(self, connection: Connection) -> None:
        """Write back what changed, one statement a table."""


class Projection(ABC):
    """A read model that can be thrown away and folded again from the log."""

    def __init__(self, *, name: str, version: int, tables: Sequence[Table]) -> None:
        self.name = name
        self.version = version
        """Raise it when a function or a table changes: the next start rebuilds beside the old version."""
        self.tables = tuple(tables)
        # What cannot be read might have changed anything.
        self.functions: dict[type[Event], Callable[..., Any]] = {Unreadable: cannot_read}

    def concerns(self, event: Event) -> bool:
        """Whether this event changes anything here."""
        return type(event) in self.functions

    def learn(self, kinds: Sequence[type[Event]], function: Callable[..., Any]) -> None:
        """Remember the one function for these events."""
        for kind in kinds:
            if kind in self.functions:
                raise TypeError(f"{self.name} has two functions for {kind.__name__}; an event needs one")
            self.functions[kind] = function

    @abstractmethod
    async def load(self, connection: Connection, generation: int, told: Told, log: Log) -> Work:
        """Take the rows in hand that these streams have, in one look."""

    async def forget(self, connection: Connection, generation: int, streams: Sequence[UUID]) -> None:
        """Delete whatever these streams left behind."""
        for table in self.tables:
            await table.forget(connection, generation, streams)


class CannotRead(Exception):
    """A stored event cannot be read by this version of the code; deploy one that can, then retry."""


def cannot_read(*_: object) -> NoReturn:
    """What every projection does with an event that cannot be read."""
    raise CannotRead


def by_stream(events: Iterable[Recorded[Any]]) -> dict[StreamId, list[Recorded[Any]]]:
    """The events, each stream's together."""
    # A UUID hashes and compares in Python, its number in C, and this happens for every event there is.
    found: dict[int, list[Recorded[Any]]] = {}
    for recorded in events:
        number = recorded.stream.int
        if number in found:
            found[number].append(recorded)
        else:
            found[number] = [recorded]
    return {told[0].stream: told for told in found.values()}


def fit(table: Table, fields: Sequence[str]) -> None:
    """A row and its table name the same things in the same order; checked when the file is imported."""
    if list(fields) != list(table.types):
        raise TypeError(f"the rows of {table.name} have {list(fields)}, but the table has {list(table.types)}")
