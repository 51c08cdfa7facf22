"""The command line on a database of the test's own, in this process."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapters.vault import KeyFile
from commands.command import Command
from commands.people import AddPerson
from domain.access import Principal
from domain.identity import PersonId, StreamId
from projections.projector import Freshness
from services.cli import app
from services.projector import PROJECTIONS
from services.settings import Settings
from services.wiring import open_office
from tests.services.api.world import projectors

Cli = Callable[..., Result]
ADMIN = Principal(id="admin-1", role="admin", via="key:lk_0")


@pytest.fixture
def cli(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Give the words of a command, get its answer."""
    home = tmp_path / "home"
    home.mkdir()
    KeyFile.create(home / "vault.key", datetime.now(UTC))
    monkeypatch.setenv("LEADLEDGER_HOME", str(home))
    monkeypatch.setenv("LEADLEDGER_DSN", database)
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str, code: int = 0) -> Result:
        answer = CliRunner().invoke(app, words, catch_exceptions=False)
        assert answer.exit_code == code, answer.output
        return answer

    return invoke


def put_on_record(*wishes: tuple[StreamId, Command[Any]], by: Principal = ADMIN) -> None:
    """At the desk, on the database that the commands find."""

    async def hand_in() -> None:
        async with open_office(Settings()) as office:
            for stream, command in wishes:
                await office.desk.handle(stream, command, by=by)

    asyncio.run(hand_in())


def read_models_follow() -> None:
    """As a projector does, until they know all that is on record."""

    async def follow() -> None:
        settings = Settings()
        dsn = settings.dsn or ""
        async with projectors(settings), open_office(settings) as office, Freshness(dsn) as freshness:
            head = await office.log.head()
            for projection in PROJECTIONS:
                assert await freshness.wait_for(projection.name, head, timeout_seconds=20)

    asyncio.run(follow())


def add_people(*names: str) -> None:
    people = [AddPerson(person=PersonId(name)) for name in names]
    put_on_record(*((person.stream, person) for person in people))
