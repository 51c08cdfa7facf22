"""Whoever waits for a projection is told when it is there, whatever else is said on the line."""

from collections.abc import AsyncIterator

import pytest
from psycopg import AsyncConnection

from domain.identity import Position
from projections.projector import Freshness
from projections.projector.batch import CHANNEL
from projections.projector.schema import connect, install
from projections.queues import queues
from services.settings import as_role


@pytest.fixture
async def projector(database: str) -> AsyncIterator[AsyncConnection]:
    async with await connect(database) as connection:
        await install(connection, queues)
        yield connection


async def reaches(connection: AsyncConnection, position: int) -> None:
    await connection.execute("UPDATE read.progress SET position = %s", [position])
    await connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"queues {position}"])


@pytest.mark.parametrize(
    "nonsense", ["hello", "", "queues", "queues x", "queues -1", "queues ²", "queues 1.5", f"queues {'9' * 5000}"]
)
async def test_nonsense_on_the_line_is_not_believed_and_stops_nobody(
    database: str, projector: AsyncConnection, nonsense: str
) -> None:
    async with Freshness(as_role(database, "leadledger_desk")) as freshness:
        await reaches(projector, 1)
        assert await freshness.wait_for("queues", Position(1), timeout_seconds=5)
        await projector.execute("SELECT pg_notify(%s, %s)", [CHANNEL, nonsense])
        await reaches(projector, 2)
        assert await freshness.wait_for("queues", Position(2), timeout_seconds=5)
        assert freshness.reached("queues") == 2


async def test_what_the_database_refuses_for_a_while_is_asked_again(
    database: str, projector: AsyncConnection, caplog: pytest.LogCaptureFixture
) -> None:
    await projector.execute("REVOKE ALL ON read.progress FROM leadledger_desk")
    async with Freshness(as_role(database, "leadledger_desk")) as freshness:
        await reaches(projector, 1)
        assert not await freshness.wait_for("queues", Position(1), timeout_seconds=0.3)
        assert "InsufficientPrivilege" in caplog.text
        await projector.execute("GRANT SELECT ON read.progress TO leadledger_desk")
        assert await freshness.wait_for("queues", Position(1), timeout_seconds=5)


async def test_a_failure_that_nobody_foresaw_is_told_and_tried_again(
    database: str, projector: AsyncConnection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Freshness._look

    async def fail_once(self: Freshness, connection: AsyncConnection) -> None:
        monkeypatch.setattr(Freshness, "_look", look)
        raise KeyError

    monkeypatch.setattr(Freshness, "_look", fail_once)
    async with Freshness(as_role(database, "leadledger_desk")) as freshness:
        await reaches(projector, 1)
        assert await freshness.wait_for("queues", Position(1), timeout_seconds=5)
    assert "KeyError" in caplog.text
