"""What the inside asks of the log: append these facts if nothing has changed since they were decided."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.event import Event, Recorded
from domain.identity import Position, StreamId
from domain.refusal import Refusal


@dataclass(frozen=True)
class WrappedKey:
    """A subject's data key, itself encrypted with a key that PostgreSQL never sees."""

    key_id: UUID
    subject: StreamId
    epoch: str
    """Which key-encryption key wrapped it."""
    wrapped: bytes


@dataclass(frozen=True)
class SealedRow:
    """One thing in the vault: ciphertext bound to its subject and its place."""

    ref: UUID
    subject: StreamId
    key_id: UUID
    kind: str
    """`contact`, `note` or `profile`."""
    ciphertext: bytes
    """Twelve bytes of nonce, then AES-256-GCM output."""


@dataclass(frozen=True, kw_only=True)
class Append:
    """One command's outcome on its way into the log; all of it is stored, or nothing."""

    command_id: UUID
    """The idempotency key: the log answers a second request with it as it answered the first."""
    fingerprint: bytes
    """A keyed hash of the wish, so that the same id with another wish is refused. 32 bytes."""
    stream: StreamId
    expected_version: int
    """The version of the stream that the decision was made on; 0 for a new stream."""
    events: tuple[Event, ...]
    """May be empty: then only the command id is remembered, so that its answer stays the same."""
    caused_by: UUID | None = None
    guards: tuple[tuple[StreamId, int], ...] = ()
    """Other streams that the decision looked at, and their versions then."""
    sealed: tuple[SealedRow, ...] = ()
    keys: tuple[WrappedKey, ...] = ()


@dataclass(frozen=True)
class Appended:
    """Stored, and safe against the loss of power."""

    version: int
    """Of the stream after this command."""
    position: Position
    """Of this command's last event; where it had none, of the log's head when it was remembered."""
    topics: tuple[str, ...]
    """What happened, by the events' stored names."""
    repeated: bool = False
    """The command had been stored before; this is the first answer again."""


@dataclass(frozen=True)
class Conflict:
    """Somebody was first: nothing was stored."""

    missing: tuple[Recorded[Event], ...]
    """What the decision did not know: the later events of its stream and of its guards, each stream in order."""


class CommandIdReused(Refusal):
    """This Idempotency-Key was used before for a different request; use a new key for a new request."""


class LogUnavailable(Exception):
    """The log cannot be written or read at the moment; the same request may be sent again with the same key."""
