"""A desk with a log in memory and a clock that stands still, for stories told through commands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from adapters.event_store import EventStore
from adapters.memory_recorder import MemoryRecorder
from commands.command import Command, Kind
from commands.desk import Desk, Receipt
from commands.people import AddPerson
from commands.sources import RegisterSource
from commands.teams import EntrustTeam, FormTeam
from domain.access import Principal
from domain.event import Event, Recorded
from domain.identity import PersonId, Position, SourceId, StreamId, TeamId
from tests.support.paper_vault import PaperVault

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
NORTH, SOUTH = TeamId("north"), TeamId("south")
REP, OTHER_REP, MANAGER = PersonId("rep-1"), PersonId("rep-2"), PersonId("manager-1")
ADMIN = Principal(id="admin-1", role="admin", via="key:lk_0")
BY_REP = Principal(id=REP, role="rep", via="key:lk_1", team=NORTH)
BY_OTHER_REP = Principal(id=OTHER_REP, role="rep", via="key:lk_2", team=NORTH)
BY_MANAGER = Principal(id=MANAGER, role="manager", via="key:lk_3", team=NORTH, answers_for=frozenset({NORTH, SOUTH}))
BY_AUDITOR = Principal(id="auditor-1", role="auditor", via="key:lk_4")


class States(dict[StreamId, tuple[Any, int]]):
    """What is known of streams, where a story needs no desk."""

    def assume(self, kind: Kind[Any], stream: StreamId) -> tuple[Any, int]:
        return kind.initial, 0


@dataclass
class Clock:
    now: datetime = NINE

    def __call__(self) -> datetime:
        return self.now

    def pass_minutes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)


@dataclass
class Office:
    clock: Clock = field(default_factory=Clock)
    vault: PaperVault = field(default_factory=PaperVault)

    def __post_init__(self) -> None:
        self.log = EventStore(MemoryRecorder(self.clock))
        self.desk = self.another_desk()

    def another_desk(self) -> Desk:
        return Desk(self.log, self.vault, self.clock)

    async def do(
        self,
        stream: StreamId,
        command: Command[Any],
        by: Principal = BY_MANAGER,
        *,
        key: str | None = None,
        expected_version: int | None = None,
        history: bool = False,
    ) -> Receipt:
        return await self.desk.handle(
            stream, command, by=by, key=key, expected_version=expected_version, history=history
        )

    async def staffed(self) -> "Office":
        """Team north under team south; two reps, and a manager who answers for north."""
        for form in (FormTeam(team=SOUTH), FormTeam(team=NORTH, above=SOUTH)):
            await self.do(form.stream, form, ADMIN)
        for person in (REP, OTHER_REP, MANAGER):
            add = AddPerson(person=person, team=NORTH)
            await self.do(add.stream, add, ADMIN)
        entrust = EntrustTeam(team=NORTH, to=MANAGER)
        await self.do(entrust.stream, entrust, ADMIN)
        register = RegisterSource(source=SourceId("web"), team=NORTH)
        await self.do(register.stream, register, ADMIN)
        return self

    async def told(self, stream: StreamId) -> list[Event]:
        return [recorded.event for recorded in await self.recorded(stream)]

    async def recorded(self, stream: StreamId) -> Sequence[Recorded[Event]]:
        return (await self.log.load([(stream, 0)])).get(stream, [])

    async def head(self) -> Position:
        return await self.log.head()


def new_lead() -> StreamId:
    return StreamId(uuid4())
