"""The command line on a database of the test's own, in this process."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.vault import KeyFile
from services.cli import app

Cli = Callable[..., Result]


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
