"""The embedded PostgreSQL: a real server for one product in one folder, started and stopped with us.

    with start(default_folder()) as server:
        psycopg.connect(server.dsn())

The server is a direct child on the loopback address. It ends when we end, however we end, and what it committed is
there again at the next start.
"""

import os
import queue
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Self

import psycopg
from psycopg.conninfo import make_conninfo

from adapters.postgres_binaries import (
    BinariesMissing,
    NoUnprivilegedUser,
    PostgresTrouble,
    PrivateFolderInTheWay,
    binaries,
    binaries_for,
    child,
    environment,
)
from adapters.postgres_folder import OWNER, ClusterNotMade, Folder, FolderInUse, PasswordLost, default_folder

__all__ = [
    "BinariesMissing",
    "ClusterNotMade",
    "FolderInUse",
    "NoUnprivilegedUser",
    "PasswordLost",
    "PortTaken",
    "PostgresTrouble",
    "PrivateFolderInTheWay",
    "RunningServer",
    "ServerDidNotStart",
    "binaries",
    "default_folder",
    "start",
]

HOST = "127.0.0.1"

# Below the ports that the system gives to outgoing connections, so that none of those takes ours while the server is
# down.
PORTS = range(20_000, 32_768)
PORT_ATTEMPTS = 5

SETTINGS = MappingProxyType(
    {
        "shared_buffers": "256MB",
        "max_connections": "100",
        "max_wal_size": "2GB",
        "wal_compression": "on",
        # Our statements are short; compiling them costs more than it saves.
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # A line every five minutes for ever says nothing here and fills the log.
        "log_checkpoints": "off",
        "password_encryption": "scram-sha-256",
    }
    # Without this a Mac answers before its disk has written.
    | ({"wal_sync_method": "fsync_writethrough"} if sys.platform == "darwin" else {})
)

PROMISES = MappingProxyType(
    {
        "listen_addresses": HOST,
        "unix_socket_directories": "",
        # Personal data never reaches a log. Statements, parameters and the DETAIL of an error carry it, and so does an
        # error's own first line ('invalid input syntax for type integer: "Ada Lovelace"'). Whoever asked gets the whole
        # error; the log gets what concerns the server itself, which begins at the level `log`, above `error`.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_min_duration_sample": "-1",
        "log_transaction_sample_rate": "0",
        "log_duration": "off",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "debug_print_parse": "off",
        "debug_print_rewritten": "off",
        "debug_print_plan": "off",
        # Else a setting in the cluster could lead the log away from the file whose size we bound.
        "logging_collector": "off",
        "log_destination": "stderr",
    }
)
"""Settings that hold: the command line outranks the configuration file and ALTER SYSTEM."""


class ServerDidNotStart(PostgresTrouble):
    """PostgreSQL did not start in {folder}: {why}. The end of {log}: {tail}"""


class PortTaken(PostgresTrouble):
    """Somebody else listens on port {port} of {host}. Choose another port, or none to have a free one chosen."""


def start(
    folder: Path,
    *,
    port: int | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
    start_within_seconds: float = 60.0,
) -> "RunningServer":
    """Start the server of this folder and return when it answers; a new folder gets a new cluster, a crashed one
    recovers.
    """
    home = Folder.open(folder)
    programs = binaries_for(home.account)
    claim = home.claim()
    try:
        password = home.owner_password()
        durable = settings.get("fsync") != "off"
        home.make_cluster_unless_there(programs / "initdb", durable=durable, within_seconds=start_within_seconds)
        stale_pid = home.wait_for_former_server()
        if port is not None and not _is_free(port):
            raise PortTaken(port=port, host=HOST)
        for _ in range(PORT_ATTEMPTS):
            chosen = port or _free_port(first=home.port())
            # Before the launch and only when it is news: on a full disk no running server may be lost to this note.
            if chosen != home.port():
                home.remember_port(chosen)
            command = _command(programs / "postgres", home, chosen, {**SETTINGS, **settings, **PROMISES})
            server = RunningServer(home, chosen, password, claim, _launch(command, home, stale_pid))
            try:
                server.wait_until_ready(start_within_seconds)
            except ServerDidNotStart:
                if port is None and not _is_free(chosen):
                    continue  # Somebody took it between our look and the server's.
                raise
            return server
        raise PortTaken(port=chosen, host=HOST)
    except BaseException:
        os.close(claim)
        raise


class RunningServer:
    """A server at work, and the folder it holds."""

    host = HOST
    user = OWNER

    def __init__(self, home: Folder, port: int, password: str, claim: int, child: "Child") -> None:
        self.folder = home.path
        self.pgdata = home.pgdata
        self.log = home.log
        self.port = port
        self.pid = child.process.pid
        self._home = home
        self._password = password
        self._claim: int | None = claim
        self._child = child

    def dsn(self, database: str = "postgres", *, user: str | None = None, password: str | None = None) -> str:
        """Word the address of a database, for the owner unless another user is named."""
        return make_conninfo(
            host=self.host,
            port=self.port,
            dbname=database,
            user=user or self.user,
            password=self._password if user is None else password,
            # The loopback needs no encryption, and no PGSSLMODE of the surroundings shall ask for it.
            sslmode="disable",
            gssencmode="disable",
            # Both sides prove that they know the password, so no stranger on our port can pass for the server.
            require_auth="scram-sha-256",
        )

    def alive(self) -> bool:
        """Tell whether the server process is still there."""
        return not self._child.exited.is_set()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until the server process is gone, and tell whether it is."""
        return self._child.exited.wait(timeout_seconds)

    def stop(self, *, within_seconds: float = 30.0) -> None:
        """Shut down in order; what does not end in time is ended the hard way, which costs a recovery and no data."""
        self._end((signal.SIGINT, within_seconds), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    def wait_until_ready(self, within_seconds: float) -> None:
        """Wait until the owner can connect; a server that cannot be waited for is ended."""
        give_up_at = time.monotonic() + within_seconds
        try:
            while not self._home.is_ready(self.pid):
                if self.wait(0.01):
                    raise self._did_not_start(f"it exited with status {self._child.process.returncode}.")
                if time.monotonic() > give_up_at:
                    raise self._did_not_start(f"it was not ready after {within_seconds:.0f} s.")
            try:
                psycopg.connect(self.dsn(), connect_timeout=10).close()
            except psycopg.OperationalError as refused:
                raise self._did_not_start(f"its owner cannot connect: {refused}") from refused
        except BaseException:
            self._end((signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _end(self, *steps: tuple[signal.Signals, float]) -> None:
        for how, patience_seconds in steps:
            if self.alive():
                self._child.process.send_signal(how)
                self.wait(patience_seconds)

    def _did_not_start(self, why: str) -> ServerDidNotStart:
        tail = self.log.read_text(errors="replace")[-2000:].strip() or "(nothing)"
        return ServerDidNotStart(folder=self.folder, why=why, log=self.log, tail=f"\n{tail}")


class Child(NamedTuple):
    """The server process, and the news that it is gone."""

    process: subprocess.Popen[bytes]
    exited: threading.Event


def _command(postgres: Path, home: Folder, port: int, settings: Mapping[str, str]) -> list[str]:
    words = [f"--{name}={value}" for name, value in settings.items()]
    return child([postgres, "-D", home.pgdata, "-p", str(port), *words], account=home.account)


def _launch(command: list[str], home: Folder, stale_pid: int | None) -> Child:
    """Start the child from a thread that lives exactly as long as it does.

    The parent-death signal is sent at the end of the thread that started the child. Were that the caller's, a server
    started from a thread pool would be shut down when the pool lets the thread go.
    """
    # After a crash `postmaster.pid` may name a process that is now somebody else, and PostgreSQL would refuse to start.
    # We have looked; this is how `pg_ctl` says "not a server", and it leaves PostgreSQL's own check, by shared memory,
    # in force.
    surroundings = environment(**({} if stale_pid is None else {"PG_GRANDPARENT_PID": str(stale_pid)}))
    launched: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()
    exited = threading.Event()

    def stay_with_the_child() -> None:
        try:
            # A session of its own: Ctrl-C in the terminal reaches us only, and we stop the server last.
            process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=surroundings,
                start_new_session=True,
            )
        except OSError as failure:
            launched.put(failure)
            return
        launched.put(process)
        process.wait()
        exited.set()

    log = home.open_log()
    try:
        threading.Thread(target=stay_with_the_child, name="postgres", daemon=True).start()
        outcome = launched.get()
    finally:
        os.close(log)
    if isinstance(outcome, OSError):
        raise outcome
    return Child(outcome, exited)


def _free_port(*, first: int | None) -> int:
    if first is not None and _is_free(first):
        return first
    for _ in range(100):
        if _is_free(port := secrets.choice(PORTS)):
            return port
    raise PortTaken(port=f"{PORTS.start} to {PORTS.stop - 1}", host=HOST)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As PostgreSQL does itself: connections that are only fading away do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
