"""An event is a fact: who, when, what was decided; a recorded event also says where in the log it stands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

from domain.identity import Position, StreamId
from domain.refusal import Refusal

Role = Literal["rep", "manager", "auditor", "admin", "service"]


@dataclass(frozen=True)
class Actor:
    """Who acted, in which role, and how they had logged in."""

    id: str
    """A PersonId, or the name of a service."""
    role: Role
    via: str
    """The means of login: `key:lk_3f9a1c`, `cli`, `import`."""


@dataclass(frozen=True)
class Sealed:
    """Something personal or typed freely: it lies encrypted in the vault; here stand only its place and its hash."""

    subject: str
    """Whose data key opens it: a lead's or a person's stream id."""
    ref: str
    """The row of the vault, a UUID."""
    sha256: str
    """The hash of the ciphertext, in hexadecimal."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, told by somebody."""

    at: datetime
    """When it happened, in UTC. When we learned it is `recorded_at`, which the database adds."""
    by: Actor


@dataclass(frozen=True, kw_only=True)
class Declined(Event, ABC):
    """Somebody asked for something and was refused, and that itself is on record."""

    @property
    @abstractmethod
    def refusal(self) -> Refusal:
        """What they were told, to be told again to whoever sends the same wish again."""


E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E_co]):
    """An event as it stands in the log."""

    event: E_co
    stream: StreamId
    version: int
    """1 for the first event of its stream, then dense."""
    position: Position
    recorded_at: datetime
    """When we learned it, by the database's clock; never runs backwards along positions."""
    command_id: UUID
    caused_by: UUID | None = None
    """The command or event id that led to this command, where it was not a person's own wish."""


@dataclass(frozen=True, kw_only=True)
class Unreadable(Event):
    """A stored event that this code cannot read; who meets it parks its stream and shows it."""

    topic: str
    problem: str
