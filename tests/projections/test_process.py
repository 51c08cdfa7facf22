"""The projector as a process: it serves every read model and stops when it is told to."""

import os
import signal
import subprocess
import sys
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from adapters.event_store import EventStore
from adapters.postgres_recorder import PostgresRecorder
from domain.identity import StreamId
from domain.lead.events import LeadCreated
from domain.log import Append, Appended
from projections.projector import Freshness, status
from services.projector import PROJECTIONS
from services.settings import as_role
from tests.support.examples import BY_MACHINE, NINE, NORTH

NAMES = sorted(projection.name for projection in PROJECTIONS)


def projector(dsn: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "LEADLEDGER_DSN": dsn}
    return subprocess.Popen([sys.executable, "-m", "services.projector"], env=environment, stderr=subprocess.PIPE)


async def test_it_serves_every_read_model_and_gives_its_leases_back_when_told_to_stop(database: str) -> None:
    readers = as_role(database, "leadledger_desk")
    with projector(database) as process:
        async with EventStore(PostgresRecorder(readers)) as store, Freshness(readers) as freshness:
            created = LeadCreated(at=NINE, by=BY_MACHINE, team=NORTH)
            answer = await store.append(
                Append(
                    command_id=uuid4(),
                    fingerprint=bytes(32),
                    stream=StreamId(UUID(int=1)),
                    expected_version=0,
                    events=(created,),
                )
            )
            assert isinstance(answer, Appended)
            for name in NAMES:
                assert await freshness.wait_for(name, answer.position, timeout_seconds=20), name
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said.decode()
    assert b"Traceback" not in said
    async with await AsyncConnection.connect(readers) as connection:
        standing = await status(connection, answer.position)
    assert [(one.projection, one.lag_events, one.holder) for one in standing] == [(name, 0, None) for name in NAMES]
