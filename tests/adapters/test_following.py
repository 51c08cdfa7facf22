"""Followers see every event once and in order, whatever else happens in the database."""

import asyncio

import psycopg

from adapters.event_store import EventStore
from domain.event import Event, Recorded
from domain.identity import Position
from tests.support.logs import an_append, postgres_store


async def follow(store: EventStore, until: int) -> list[int]:
    seen: list[Recorded[Event]] = []
    async with asyncio.timeout(30):
        while len(seen) < until:
            after = seen[-1].position if seen else Position(0)
            await store.wait(after, timeout_seconds=10)
            seen += await store.read(after)
    return [one.position for one in seen]


async def test_a_foreign_transaction_that_stays_open_stalls_nobody(database: str) -> None:
    async with (
        await psycopg.AsyncConnection.connect(database) as stranger,
        postgres_store(database) as writer,
        postgres_store(database) as reader,
    ):
        await stranger.execute("CREATE TABLE public.theirs (id bigint)")
        await stranger.execute("INSERT INTO public.theirs VALUES (1)")
        await stranger.execute("LOCK TABLE access.api_keys IN ACCESS EXCLUSIVE MODE")
        following = asyncio.create_task(follow(reader, until=200))
        for _ in range(10):
            await asyncio.gather(*[writer.append(an_append()) for _ in range(20)])
        assert await following == list(range(1, 201))


async def test_a_follower_whose_connections_were_ended_goes_on(database: str) -> None:
    async with postgres_store(database) as writer, postgres_store(database) as reader:
        following = asyncio.create_task(follow(reader, until=30))
        for _ in range(10):
            await asyncio.gather(*[writer.append(an_append()) for _ in range(3)])
            with psycopg.connect(database, autocommit=True) as owner:
                owner.execute(
                    """
                    SELECT pg_terminate_backend(pid)
                    FROM pg_stat_activity
                    WHERE datname = current_database()
                      AND pid <> pg_backend_pid()
                    """
                )
        assert await following == list(range(1, 31))


async def test_a_follower_hears_of_what_no_one_told(database: str) -> None:
    """The writer may die between its append and its wake-up."""
    async with postgres_store(database, look_every_seconds=0.05) as reader:
        assert not await reader.wait(Position(0), timeout_seconds=0.2)
        waiting = asyncio.create_task(reader.wait(Position(0), timeout_seconds=10))
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute(
                """
                INSERT INTO log.events (position, recorded_at, stream, version, topic, data)
                VALUES (1, now(), gen_random_uuid(), 1, 'LeadRouted.v1', '{}')
                """
            )
        assert await waiting


async def test_words_that_are_no_position_are_not_believed(database: str) -> None:
    async with postgres_store(database, look_every_seconds=30) as reader:
        waiting = asyncio.create_task(reader.wait(Position(0), timeout_seconds=1))
        with psycopg.connect(database, autocommit=True) as owner:
            for payload in ("", "many", "-1", "0"):
                owner.execute("SELECT pg_notify('leadledger_log', %s)", [payload])
        assert not await waiting


async def test_what_a_follower_reads_can_no_longer_be_lost(database: str) -> None:
    async with postgres_store(database) as writer, postgres_store(database) as reader:
        for _ in range(20):
            await writer.append(an_append())
        with psycopg.connect(database, autocommit=True) as owner:
            # Committed, and seen by everybody, but not flushed: as between an append and its flush.
            owner.execute("SET synchronous_commit = off")
            owner.execute(
                """
                INSERT INTO log.events (position, recorded_at, stream, version, topic, data)
                VALUES (21, now(), gen_random_uuid(), 1, 'LeadRouted.v1', '{}')
                """
            )
            [written] = owner.execute("SELECT pg_current_wal_insert_lsn()").fetchone() or [None]
            seen: list[Recorded[Event]] = []
            while len(seen) < 21:
                seen += await reader.read(Position(len(seen)), limit=1000)
            assert owner.execute("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", [written]).fetchone() == (True,)
