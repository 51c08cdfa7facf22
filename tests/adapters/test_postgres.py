"""The embedded server starts, answers, and keeps what it was given, whatever ends it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from adapters import postgres_folder
from adapters.postgres import (
    BinariesMissing,
    ClusterNotMade,
    FolderInUse,
    PasswordLost,
    PortTaken,
    RunningServer,
    ServerDidNotStart,
    binaries,
    default_folder,
    start,
)
from adapters.postgres_binaries import account_for, child, environment
from tests.support.eventually import eventually
from tests.support.processes import is_gone

ROOT = Path(__file__).parents[2]


def test_what_was_written_is_there_after_a_restart(server_folder: Path) -> None:
    with start(server_folder) as server:
        write(server, "Monday")
        first_port = server.port
    assert not server.alive()
    with start(server_folder) as server:
        assert written(server) == ["Monday"]
        assert server.port == first_port


def test_a_new_cluster_checks_its_pages_and_flushes_what_it_acknowledges(server_folder: Path) -> None:
    with start(server_folder) as server:
        assert shown(server, "data_checksums", "fsync", "full_page_writes") == ["on", "on", "on"]
        assert shown(server, "listen_addresses", "unix_socket_directories") == ["127.0.0.1", ""]
        assert shown(server, "server_encoding", "TimeZone") == ["UTF8", "UTC"]
        assert asked(server, "SELECT datlocprovider::text, datlocale FROM pg_database WHERE datname = 'postgres'") == [
            ("b", "C.UTF-8")
        ]


def test_nobody_enters_without_the_password_and_it_is_told_to_nobody(used_folder: Path) -> None:
    with start(used_folder) as server:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.dsn(user=server.user, password="guessed"))
        kept = used_folder / "owner.password"
        assert kept.stat().st_mode & 0o777 == 0o600
        process = psutil.Process(server.pid)
        assert kept.read_text() not in " ".join([*process.cmdline(), *process.environ().values()])


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(used_folder: Path) -> None:
    with start(used_folder) as server:
        assert os.getsid(server.pid) == server.pid != os.getsid(0)


def test_a_killed_server_recovers_what_it_acknowledged(used_folder: Path) -> None:
    with start(used_folder) as server:
        write(server, "acknowledged")
        os.kill(server.pid, signal.SIGKILL)
        assert server.wait(10)
        assert not server.alive()
    with start(used_folder) as server:
        assert written(server) == ["acknowledged"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a parent-death signal")
def test_the_server_goes_with_the_process_that_started_it(used_folder: Path) -> None:
    with parent_of_a_server(used_folder) as (parent, said):
        with psycopg.connect(said["dsn"]) as connection:
            connection.execute("CREATE TABLE notes AS SELECT 'acknowledged' AS note")
        parent.kill()
        parent.wait()
    # At once, while the old server may still be on its way out.
    with start(used_folder) as server:
        assert is_gone(said["pid"])
        assert written(server) == ["acknowledged"]


def test_kill_of_everything_at_once_is_recovered_from(used_folder: Path) -> None:
    with parent_of_a_server(used_folder) as (parent, said):
        with psycopg.connect(said["dsn"]) as connection:
            connection.execute("CREATE TABLE notes AS SELECT 'acknowledged' AS note")
        server_processes = [psutil.Process(said["pid"]), *psutil.Process(said["pid"]).children(recursive=True)]
        parent.kill()
        for process in server_processes:
            with suppress(psutil.NoSuchProcess):  # The kernel may have been faster.
                process.kill()
        parent.wait()
    with start(used_folder) as server:
        assert written(server) == ["acknowledged"]


def test_a_parent_that_ends_its_input_stops_the_server_in_order(used_folder: Path) -> None:
    with parent_of_a_server(used_folder) as (parent, said):
        parent.communicate(timeout=30)
        assert parent.returncode == 0
    assert is_gone(said["pid"])
    assert "database system is shut down" in (used_folder / "postgres.log").read_text()


def test_a_server_outlives_the_thread_that_asked_for_it(used_folder: Path) -> None:
    with ThreadPoolExecutor(max_workers=1) as pool:
        server = pool.submit(start, used_folder).result()
    with server:
        assert not server.wait(0.2)
        assert asked(server, "SELECT 1") == [(1,)]


def test_a_process_id_that_now_belongs_to_a_stranger_does_not_block_the_start(used_folder: Path) -> None:
    with start(used_folder) as server:
        write(server, "acknowledged")
        os.kill(server.pid, signal.SIGKILL)
        server.wait(10)
    left_behind = used_folder / "pgdata" / "postmaster.pid"
    with running(["/bin/sleep", "60"], used_folder) as stranger:
        left_behind.write_text(left_behind.read_text().replace(str(server.pid), str(stranger.pid), 1))
        with start(used_folder) as server:
            assert written(server) == ["acknowledged"]
        assert stranger.poll() is None


def test_the_second_start_is_refused_and_the_first_server_does_not_notice(used_folder: Path) -> None:
    with start(used_folder) as server:
        with pytest.raises(FolderInUse, match=f"process {os.getpid()}"):
            start(used_folder)
        assert asked(server, "SELECT 1") == [(1,)]


def test_a_second_process_is_refused_too_and_told_whom_to_stop(used_folder: Path) -> None:
    with parent_of_a_server(used_folder) as (parent, said):
        with pytest.raises(FolderInUse, match=f"kill {parent.pid}"):
            start(used_folder)
        psycopg.connect(said["dsn"]).close()


def test_a_server_that_lost_its_parent_but_stays_is_named(used_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_folder, "FORMER_SERVER_LEAVES_WITHIN_SECONDS", 0.2)
    orphan_command = [binaries() / "postgres", "-D", used_folder / "pgdata", "-p", unused_port(), "-k", ""]
    with running([str(word) for word in orphan_command], used_folder) as orphan:
        eventually(lambda: "ready" in _text_of(used_folder / "pgdata" / "postmaster.pid"))
        with pytest.raises(FolderInUse, match=f"kill -INT {orphan.pid}"):
            start(used_folder)
        assert orphan.poll() is None
    start(used_folder).stop()


def test_a_cluster_that_was_half_made_is_made_again(server_folder: Path) -> None:
    parent = subprocess.Popen(parent_command(server_folder), cwd=ROOT, stdin=subprocess.PIPE, env=child_environment())
    eventually(lambda: list(server_folder.glob("pgdata.new-*/base/1/*")))
    parent.kill()
    parent.communicate()
    assert not (server_folder / "pgdata").exists()
    with start(server_folder) as server:
        assert asked(server, "SELECT 1") == [(1,)]
    start(server_folder).stop()
    assert not list(server_folder.glob("*.new-*"))


def test_a_cluster_that_takes_too_long_to_make_is_given_up_and_made_the_next_time(server_folder: Path) -> None:
    with pytest.raises(ClusterNotMade, match="nothing after 0 s"):
        start(server_folder, start_within_seconds=0.05)
    start(server_folder).stop()


def test_a_cluster_without_its_password_says_so(used_folder: Path) -> None:
    (used_folder / "owner.password").unlink()
    with pytest.raises(PasswordLost, match=r"owner\.password is gone"):
        start(used_folder)


def test_a_taken_port_is_left_alone_unless_it_was_asked_for(used_folder: Path) -> None:
    last_time = int((used_folder / "port").read_text())
    with socket.create_server(("127.0.0.1", last_time)):
        with pytest.raises(PortTaken, match=f"port {last_time} "):
            start(used_folder, port=last_time)
        with start(used_folder) as server:
            assert server.port != last_time
            assert server.port < 32_768
    with start(used_folder, port=last_time) as server:
        assert server.port == last_time


def test_missing_binaries_are_named(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLEDGER_POSTGRES_BIN", str(server_folder))
    with pytest.raises(BinariesMissing, match=f"no PostgreSQL in {server_folder}: postgres is missing"):
        start(server_folder / "data")


def test_a_server_that_gives_up_is_quoted_and_leaves_the_folder_free(used_folder: Path) -> None:
    with pytest.raises(ServerDidNotStart, match='invalid value for parameter "shared_buffers"'):
        start(used_folder, settings={"shared_buffers": "a lot"})
    start(used_folder).stop()


def test_a_server_that_is_not_ready_in_time_is_ended(used_folder: Path) -> None:
    with pytest.raises(ServerDidNotStart, match="not ready after 0 s"):
        start(used_folder, start_within_seconds=0)
    start(used_folder).stop()


def test_a_shutdown_that_hangs_is_cut_short(used_folder: Path) -> None:
    with start(used_folder) as server:
        write(server, "acknowledged")
        with psycopg.connect(server.dsn()) as stuck:
            os.kill(stuck.info.backend_pid, signal.SIGSTOP)
            server.stop(within_seconds=0.2)
        assert not server.alive()
    with start(used_folder) as server:
        assert written(server) == ["acknowledged"]


def test_a_log_that_has_grown_large_becomes_the_previous_one(used_folder: Path) -> None:
    os.truncate(used_folder / "postgres.log", postgres_folder.LOG_LIMIT_BYTES + 1)
    with start(used_folder) as server:
        assert server.log.stat().st_size < 10_000
        assert (used_folder / "postgres.log.1").exists()


def test_the_default_folder_is_the_one_in_the_settings_or_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADLEDGER_HOME", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("LEADLEDGER_HOME")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_folder() == Path("/var/lib/leadledger")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_folder().name == "leadledger"
    assert default_folder() != Path("/var/lib/leadledger")


def write(server: RunningServer, note: str) -> None:
    with psycopg.connect(server.dsn()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (note text)")
        connection.execute("INSERT INTO notes VALUES (%s)", [note])


def written(server: RunningServer) -> list[str]:
    return [note for (note,) in asked(server, "SELECT note FROM notes")]


def shown(server: RunningServer, *settings: str) -> list[str]:
    return [value for name in settings for (value,) in asked(server, "SELECT current_setting(%s)", name)]


def asked(server: RunningServer, question: str, *parameters: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.dsn()) as connection:
        return connection.execute(question.encode(), parameters).fetchall()


@contextmanager
def parent_of_a_server(folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = parent_command(folder)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, env=child_environment()) as parent:
        assert parent.stdout is not None
        yield parent, json.loads(parent.stdout.readline())


def parent_command(folder: Path) -> list[str]:
    return [sys.executable, str(ROOT / "tests" / "support" / "postgres_parent.py"), str(folder)]


def child_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@contextmanager
def running(program: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program as the user who owns the cluster, until the end of the block."""
    command = child(program, account=account_for(folder))
    with subprocess.Popen(command, cwd="/", env=environment(), stderr=subprocess.DEVNULL) as process:
        # The child is itself a Python program first; only then it is the program.
        try:
            eventually(lambda: psutil.Process(process.pid).exe() == os.path.realpath(program[0]))
            yield process
        finally:
            process.terminate()


def _text_of(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
