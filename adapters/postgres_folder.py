"""What the embedded server keeps on disk: its cluster, the owner's password, its port, its log, and the claim that it
is ours.

Everything here is safe to find again after a `kill -9` at any instruction.
"""

import errno
import fcntl
import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple, Self

import platformdirs

from adapters.postgres_binaries import (
    SHELF,
    Account,
    PostgresTrouble,
    PrivateFolderInTheWay,
    account_for,
    child,
    closed_folder,
    environment,
    make_folder,
)

OWNER = "leadledger_owner"
LOG_LIMIT_BYTES = 8 * 1024 * 1024
FORMER_SERVER_LEAVES_WITHIN_SECONDS = 10.0


class FolderInUse(PostgresTrouble):
    """A server is already at work in {folder}: process {pid}. Stop it first ({how}), or set LEADLEDGER_HOME to another
    folder.
    """


class ClusterNotMade(PostgresTrouble):
    """PostgreSQL could not make a new cluster in {folder}. Its last words: {output}"""


class PasswordLost(PostgresTrouble):
    """{folder} holds a cluster, but {password} is gone. Put that file back, or choose another folder with
    LEADLEDGER_HOME.
    """


def default_folder() -> Path:
    """Tell where Leadledger keeps its data: LEADLEDGER_HOME, else the place this system has for it."""
    if chosen := os.environ.get("LEADLEDGER_HOME"):
        return Path(chosen).expanduser().absolute()
    return SHELF if os.geteuid() == 0 else Path(platformdirs.user_data_dir("leadledger"))


class Folder(NamedTuple):
    """A folder, and the user who owns what is in it when we are root."""

    path: Path
    account: Account | None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Find the folder or make it, reachable for the user that will run the server."""
        path = path.expanduser().resolve()
        folder = cls(path, account_for(path))
        folder._check_the_way()
        # Root keeps the folder itself and only hands out what is in it, so that the server's user cannot plant links
        # for root to follow.
        make_folder(path, 0o700 if folder.account is None else 0o711)
        folder._check_the_way()
        return folder

    @property
    def pgdata(self) -> Path:
        """The cluster."""
        return self.path / "pgdata"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.path / "postgres.log"

    def claim(self) -> int:
        """Take the folder for this process, until the descriptor is closed or the process is gone."""
        claim = self._open_private("leadledger.lock", os.O_RDWR)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            holder = os.pread(claim, 20, 0).decode().strip() or "unknown"
            os.close(claim)
            if taken.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            how = f"Ctrl-C in its terminal, or kill {holder}"
            raise FolderInUse(folder=self.path, pid=holder, how=how) from None
        os.ftruncate(claim, 0)
        os.pwrite(claim, f"{os.getpid()}\n".encode(), 0)
        return claim

    def owner_password(self) -> str:
        """Read the password of the cluster's owner; a folder without a cluster gets a new one."""
        password = self.path / "owner.password"
        if not password.exists():
            if self._holds_a_cluster():
                raise PasswordLost(folder=self.pgdata, password=password)
            self._write_private("owner.password", secrets.token_urlsafe(32))
        return password.read_text().strip()

    def make_cluster_unless_there(self, initdb: Path, *, durable: bool, within_seconds: float) -> None:
        """Make the cluster beside its place and move it there when it is whole, so that a half-made one is never
        trusted.
        """
        for left_over in self.path.glob("pgdata.new-*"):
            # What an `initdb` on its way out still writes is removed the next time.
            shutil.rmtree(left_over, ignore_errors=True)
        if self._holds_a_cluster():
            return
        building = self.path / f"pgdata.new-{secrets.token_hex(4)}"
        building.mkdir(mode=0o700)
        self._hand_over(building)
        self._run_initdb(initdb, building, durable=durable, within_seconds=within_seconds)
        building.rename(self.pgdata)
        _sync(self.path)

    def wait_for_former_server(self) -> int | None:
        """Wait for a server that lost its parent to be gone, and tell which process id it left behind in
        `postmaster.pid`.

        The claim is ours already, so a server that is still here is about to go, unless this system knows no
        parent-death signal.
        """
        give_up_at = time.monotonic() + FORMER_SERVER_LEAVES_WITHIN_SECONDS
        while (pid := _pid_in(self.pgdata / "postmaster.pid")) is not None and _is_server_of(pid, self.pgdata):
            if time.monotonic() > give_up_at:
                raise FolderInUse(folder=self.pgdata, pid=pid, how=f"kill -INT {pid}")
            time.sleep(0.02)
        return pid

    def is_ready(self, pid: int) -> bool:
        """Tell whether this server says of itself that it takes connections.

        Asking it by connecting would write a line to its log with every attempt during a long recovery.
        """
        try:
            lines = (self.pgdata / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def open_log(self) -> int:
        """Open the log for the server to append to; one that has grown large becomes the previous one."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_name("postgres.log.1"))
        return self._open_private(self.log.name, os.O_WRONLY | os.O_APPEND)

    def port(self) -> int | None:
        """Tell the port of the last time."""
        try:
            return int((self.path / "port").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def remember_port(self, port: int) -> None:
        """Keep the port, so that an address somebody noted stays true."""
        self._write_private("port", f"{port}\n")

    def _check_the_way(self) -> None:
        if self.account is not None and (closed := closed_folder(self.path, self.account)):
            raise PrivateFolderInTheWay(
                user=self.account.name,
                folder=closed,
                wanted=self.path,
                setting="LEADLEDGER_HOME",
                example=f", such as {SHELF}",
            )

    def _holds_a_cluster(self) -> bool:
        return (self.pgdata / "PG_VERSION").exists()

    def _run_initdb(self, initdb: Path, pgdata: Path, *, durable: bool, within_seconds: float) -> None:
        command = child(
            [
                initdb,
                f"--pgdata={pgdata}",
                f"--username={OWNER}",
                f"--pwfile={self.path / 'owner.password'}",
                "--auth=scram-sha-256",
                "--data-checksums",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
                *([] if durable else ["--no-sync"]),
            ],
            account=self.account,
        )
        try:
            made = subprocess.run(  # noqa: S603 - our own command
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                cwd="/",
                env=environment(),
                start_new_session=True,
                timeout=within_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ClusterNotMade(folder=self.path, output=f"nothing after {within_seconds:.0f} s") from None
        if made.returncode != 0:
            raise ClusterNotMade(folder=self.path, output=made.stdout[-2000:])

    def _write_private(self, name: str, text: str) -> None:
        building = f"{name}.new-{secrets.token_hex(4)}"
        with os.fdopen(self._open_private(building, os.O_WRONLY), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        (self.path / building).replace(self.path / name)
        _sync(self.path)

    def _open_private(self, name: str, flags: int) -> int:
        """Open a file that only its owner reads; never through a link, and only what is new changes hands."""
        path = self.path / name
        flags |= os.O_NOFOLLOW
        try:
            made = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return os.open(path, flags)
        self._hand_over(made)
        return made

    def _hand_over(self, made: Path | int) -> None:
        if self.account is not None:
            os.chown(made, self.account.uid, self.account.gid)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pid_in(file: Path) -> int | None:
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _is_server_of(pid: int, pgdata: Path) -> bool:
    """Tell whether this process is PostgreSQL on this cluster, and not a stranger who got the same number since."""
    process = Path("/proc") / str(pid)
    if not Path("/proc/self").exists():
        said = subprocess.run(  # noqa: S603 - fixed words and a number
            ["ps", "-o", "comm=", "-p", str(pid)],  # noqa: S607 - where it is differs between systems
            capture_output=True,
            text=True,
            check=False,
        )
        return Path(said.stdout.strip()).name == "postgres"
    try:
        if (process / "comm").read_text().strip() != "postgres":
            return False
        return (process / "cwd").samefile(pgdata)
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:
        # Another user's PostgreSQL, which could not read a thing in our folder.
        return False
