"""The desk handles every command: load, decide, append; and when somebody was first, decide again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from commands.command import Command, Kind, NotLookedUpYet, Surroundings, utc_now
from domain.access import Principal, may
from domain.event import Declined, Event, Recorded, Sealed, Unreadable
from domain.identity import Position, StreamId, keyed_id
from domain.log import Append, Appended, Conflict, SealedRow, WrappedKey
from domain.occasion import Occasion
from domain.refusal import Refusal

TRIES = 32
"""How often one command decides anew, because of a stream it had not looked at or because somebody was first."""
REMEMBERED_STREAMS = 100_000
EVER = datetime.min.replace(tzinfo=UTC)


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
    """It is at version {version}, not at {expected}; read it again and decide anew."""


class TooManyAtOnce(Refusal):
    """Others keep changing this at the same moment; try again."""


class RecordIsUnreadable(Refusal):
    """A newer Leadledger put {topic} on record here, which this one cannot read; update this one, then try again."""


@dataclass(frozen=True, slots=True)
class _Known:
    kind: Kind[Any]
    stream: StreamId
    state: Any
    version: int
    position: Position
    latest_at: datetime = EVER
    """The latest instant that anything of it is dated."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A command, and everything about the asking."""

    stream: StreamId
    command: Command[Any]
    by: Principal
    key: str | None
    command_id: UUID
    fingerprint: bytes
    expected_version: int | None
    history: bool


class _View:
    """What one decision looks at: its own stream and its neighbours, some as they are remembered from before."""

    def __init__(self, memory: Mapping[StreamId, _Known]) -> None:
        self.memory = memory
        self.known: dict[StreamId, _Known] = {}
        self.remembered: set[StreamId] = set()
        """Those of which the log may know more by now."""

    def __getitem__(self, stream: StreamId) -> tuple[Any, int]:
        """A stream's state and version. Raises KeyError where neither is known."""
        if stream not in self.known:
            self.known[stream] = self.memory[stream]
            self.remembered.add(stream)
        known = self.known[stream]
        return known.state, known.version

    def assume(self, kind: Kind[Any], stream: StreamId) -> tuple[Any, int]:
        """A stream's state and version as if there were nothing."""
        self.known[stream] = _nothing(kind, stream)
        self.remembered.add(stream)
        return kind.initial, 0


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
        # What is copied is the same wish, whoever copies it.
        whose = "history" if history else f"caller:{by.id}"
        command_id = keyed_id(self._vault.fingerprint, "command", whose, key) if key else uuid4()
        fingerprint = self._vault.fingerprint(
            b"|".join((type(command).__name__.encode(), stream.bytes, command.model_dump_json().encode()))
        )
        wish = _Wish(stream, command, by, key, command_id, fingerprint, expected_version, history)
        try:
            return await self._decide(wish)
        except Refusal as refusal:
            known = key and refusal.on_record is None and await self._log.find_command(command_id, fingerprint)
            if known:
                return await self._first_answer(wish, known)
            raise

    async def state(self, kind: Kind[Any], stream: StreamId) -> tuple[Any, int]:
        """What a stream tells now, and its version."""
        known = await self._load(kind, stream)
        return known.state, known.version

    def forget(self) -> None:
        """Trust nothing remembered: the connection was lost, and with it perhaps what was not yet on disk."""
        self._remembered.clear()

    async def _decide(self, wish: _Wish) -> Receipt:
        """Only the log can confirm what was decided on memory; what is not appended is asked of the log first."""
        stream, command = wish.stream, wish.command
        parts = tuple(command.personal_parts())
        view = _View(self._remembered)
        await self._look(view, command.kind, stream, begins=command.begins)
        for _ in range(TRIES):
            known = view.known[stream]
            refused: Refusal | None = None
            try:
                _admit(wish, known)
                new = known.version == 0
                sealed, rows, keys = await self._vault.seal(stream, parts, new=new) if parts else ({}, (), ())
                around = Surroundings(view, sealed)
                events = tuple(command.decide(known.state, self._occasion(wish, known), around))
            except NotLookedUpYet as missing:
                for kind, neighbour in missing.missing:
                    await self._look(view, kind, neighbour)
                continue
            except Refusal as refusal:
                # What is put on record is confirmed by that.
                if refusal.on_record is None:
                    if await self._log_knows_more(view):
                        continue
                    raise
                refused, events = refusal, (refusal.on_record,)
            if not events and not wish.key:
                if await self._log_knows_more(view):
                    continue
                return Receipt(stream, known.version, known.position, (), wish.command_id)
            answer = await self._log.append(
                Append(
                    command_id=wish.command_id,
                    fingerprint=wish.fingerprint,
                    stream=stream,
                    expected_version=known.version,
                    events=events,
                    guards=tuple(around.guards.items()),
                    sealed=rows if events else (),
                    keys=keys if events else (),
                )
            )
            if isinstance(answer, Appended):
                if answer.repeated:
                    return await self._first_answer(wish, answer)
                if events:
                    self._learn(known, events, answer)
                if refused is not None:
                    raise refused
                return _receipt(stream, wish.command_id, answer, repeated=False)
            await self._catch_up(view, answer.missing)
        raise TooManyAtOnce

    async def _first_answer(self, wish: _Wish, first: Appended) -> Receipt:
        """The wish had been handled before; whoever was refused on record is refused again in the same words."""
        if _was_declined(first):
            told = (await self._log.load([(wish.stream, first.version - len(first.topics))]))[wish.stream]
            raise next(recorded.event.refusal for recorded in told if isinstance(recorded.event, Declined))
        return _receipt(wish.stream, wish.command_id, first, repeated=True)

    def _occasion(self, wish: _Wish, known: _Known) -> Occasion:
        """Whoever was first may have decided after we began, or by a clock that is ahead of ours."""
        now = self._now()
        if now < known.latest_at:
            # One instant later, or two deeds would look like the same one told twice.
            now = known.latest_at + timedelta(microseconds=1)
        return Occasion(by=wish.by.actor, now=now, at=wish.command.at or now, history=wish.history)

    async def _look(self, view: _View, kind: Kind[Any], stream: StreamId, *, begins: bool = False) -> None:
        remembered = self._remembered.get(stream)
        if remembered is None and begins:
            # Most likely there is nothing to load; the log will tell if there is.
            remembered = _nothing(kind, stream)
        if remembered is not None:
            view.remembered.add(stream)
        view.known[stream] = remembered or await self._load(kind, stream)

    async def _log_knows_more(self, view: _View) -> bool:
        """Ask the log what happened since to all that is only remembered. What comes is looked at from now on."""
        asked = [(stream, view.known[stream].version) for stream in view.remembered]
        if not asked:
            return False
        view.remembered.clear()
        later = await self._log.load(asked)
        for stream, events in later.items():
            view.known[stream] = self._fold(view.known[stream], events)
        return any(later.values())

    async def _catch_up(self, view: _View, missing: Sequence[Recorded[Event]]) -> None:
        """A conflict comes with what was missing. Where nothing was, we remembered more than the log kept."""
        view.remembered.clear()
        for recorded in missing:
            view.known[recorded.stream] = self._fold(view.known[recorded.stream], [recorded])
        if not missing:
            for stream, known in view.known.items():
                self._remembered.pop(stream, None)
                view.known[stream] = await self._load(known.kind, stream)

    async def _load(self, kind: Kind[Any], stream: StreamId) -> _Known:
        recorded = (await self._log.load([(stream, 0)])).get(stream, ())
        return self._fold(_nothing(kind, stream), recorded)

    def _fold(self, known: _Known, later: Sequence[Recorded[Event]]) -> _Known:
        for recorded in later:
            if isinstance(recorded.event, Unreadable):
                raise RecordIsUnreadable(topic=recorded.event.topic)
            known = _after(known, (recorded.event,), recorded.version, recorded.position)
        return self._remember(known)

    def _learn(self, known: _Known, events: Sequence[Event], answer: Appended) -> None:
        self._remember(_after(known, events, answer.version, answer.position))

    def _remember(self, known: _Known) -> _Known:
        """Answers may come back out of order: an older state never takes the place of a newer one."""
        newest = self._remembered.get(known.stream)
        if known.version and (newest is None or newest.version < known.version):
            self._remembered[known.stream] = known
        if len(self._remembered) > REMEMBERED_STREAMS:
            self._remembered.popitem(last=False)
        return known


def _nothing(kind: Kind[Any], stream: StreamId) -> _Known:
    return _Known(kind, stream, kind.initial, 0, Position(0))


def _admit(wish: _Wish, known: _Known) -> None:
    """Raises a refusal where the caller may not, or has seen another version."""
    if not may(wish.by, wish.command.action, wish.command.resource(known.state)):
        raise known.kind.unknown
    if wish.expected_version is not None and known.version != wish.expected_version:
        raise VersionHasMoved(version=known.version, expected=wish.expected_version)


def _after(known: _Known, events: Sequence[Event], version: int, position: Position) -> _Known:
    state, latest_at = known.state, known.latest_at
    for event in events:
        state, latest_at = known.kind.evolve(state, event), max(latest_at, event.at)
    return _Known(known.kind, known.stream, state, version, position, latest_at)


def _was_declined(answer: Appended) -> bool:
    """Stored names begin with the events' own; so the log is not asked about every wish that comes again."""
    names = {kind.__name__ for kind in Declined.__subclasses__()}
    return any(topic.partition(".")[0] in names for topic in answer.topics)


def _receipt(stream: StreamId, command_id: UUID, answer: Appended, *, repeated: bool) -> Receipt:
    return Receipt(stream, answer.version, answer.position, answer.topics, command_id, repeated)
