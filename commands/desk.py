"""The desk handles every command: load, decide, append; and when somebody was first, decide again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4, uuid5

from commands.command import Command, Kind, NotLookedUpYet, Surroundings, utc_now
from domain.access import Principal, may
from domain.event import Event, Recorded, Sealed
from domain.identity import LEADLEDGER, Position, StreamId
from domain.log import Append, Appended, Conflict, SealedRow, WrappedKey
from domain.occasion import Occasion
from domain.refusal import Refusal

TRIES = 32
"""How often one command decides anew, because of a stream it had not looked at or because somebody was first."""
REMEMBERED_STREAMS = 100_000


class Log(Protocol):
    """What the desk needs of the event store."""

    async def append(self, request: Append) -> Appended | Conflict:
        """Store the request, or tell what it did not know. Raises CommandIdReused and LogUnavailable."""
        ...

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> Mapping[StreamId, Sequence[Recorded[Event]]]:
        """The events of each stream after a version, in order."""
        ...

    async def find_command(self, command_id: UUID, fingerprint: bytes) -> Appended | None:
        """How a command was answered, if it was stored. Raises CommandIdReused."""
        ...


class Vault(Protocol):
    """What the desk needs of the vault."""

    async def seal(
        self, subject: StreamId, parts: Sequence[tuple[str, str, bytes]], *, new: bool = False
    ) -> tuple[Mapping[str, Sealed], tuple[SealedRow, ...], tuple[WrappedKey, ...]]:
        """Encrypt each part (its field, its kind, its plaintext); the rows are stored together with the events.

        About a `new` subject nothing is on record yet.
        """
        ...

    def fingerprint(self, wish: bytes) -> bytes:
        """A keyed hash, so that a guess at what was wished cannot be checked without the key. 32 bytes."""
        ...


@dataclass(frozen=True)
class Receipt:
    """What the caller is told: what happened and where it stands in the log."""

    stream: StreamId
    version: int
    position: Position
    events: tuple[str, ...]
    """Stored names of what happened; empty where it was already so."""
    command_id: UUID
    repeated: bool = False
    """The same command had been handled before, and this is its first answer."""


class VersionHasMoved(Refusal):
    """The lead is at version {version}, not at {expected}; read it again and decide anew."""


class TooManyAtOnce(Refusal):
    """Others keep changing this at the same moment; try again."""


@dataclass(frozen=True, slots=True)
class _Known:
    state: Any
    version: int
    position: Position


class Desk:
    """Handles commands one by one, thousands at once; keeps nothing that the log does not."""

    def __init__(self, log: Log, vault: Vault, now: Callable[[], datetime] = utc_now) -> None:
        self._log = log
        self._vault = vault
        self._now = now
        self._remembered: OrderedDict[StreamId, _Known] = OrderedDict()

    async def handle(
        self,
        stream: StreamId,
        command: Command[Any],
        *,
        by: Principal,
        key: str | None = None,
        expected_version: int | None = None,
        history: bool = False,
    ) -> Receipt:
        """Do what was asked, once, whatever is lost on the way.

        `key` is the caller's own name for this wish: sent again with it, the wish is answered as the first time.
        Raises a Refusal, or LogUnavailable when the log cannot be reached.
        """
        command_id = uuid5(LEADLEDGER, f"command:{by.id}:{key}") if key else uuid4()
        fingerprint = self._vault.fingerprint(
            b"|".join((type(command).__name__.encode(), stream.bytes, command.model_dump_json().encode()))
        )
        try:
            return await self._decide(stream, command, by, command_id, fingerprint, key, expected_version, history)
        except Refusal:
            if key and (first := await self._log.find_command(command_id, fingerprint)):
                return _receipt(stream, command_id, first, repeated=True)
            raise

    async def state(self, kind: Kind[Any], stream: StreamId) -> tuple[Any, int]:
        """What a stream tells now, and its version."""
        known = await self._load(kind, stream)
        return known.state, known.version

    def forget(self) -> None:
        """Trust nothing remembered: the connection was lost, and with it perhaps what was not yet on disk."""
        self._remembered.clear()

    async def _decide(
        self,
        stream: StreamId,
        command: Command[Any],
        by: Principal,
        command_id: UUID,
        fingerprint: bytes,
        key: str | None,
        expected_version: int | None,
        history: bool,
    ) -> Receipt:
        now = self._now()
        on = Occasion(by=by.actor, now=now, at=command.at or now, history=history)
        parts = tuple(command.personal_parts())
        known = self._remembered.get(stream) or await self._load(command.kind, stream)
        looked_up: dict[StreamId, tuple[Any, int]] = {}
        for _ in range(TRIES):
            if not may(by, command.action, command.resource(known.state)):
                raise command.kind.unknown
            if expected_version is not None and known.version != expected_version:
                raise VersionHasMoved(version=known.version, expected=expected_version)
            new = known.version == 0
            sealed, rows, keys = await self._vault.seal(stream, parts, new=new) if parts else ({}, (), ())
            around = Surroundings(looked_up, sealed)
            try:
                events = tuple(command.decide(known.state, on, around))
            except NotLookedUpYet as missing:
                neighbour = self._remembered.get(missing.stream) or await self._load(missing.kind, missing.stream)
                looked_up[missing.stream] = (neighbour.state, neighbour.version)
                continue
            if not events and not key:
                return Receipt(stream, known.version, known.position, (), command_id)
            answer = await self._log.append(
                Append(
                    command_id=command_id,
                    fingerprint=fingerprint,
                    stream=stream,
                    expected_version=known.version,
                    events=events,
                    guards=tuple(around.guards.items()),
                    sealed=rows if events else (),
                    keys=keys if events else (),
                )
            )
            if isinstance(answer, Appended):
                if not answer.repeated and events:
                    self._learn(command.kind, stream, known, events, answer)
                return _receipt(stream, command_id, answer, repeated=answer.repeated)
            known = self._catch_up(command.kind, stream, known, answer.missing)
            looked_up.clear()
        raise TooManyAtOnce

    async def _load(self, kind: Kind[Any], stream: StreamId) -> _Known:
        recorded = (await self._log.load([(stream, 0)])).get(stream, ())
        return self._fold(kind, stream, _Known(kind.initial, 0, Position(0)), recorded)

    def _catch_up(self, kind: Kind[Any], stream: StreamId, known: _Known, missing: Sequence[Recorded[Event]]) -> _Known:
        """The conflict came with what was missing; a neighbour that moved is loaded anew when it is looked at."""
        for moved in {recorded.stream for recorded in missing} - {stream}:
            self._remembered.pop(moved, None)
        return self._fold(kind, stream, known, [recorded for recorded in missing if recorded.stream == stream])

    def _fold(self, kind: Kind[Any], stream: StreamId, known: _Known, later: Sequence[Recorded[Event]]) -> _Known:
        state = known.state
        for recorded in later:
            state = kind.evolve(state, recorded.event)
        if later:
            known = _Known(state, later[-1].version, later[-1].position)
        return self._remember(stream, known)

    def _learn(
        self, kind: Kind[Any], stream: StreamId, known: _Known, events: Sequence[Event], answer: Appended
    ) -> None:
        state = known.state
        for event in events:
            state = kind.evolve(state, event)
        self._remember(stream, _Known(state, answer.version, answer.position))

    def _remember(self, stream: StreamId, known: _Known) -> _Known:
        """Answers may come back out of order: an older state never takes the place of a newer one."""
        newest = self._remembered.get(stream)
        if known.version and (newest is None or newest.version < known.version):
            self._remembered[stream] = known
        if len(self._remembered) > REMEMBERED_STREAMS:
            self._remembered.popitem(last=False)
        return known


def _receipt(stream: StreamId, command_id: UUID, answer: Appended, *, repeated: bool) -> Receipt:
    return Receipt(stream, answer.version, answer.position, answer.topics, command_id, repeated)
