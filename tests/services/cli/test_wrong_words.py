"""Whoever calls a command wrongly is told at once what to write instead, in words and without a traceback."""

import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from services.cli import start
from services.settings import Settings
from services.up.children import ChildKeepsDying
from tests.services.cli.conftest import Cli

MALFORMED = "postgresql://ann:se cret@host/name"


def test_no_key_is_made_in_a_name_that_cannot_stand_on_record(cli: Cli) -> None:
    for words in (("Ann Smith", "--as", "admin-1"), ("audit-1", "--as", "Ann Smith")):
        answer = cli("keys", "create", *words, "--role", "auditor", code=2)
        assert "'Ann Smith' is no name that can stand on record: small letters" in answer.stderr
    assert cli("keys", "list").stdout == ""


@pytest.mark.parametrize("name", ["DSN", "OWNER_DSN", "PROJECTOR_DSN"])
def test_an_address_that_is_none_is_named_and_not_repeated(
    cli: Cli, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"LEADLEDGER_{name}", MALFORMED)
    for words in (("keys", "list"), ("schema", "install"), ("up",)):
        answer = cli(*words, code=2)
        assert f"LEADLEDGER_{name}: no address of a PostgreSQL; write it as postgresql://user:" in answer.stderr
        assert "cret" not in answer.output
    with pytest.raises(ValueError, match="no address") as wrong:
        Settings()
    assert "cret" not in str(wrong.value)


def test_a_login_that_is_refused_is_told_at_once_and_once(
    cli: Cli, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS outsider")
        owner.execute("CREATE ROLE outsider LOGIN PASSWORD 'outside'")
    monkeypatch.setenv("LEADLEDGER_DSN", make_conninfo(database, user="outsider", password="outside"))
    began = time.monotonic()
    answer = cli("keys", "list", code=1)
    assert time.monotonic() - began < 10
    assert answer.stderr.count("permission denied to set role") == 1


def test_an_empty_setting_is_none_and_a_home_is_the_same_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADLEDGER_HOME", "")
    monkeypatch.setenv("LEADLEDGER_PORT", "")
    assert Settings().home.is_absolute()
    assert Settings().home != tmp_path
    for told in ("data", "~/data", "./data"):
        monkeypatch.setenv("LEADLEDGER_HOME", told)
        assert Settings().home == tmp_path / "data"
        assert Settings().vault_key == tmp_path / "data" / "vault.key"


def test_a_process_that_does_not_start_is_told_without_a_traceback(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(settings: Settings, *, example: bool) -> None:
        raise ExceptionGroup("in a task", [ChildKeepsDying("The projector does not start: it ended with status 1.")])

    monkeypatch.setattr(start, "run_until_stopped", run)
    answer = cli("up", code=1)
    assert answer.stderr == "The projector does not start: it ended with status 1.\n"
    assert isinstance(answer.exception, SystemExit)


def test_no_completion_is_offered_for_a_command_that_is_not_on_the_path(cli: Cli) -> None:
    assert "completion" not in cli("--help").stdout
