"""What an installation of one's own needs before anything starts: the shape of its database, and the vault's key."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from adapters import schema
from adapters.vault import KeyFile
from tests.services.cli.conftest import Cli


def test_the_schema_is_installed_and_installing_again_changes_nothing(
    cli: Cli, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADLEDGER_DSN", empty_database)
    assert "no Leadledger schema yet; install it: ./leadledger schema install" in cli("keys", "list", code=1).stderr
    for _ in range(2):
        assert cli("schema", "install").stderr == "The schema is installed.\n"
        asyncio.run(schema.check(empty_database))
    assert cli("keys", "list").stdout == ""


def test_the_owner_may_have_an_address_of_their_own(
    cli: Cli, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADLEDGER_DSN", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("LEADLEDGER_OWNER_DSN", empty_database)
    cli("schema", "install")
    asyncio.run(schema.check(empty_database))


def test_without_a_database_it_says_how_to_name_one(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEADLEDGER_DSN")
    assert "Name the database: LEADLEDGER_OWNER_DSN=postgresql://" in cli("schema", "install", code=1).stderr


def test_settings_by_which_no_notice_could_be_sent_are_told_before_anything_starts(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADLEDGER_HOME", str(tmp_path / "new"))
    monkeypatch.setenv("LEADLEDGER_SMTP_HOST", "mail.office.example")
    assert "but not LEADLEDGER_MAIL_FROM: from whom does the mail come?" in cli("up", code=1).stderr
    monkeypatch.setenv("LEADLEDGER_MAIL_FROM", "nobody in particular")
    assert "LEADLEDGER_MAIL_FROM: the sender is no mail address" in cli("up", code=1).stderr
    monkeypatch.delenv("LEADLEDGER_SMTP_HOST")
    monkeypatch.setenv("LEADLEDGER_SMS_ACCOUNT", "AC1")
    said = cli("up", code=1).stderr
    assert said.endswith("LEADLEDGER_SMS_TOKEN and LEADLEDGER_SMS_FROM. See docs/notices.md.\n")
    assert not (tmp_path / "new").exists()


def test_a_database_that_a_newer_program_set_up_is_left_alone(cli: Cli, database: str) -> None:
    with psycopg.connect(database) as owner:
        owner.execute("INSERT INTO log.schema_files VALUES ('999_teleport.sql', '')")
    assert "999_teleport.sql, which this version of Leadledger does not know" in cli("schema", "install", code=1).stderr


def test_a_key_is_drawn_that_opens_a_vault_and_is_never_replaced(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "drawn.key"
    assert f"Drew the vault's key: {file}" in cli("vault", "create", str(file)).stderr
    before = file.read_bytes()
    KeyFile.read(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "a key that is in use is never replaced" in cli("vault", "create", str(file), code=1).stderr
    assert file.read_bytes() == before


def test_where_no_key_can_be_written_it_says_why(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "none" / "vault.key"
    assert cli("vault", "create", str(file), code=1).stderr == f"{file} cannot be written: No such file or directory.\n"
