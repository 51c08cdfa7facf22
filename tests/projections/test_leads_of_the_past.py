"""Whatever two instants are asked about, the answer is what a replay of the record gives; a rebuild gives it too."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from domain.event import Event, Recorded
from domain.identity import LeadId, Position, lead_stream
from domain.lead.events import (
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadEscalated,
    LeadMessagedAutomatically,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    Money,
)
from projections import leads
from projections.leads import Facts
from projections.projector.batch import Footing, fold_batch
from projections.projector.schema import connect, install
from projections.projector.tables import Connection
from tests.projections.scripted_log import ScriptedLog, minutes, rows_of
from tests.support.examples import BY_MACHINE, BY_MANAGER, BY_REP, COLLEAGUE, MANAGER, NINE, NORTH, REP

AT = st.integers(-3, 8).map(lambda count: NINE + minutes(count))
EVENTS: list[st.SearchStrategy[Event]] = [
    AT.map(lambda at: LeadAssigned(at=at, by=BY_MANAGER, to=REP, team=NORTH)),
    AT.map(lambda at: LeadAssigned(at=at, by=BY_MANAGER, to=COLLEAGUE)),
    AT.map(lambda at: LeadReleased(at=at, by=BY_REP, owner=REP, team=NORTH, reason="absence")),
    AT.map(lambda at: LeadContacted(at=at, by=BY_REP, made_by=REP, channel="call", outcome="reached")),
    AT.map(lambda at: LeadMessagedAutomatically(at=at, by=BY_MACHINE, channel="sms", outcome="sent")),
    AT.map(lambda at: LeadReplied(at=at, by=BY_MACHINE, channel="email")),
    AT.map(lambda at: FollowUpPromised(at=at, by=BY_REP, promised_by=REP, follow_up_by=at + minutes(60))),
    AT.map(lambda at: LeadConverted(at=at, by=BY_REP, owner=REP, value=Money(Decimal("12.50"), "EUR"))),
    AT.map(lambda at: LeadReopened(at=at, by=BY_MANAGER, reason="other")),
    AT.map(lambda at: LeadEscalated(at=at, by=BY_REP, told=MANAGER, rung=2, reason="no_contact")),
]
CREATED = LeadCreated(at=NINE, by=BY_MACHINE, team=NORTH)
# What happened, how long after the last it was recorded (0: by the same command), and where the batches are cut.
HISTORIES = st.lists(st.tuples(st.one_of(EVENTS), st.integers(0, 3), st.booleans()), max_size=10)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


class Bench:
    """A projection and the log it folds, with batches cut where the test says."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.log = ScriptedLog()
        self.connection: Connection
        self.now = NINE + minutes(10)
        self.leads = 0

    async def open(self) -> None:
        self.connection = await connect(self.dsn)
        await install(self.connection, leads.leads)

    async def told(self, history: Iterable[tuple[Event, int, bool]]) -> LeadId:
        """Record a new lead's history and fold it."""
        self.leads += 1
        lead = LeadId(str(UUID(int=self.leads)))
        after = Position(len(self.log.events))
        self.now += minutes(1)
        self.log.tell(CREATED, of=lead, recorded_at=self.now)
        for event, later, cut in history:
            if cut:
                after = await self.fold(after, generation=1)
            self.now += minutes(later)
            self.log.tell(event, of=lead, recorded_at=self.now)
        await self.fold(after, generation=1)
        return lead

    async def fold(self, after: Position, *, generation: int) -> Position:
        events = self.log.events[after:]
        if events:
            await fold_batch(self.connection, Footing(leads.leads, generation, 0), after, events, self.log)
        return Position(len(self.log.events))

    async def agrees_about(self, lead: LeadId) -> None:
        told = [recorded for recorded in self.log.events if recorded.stream == lead_stream(lead)]
        instants = {max(recorded.event.at, NINE) for recorded in told} | {NINE - minutes(1), NINE + minutes(99)}
        knowns = {recorded.recorded_at for recorded in told} | {self.now + minutes(0.5), self.now - minutes(99)}
        for as_of in (None, *sorted(instants)):
            for as_known in (None, *sorted(knowns)):
                answer = await leads.lead(self.connection, lead, as_of=as_of, as_known=as_known)
                expected = replayed(told, as_of, as_known)
                assert (answer and (answer.version, answer.facts)) == expected, f"as of {as_of}, as known {as_known}"


def replayed(
    told: list[Recorded[Event]], as_of: datetime | None, as_known: datetime | None
) -> tuple[int, Facts] | None:
    """The answer the slow way: what had been recorded by then, in the order in which it took effect."""
    visible = [
        recorded
        for recorded in told
        if (as_of is None or max(recorded.event.at, NINE) <= as_of)
        and (as_known is None or recorded.recorded_at <= as_known)
    ]
    facts = None
    for recorded in sorted(visible, key=lambda one: (max(one.event.at, NINE), one.version)):
        facts = leads.leads.functions[type(recorded.event)](facts, recorded)
    return None if facts is None else (max(recorded.version for recorded in visible), facts)


def test_every_answer_about_the_past_is_a_replay(database: str, runner: asyncio.Runner) -> None:
    bench = Bench(database)
    runner.run(bench.open())

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(HISTORIES)
    def holds(history: list[tuple[Event, int, bool]]) -> None:
        lead = runner.run(bench.told(history))
        runner.run(bench.agrees_about(lead))

    holds()
    runner.run(rebuilt_alike(bench))
    runner.run(bench.connection.close())


async def rebuilt_alike(bench: Bench) -> None:
    """All of it again, in one batch: row for row the same."""
    for table in leads.leads.tables:
        await table.create(bench.connection, 2)
    await bench.connection.execute("INSERT INTO read.progress VALUES ('leads', 2, 1, 0, 0, false)")
    await bench.fold(Position(0), generation=2)
    for name in ("leads", "leads_past"):
        assert await rows_of(bench.dsn, f"{name}_g2") == await rows_of(bench.dsn, f"{name}_g1")


async def test_counts_as_of_an_instant(database: str) -> None:
    bench = Bench(database)
    await bench.open()
    won = LeadConverted(at=NINE + minutes(5), by=BY_REP, owner=REP)
    await bench.told([(won, 1, False)])
    await bench.told([])
    now, then, known = bench.now, NINE + minutes(4), bench.now - minutes(1)
    async with await AsyncConnection.connect(database) as connection:
        [counted] = await leads.count(connection)
        assert (counted.total, counted.converted) == (2, 1)
        [counted] = await leads.count(connection, as_of=then)
        assert (counted.total, counted.converted) == (2, 0)
        [counted] = await leads.count(connection, as_known=known)
        assert (counted.total, counted.converted) == (1, 1)
        [counted] = await leads.count(connection, group_by=["team"], as_of=NINE + minutes(5), as_known=now)
        assert (counted.group, counted.total, counted.converted) == ({"team": NORTH}, 2, 1)
        [counted] = await leads.count(connection, as_of=NINE - minutes(1))
        assert counted.total == 0
        first = await leads.find(connection, limit=1)
        second = await leads.find(connection, limit=5, after=first[0].cursor)
        assert [len(first), len(second)] == [1, 1]
        assert {lead.lead for lead in first + second} == {LeadId(str(UUID(int=number))) for number in (1, 2)}
        [found] = await leads.find(
            connection, which=leads.Which(stage="converted", owner=None), as_of=NINE + minutes(5)
        )
        assert found.facts.ended_at == NINE + minutes(5)
    await bench.connection.close()
