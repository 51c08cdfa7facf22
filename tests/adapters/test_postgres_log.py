"""The server's log never holds what was said to the server, for that is where personal data would be."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from adapters.postgres import RunningServer, start
from tests.support.eventually import eventually
from tests.support.postgres import reachable_folder

CANARY = "ada.lovelace@example.org"


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(f"INSERT INTO people VALUES ('{CANARY}')", id="a duplicate, whose DETAIL names the value"),
        pytest.param(f"INSERT INTO people VALUES ('{CANARY} too long')", id="a check, whose DETAIL names the row"),
        pytest.param(f"SELECT '{CANARY}'::integer", id="a cast, whose first line quotes the value"),
        pytest.param(f'SELECT FROM "{CANARY}"', id="a table that is not there, named in the first line"),
        pytest.param(f"DO $$ BEGIN RAISE EXCEPTION '{CANARY}'; END $$", id="an exception of our own"),
        pytest.param(f"DO $$ BEGIN RAISE WARNING '{CANARY}'; END $$", id="a warning of our own"),
    ],
)
def test_a_failing_statement_is_told_to_its_caller_only(quiet_server: RunningServer, statement: str) -> None:
    with psycopg.connect(quiet_server.dsn(), autocommit=True) as connection:
        if "WARNING" in statement:
            connection.execute(statement.encode())
        else:
            with pytest.raises(psycopg.Error):
                connection.execute(statement.encode())
    assert_unsaid(quiet_server)


def test_a_parameter_that_does_not_fit_is_told_to_its_caller_only(quiet_server: RunningServer) -> None:
    with psycopg.connect(quiet_server.dsn()) as connection, pytest.raises(psycopg.Error, match="invalid input syntax"):
        connection.execute("SELECT %s::uuid", [CANARY])
    assert_unsaid(quiet_server)


def test_no_setting_in_the_cluster_makes_the_log_talkative(quiet_server: RunningServer) -> None:
    with psycopg.connect(quiet_server.dsn(), autocommit=True) as owner:
        owner.execute("ALTER SYSTEM SET log_statement = 'all'")
        owner.execute("ALTER SYSTEM SET log_min_messages = 'debug1'")
        owner.execute("SELECT pg_reload_conf()")
    with psycopg.connect(quiet_server.dsn(), autocommit=True) as connection:
        connection.execute("SELECT %s", [CANARY])
        assert connection.execute("SHOW log_statement").fetchone() == ("none",)
    assert_unsaid(quiet_server)


def test_a_statement_that_takes_the_server_down_is_not_quoted(quiet_server: RunningServer) -> None:
    with closing(psycopg.connect(quiet_server.dsn(), autocommit=True)) as doomed:
        backend = doomed.info.backend_pid
        doomed.pgconn.send_query(f"SELECT pg_sleep(60), '{CANARY}'".encode())
        with psycopg.connect(quiet_server.dsn(), autocommit=True) as watcher:
            running = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
            eventually(lambda: watcher.execute(running, [backend]).fetchone())
        os.kill(backend, signal.SIGKILL)
        eventually(lambda: f"(PID {backend}) was terminated by signal 9" in quiet_server.log.read_text())
        eventually(lambda: quiet_server.log.read_text().rstrip().endswith("ready to accept connections"))
    assert_unsaid(quiet_server)


@pytest.fixture(scope="module")
def quiet_server() -> Iterator[RunningServer]:
    with reachable_folder() as folder, start(folder / "postgres") as server:
        with psycopg.connect(server.dsn()) as connection:
            connection.execute("CREATE TABLE people (mail text PRIMARY KEY CHECK (length(mail) < 30))")
            connection.execute("INSERT INTO people VALUES (%s)", [CANARY])
        yield server


def assert_unsaid(server: RunningServer) -> None:
    log = server.log.read_text()
    assert "ready to accept connections" in log, "the log is being written"
    assert CANARY not in log
