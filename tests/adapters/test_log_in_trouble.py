"""When PostgreSQL or the way to it fails: nothing is stored twice, nothing acknowledged is lost, and it recovers."""

import asyncio
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from adapters import schema
from adapters.event_store import EventStore
from adapters.postgres import start
from adapters.postgres_recorder import PostgresRecorder
from adapters.recorder import Request
from domain.identity import Position
from domain.log import Appended, LogUnavailable
from tests.support.logs import an_append, as_desk, postgres_store
from tests.support.proxy import Side, breakable

APPEND_LOCK = 7309453021


# One append is six messages of ours and eight of the server's; one more and one less than that are cut as well.
@pytest.mark.parametrize(
    ("side", "messages"), [("client", number) for number in range(7)] + [("server", number) for number in range(9)]
)
async def test_a_cut_connection_stores_once_and_answers_as_stored(database: str, side: Side, messages: int) -> None:
    async with breakable(database) as (proxy, dsn), postgres_store(dsn, lanes=1) as store:
        await store.append(an_append())
        proxy.cut_after(side, messages)
        request = an_append()
        answer = await store.append(request)
        assert isinstance(answer, Appended)
        assert answer.position == 2
        again = await store.append(request)
        assert isinstance(again, Appended)
        assert again.repeated
        assert [one.command_id for one in await store.read(Position(0))][1:] == [request.command_id]


async def test_whoever_remembers_states_hears_of_a_lost_connection(database: str) -> None:
    async with breakable(database) as (proxy, dsn), postgres_store(dsn, lanes=1) as store:
        forgotten = asyncio.Event()
        store.on_reconnect(forgotten.set)
        await store.append(an_append())
        assert not forgotten.is_set()
        for _ in range(20):
            # What is cut may be the follower's line, which remembers nothing.
            proxy.cut_after("server", 0)
            await store.append(an_append())
            if forgotten.is_set():
                break
        assert forgotten.is_set()


async def test_ended_backends_lose_nothing_and_double_nothing(database: str) -> None:
    requests = [an_append() for _ in range(3000)]
    ended = 0

    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as owner,
        postgres_store(database) as store,
    ):

        async def end_backends() -> None:
            nonlocal ended
            found = await owner.execute(
                """
                SELECT count(pg_terminate_backend(pid))
                FROM pg_stat_activity
                WHERE datname = current_database()
                  AND pid <> pg_backend_pid()
                """
            )
            ended += (await found.fetchone() or [0])[0]

        for first in range(0, len(requests), 100):
            appends = [store.append(request) for request in requests[first : first + 100]]
            answers = await asyncio.gather(*appends, end_backends())
            assert all(isinstance(answer, Appended) for answer in answers[:-1])
        assert ended > 0
        assert await store.head() == len(requests)


async def test_while_others_hold_the_log_it_is_unavailable_and_then_recovers(database: str) -> None:
    request = an_append()
    async with postgres_store(database, give_up_after_seconds=0.5, longest_queue=50) as store:
        async with await psycopg.AsyncConnection.connect(database) as other:
            await other.execute("SELECT pg_advisory_xact_lock(%s)", [APPEND_LOCK])
            waiting = [asyncio.create_task(store.append(request))]
            waiting += [asyncio.create_task(store.append(an_append())) for _ in range(2000)]
            refused = await asyncio.gather(*waiting, return_exceptions=True)
            assert {type(one) for one in refused} == {LogUnavailable}
            assert any("50 requests are waiting" in str(one) for one in refused)
        answer = await store.append(request)
        assert isinstance(answer, Appended)
        stored = await store.read(Position(0), limit=3000)
        assert [one.command_id for one in stored].count(request.command_id) == 1


async def test_a_stopped_server_is_unavailable_and_the_same_store_goes_on_when_it_is_back(server_folder: Path) -> None:
    with start(server_folder / "postgres") as server:
        dsn = server.dsn()
        await schema.install(dsn)
        store = EventStore(PostgresRecorder(as_desk(dsn), give_up_after_seconds=0.5))
        await store.open()
        first = an_append()
        await store.append(first)
        assert await store.load([(first.stream, 0)])
        await asyncio.to_thread(server.stop)
        second = an_append()
        with pytest.raises(LogUnavailable, match=r"written.*PostgreSQL"):
            await store.append(second)
        with pytest.raises(LogUnavailable, match=r"read.*PostgreSQL"):
            await store.load([(first.stream, 0)])
        assert not await store.wait(Position(1), timeout_seconds=0.1)
    with await asyncio.to_thread(start, server_folder / "postgres"):
        answer = await store.append(second)
        assert isinstance(answer, Appended)
        assert answer.position == 2
        assert [one.position for one in await store.read(Position(0))] == [1, 2]
        assert await store.wait(Position(1), timeout_seconds=10)
        await store.close()
    with pytest.raises(LogUnavailable):
        await store.append(an_append())


@pytest.mark.parametrize("sqlstate", ["53100", "58030", "25006"])
async def test_a_full_disk_is_unavailable_and_then_recovers(database: str, sqlstate: str) -> None:
    async with postgres_store(database, give_up_after_seconds=0.5) as store:
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute(
                f"""
                CREATE FUNCTION log.no_space() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{sqlstate}'; END $$
                """.encode()
            )
            owner.execute("CREATE TRIGGER no_space BEFORE INSERT ON log.events EXECUTE FUNCTION log.no_space()")
        with pytest.raises(LogUnavailable, match="could not extend file"):
            await store.append(an_append())
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute("DROP TRIGGER no_space ON log.events")
        assert isinstance(await store.append(an_append()), Appended)


async def test_a_request_that_cannot_be_stored_does_not_poison_its_neighbours(database: str) -> None:
    recorder = PostgresRecorder(as_desk(database))
    await recorder.open()

    def request(topic: str) -> Request:
        return Request(uuid4(), b"f", uuid4(), 0, (topic,), (b"{}",))

    answers = await asyncio.gather(
        *[recorder.append(request("Bad\0" if number in (3, 11) else "Good.v1")) for number in range(20)],
        return_exceptions=True,
    )
    assert [number for number, answer in enumerate(answers) if isinstance(answer, Exception)] == [3, 11]
    assert await recorder.head() == 18
    await recorder.close()


async def test_a_database_without_the_schema_is_unavailable_and_says_why(empty_database: str) -> None:
    async with EventStore(PostgresRecorder(empty_database)) as store:
        with pytest.raises(LogUnavailable, match=r"log\.append|schema"):
            await store.append(an_append())


async def test_closing_tells_those_who_wait(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database) as other:
        await other.execute("SELECT pg_advisory_xact_lock(%s)", [APPEND_LOCK])
        async with postgres_store(database) as store:
            waiting = asyncio.create_task(store.append(an_append()))
            await asyncio.sleep(0)
    with pytest.raises(LogUnavailable, match="closed"):
        await waiting
