"""A rebuild changes nothing that readers see, except all at once; and one that dies changes nothing at all."""

import asyncio
from typing import Any

import pytest
from psycopg import AsyncConnection

from domain.event import Recorded
from domain.identity import LeadId, Position
from domain.lead.events import LeadAssigned, LeadCreated, LeadReplied
from projections.leads import leads
from projections.projector import OneRow, Projection, Status, rebuild, status
from projections.projector import following as following_module
from projections.projector.following import AnotherVersionIsInForce
from projections.queues import PLATES, Plate, queues
from projections.timeline import timeline
from tests.projections.scripted_log import ScriptedLog, caught_up, following, minutes, reached, rows_of
from tests.support.examples import BY_MACHINE, BY_MANAGER, NINE, NORTH, REP

ALL: list[Projection] = [queues, leads, timeline]


def lead(number: int) -> LeadId:
    return LeadId(f"00000000-0000-4000-8000-{number:012d}")


def with_history(leads: int) -> ScriptedLog:
    log = ScriptedLog()
    for number in range(leads):
        log.tell(LeadCreated(at=NINE + minutes(number), by=BY_MACHINE, team=NORTH), of=lead(number))
    for number in range(leads):
        at = NINE + minutes(leads + number % 7)
        log.tell(LeadAssigned(at=at, by=BY_MANAGER, to=REP, team=NORTH), of=lead(number))
        log.tell(LeadReplied(at=at - minutes(number % 3), by=BY_MACHINE, channel="email"), of=lead(number))
    return log


async def standing(dsn: str, log: ScriptedLog, name: str) -> Status:
    async with await AsyncConnection.connect(dsn) as connection:
        [found] = [one for one in await status(connection, await log.head()) if one.projection == name]
        return found


async def tables_of(dsn: str) -> set[str]:
    async with await AsyncConnection.connect(dsn) as connection:
        found = await connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'read'::regnamespace AND relname ~ '_g[0-9]+$'"
        )
        return {name for (name,) in await found.fetchall()}


@pytest.mark.parametrize("projection", ALL, ids=lambda projection: projection.name)
async def test_a_rebuild_while_events_keep_coming_gives_the_same_rows(database: str, projection: Projection) -> None:
    log = with_history(400)
    names = [table.name for table in projection.tables]
    async with following(database, projection, log):
        await reached(database, projection, await log.head())
        done = asyncio.Event()

        async def keep_telling() -> None:
            number = 0
            while not done.is_set():
                number += 1
                at = NINE + minutes(5000 + number)
                await log.tell_followers(LeadReplied(at=at, by=BY_MACHINE, channel="sms"), of=lead(number % 400))
                await reached(database, projection, await log.head())

        telling = asyncio.create_task(keep_telling())
        told: list[tuple[Position, Position]] = []
        await rebuild(database, projection, log, holder="cli", progress=lambda at, head: told.append((at, head)))
        done.set()
        await telling
        await log.tell_followers(LeadReplied(at=NINE + minutes(9999), by=BY_MACHINE, channel="sms"), of=lead(1))
        await reached(database, projection, await log.head())
    assert told[-1][0] == told[-1][1]
    after = [await rows_of(database, name) for name in names]
    assert (await standing(database, log, projection.name)).generation == 2
    assert await tables_of(database) == {f"{name}_g2" for name in names}
    await rebuild(database, projection, log, holder="cli")
    assert [await rows_of(database, name) for name in names] == after


async def test_a_rebuild_that_dies_leaves_the_old_generation_in_force(database: str) -> None:
    log = with_history(600)
    await caught_up(database, queues, log)
    before = await rows_of(database, "queues")

    def die(position: Position, head: Position) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rebuild(database, queues, log, holder="cli", progress=die)
    assert await rows_of(database, "queues") == before
    assert (await standing(database, log, "queues")).generation == 1
    assert (await standing(database, log, "queues")).rebuilding_at is not None
    await rebuild(database, queues, log, holder="cli")
    assert await rows_of(database, "queues") == before
    assert await tables_of(database) == {"queues_g2"}


async def test_a_new_version_is_built_beside_when_the_projector_starts(database: str) -> None:
    log = with_history(20)
    await caught_up(database, queues, log)

    newer = OneRow(name="queues", version=queues.version + 1, table=PLATES, row=Plate)

    @newer.when(LeadCreated)
    def only_arrivals(row: Plate | None, recorded: Recorded[LeadCreated]) -> Plate | None:
        function: Any = queues.functions[LeadCreated]
        plate: Plate = function(row, recorded)
        return plate._replace(source=None, outreach_count=77)

    log.tell(LeadCreated(at=NINE + minutes(99), by=BY_MACHINE, team=NORTH), of=lead(99))
    await caught_up(database, newer, log)
    assert {row[8] for row in await rows_of(database, "queues")} == {77}
    found = await standing(database, log, "queues")
    assert (found.version, found.generation, found.lag_events) == (queues.version + 1, 2, 0)


async def test_an_old_program_stops_when_a_newer_version_came_into_force(database: str) -> None:
    log = with_history(5)
    newer = OneRow(name="queues", version=queues.version + 1, table=PLATES, row=Plate)
    async with following(database, queues, log) as old:
        await reached(database, queues, await log.head())
        await rebuild(database, newer, log, holder="deployment")
        await log.tell_followers(LeadReplied(at=NINE + minutes(99), by=BY_MACHINE, channel="sms"), of=lead(1))
        with pytest.raises(AnotherVersionIsInForce, match=f"version {queues.version + 1}"):
            await old


async def test_a_reader_in_a_long_transaction_only_delays_the_change(database: str) -> None:
    log = with_history(5)
    await caught_up(database, queues, log)
    async with await AsyncConnection.connect(database) as reader:
        await reader.execute("SELECT count(*) FROM read.queues")
        rebuilding = asyncio.create_task(rebuild(database, queues, log, holder="cli"))
        async with await AsyncConnection.connect(database, autocommit=True) as watcher:
            await until_somebody_waits_for_a_lock(watcher)
        assert (await standing(database, log, "queues")).generation == 1
        await reader.rollback()
        await rebuilding
    assert (await standing(database, log, "queues")).generation == 2


async def until_somebody_waits_for_a_lock(watcher: AsyncConnection[Any]) -> None:
    async with asyncio.timeout(20):
        while True:
            found = await watcher.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if await found.fetchall():
                return


async def test_what_is_far_behind_at_its_first_start_is_built_beside(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following_module, "FAR_BEHIND", 10)
    log = with_history(40)
    await caught_up(database, leads, log)
    assert (await standing(database, log, "leads")).generation == 2
    assert len(await rows_of(database, "leads")) == 40
