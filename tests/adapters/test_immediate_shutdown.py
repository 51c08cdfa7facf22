"""PostgreSQL dies under load, again and again: nothing acknowledged is lost, and nothing is stored twice."""

import asyncio
import os
import signal
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from adapters import schema
from adapters.event_store import EventStore
from adapters.postgres import RunningServer, start
from domain.log import Appended, LogUnavailable
from tests.support.logs import ASSIGNED, an_append, postgres_store

FULL = bool(os.environ.get("LEADLEDGER_FULL"))
ROUNDS = 40 if FULL else 3
STORES = 3
WRITERS_EACH = 8
ACKNOWLEDGED_A_ROUND = 1500
HOW_TO_DIE = [signal.SIGQUIT, signal.SIGKILL]


class Clients:
    """What clients remember of what they asked and heard."""

    def __init__(self) -> None:
        self.sent: set[UUID] = set()
        self.acknowledged: dict[UUID, tuple[int, int]] = {}
        """How many events, and the position of the last."""
        self.heard = asyncio.Event()
        self.stop = False

    async def write(self, store: EventStore) -> None:
        stream, version = uuid4(), 0
        while not self.stop:
            count = 1 + len(self.sent) % 3
            request = an_append(stream, version, *[ASSIGNED] * count)
            self.sent.add(request.command_id)
            try:
                answer = await store.append(request)
            except LogUnavailable:
                # Stored or not: this client walks away and never learns.
                stream, version = uuid4(), 0
                continue
            assert isinstance(answer, Appended)
            self.acknowledged[request.command_id] = (count, answer.position)
            self.heard.set()
            version = answer.version


async def test_nothing_acknowledged_is_lost_when_the_server_dies_at_once(server_folder: Path) -> None:
    folder = server_folder / "postgres"
    server = await asyncio.to_thread(start, folder)
    clients = Clients()
    try:
        dsn = server.dsn()
        await schema.install(dsn)
        stores = [postgres_store(dsn, give_up_after_seconds=0.3) for _ in range(STORES)]
        async with stores[0] as one, stores[1] as two, stores[2] as three, asyncio.TaskGroup() as group:
            for store in (one, two, three):
                for _ in range(WRITERS_EACH):
                    group.create_task(clients.write(store))
            for number in range(ROUNDS):
                await more_acknowledged(clients, ACKNOWLEDGED_A_ROUND)
                os.kill(server.pid, HOW_TO_DIE[number % 2])
                server = await restarted(server, folder)
            await more_acknowledged(clients, 100)
            clients.stop = True
        compare(clients, dsn)
    finally:
        await asyncio.to_thread(server.stop)


def compare(clients: Clients, dsn: str) -> None:
    """What is in the log with what the clients remember."""
    with psycopg.connect(dsn) as owner:
        stored = {
            UUID(command): (count, last)
            for command, count, last in owner.execute(
                """
                SELECT
                    convert_from(data, 'UTF8')::json ->> 'command_id', count(*), max(position)
                FROM log.events
                GROUP BY 1
                """
            )
        }
        remembered = {command for (command,) in owner.execute("SELECT command_id FROM log.commands")}
        events, last = owner.execute("SELECT count(*), max(position) FROM log.events").fetchone() or (0, 0)
        versions_missing = owner.execute(
            "SELECT stream FROM log.events GROUP BY stream HAVING max(version) <> count(*)"
        ).fetchall()
    assert clients.acknowledged.items() <= stored.items()
    assert stored.keys() <= clients.sent
    assert stored.keys() == remembered
    assert all(count in (1, 2, 3) for count, _ in stored.values())
    assert events == last
    assert versions_missing == []


async def more_acknowledged(clients: Clients, count: int) -> None:
    goal = len(clients.acknowledged) + count
    async with asyncio.timeout(60):
        while len(clients.acknowledged) < goal:
            clients.heard.clear()
            await clients.heard.wait()


async def restarted(server: RunningServer, folder: Path) -> RunningServer:
    assert await asyncio.to_thread(server.wait, 30)
    await asyncio.to_thread(server.stop)
    return await asyncio.to_thread(start, folder, port=server.port)
