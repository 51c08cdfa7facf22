"""One command runs everything, survives what can happen to it, and leaves nothing behind when it is told to stop."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from adapters.postgres_binaries import Account, closed_folder
from services.cli import app
from tests.support.eventually import eventually
from tests.support.postgres import reachable_folder
from tests.support.processes import is_gone
from tests.support.product import ROOT, Product


@pytest.fixture(scope="module")
def stopped_home() -> Iterator[Path]:
    """A home in which the product ran once and stopped in order; kept as it is, for copies."""
    with reachable_folder() as folder:
        with Product(folder / "home") as product:
            assert product.interrupt() == 0, product.said
        yield folder / "home"


@pytest.fixture
def home(stopped_home: Path, server_folder: Path) -> Path:
    subprocess.run(["cp", "-a", stopped_home, server_folder / "home"], check=True)
    return server_folder / "home"


@pytest.fixture(scope="module")
def running(stopped_home: Path) -> Iterator[Product]:
    """One for all tests that only look at it."""
    with reachable_folder() as folder:
        subprocess.run(["cp", "-a", stopped_home, folder / "home"], check=True)
        with Product(folder / "home") as product:
            yield product


def test_the_first_start_greets_with_things_that_work_and_ctrl_c_leaves_nothing(server_folder: Path) -> None:
    """Also when an even earlier start was stopped half way."""
    product = Product(server_folder / "home")
    eventually(lambda: (server_folder / "home").exists() and list((server_folder / "home").glob("pgdata*")))
    family = product.family()
    assert product.interrupt() == 0, product.said
    assert "Traceback" not in product.said
    assert all(is_gone(one.pid) for one in family)

    with Product(server_folder / "home") as product:
        family = product.family()
        things = [line.strip() for line in product.greeting.splitlines() if line.strip().startswith("curl")]
        answers = [run_in_shell(thing) for thing in things]
        assert [sorted(answer)[:2] for answer in answers] == [
            ["items", "next"],
            ["items", "next"],
            ["command_id", "events"],
        ]
        assert len(answers[0]["items"]) == 9
        assert product.greeting.endswith("Ctrl-C stops it; what is on record stays.\n\n")
        assert answers[2]["events"] == ["LeadAssigned.v1"]

        assert product.interrupt() == 0
        assert product.said.endswith("Stopped.\n")
        assert "Traceback" not in product.said + product.greeting
        assert all(is_gone(one.pid) for one in family)
        assert not (product.home / "running.json").exists()


def run_in_shell(line: str) -> dict[str, list[object]]:
    answer: dict[str, list[object]] = json.loads(
        subprocess.run(["bash", "-c", line], capture_output=True, check=True, text=True).stdout
    )
    return answer


def test_no_process_that_answers_callers_can_be_the_owner(running: Product) -> None:
    home = running.home
    owner = (home / "owner.password").read_text().strip()
    for name in ("api", "projector"):
        process = running.child(name)
        environment = process.environ()
        assert owner not in str(environment)
        assert "LEADLEDGER_OWNER_DSN" not in environment
        assert not any("password" in word for word in process.cmdline())
    assert "LEADLEDGER_VAULT_KEY_FILE" not in running.child("projector").environ()
    assert "LEADLEDGER_DSN" not in running.child("projector").environ()
    secrets = [home / name for name in ("first-keys.json", "running.json", "vault.key", "leadledger_desk.password")]
    assert [oct(path.stat().st_mode & 0o777) for path in secrets] == ["0o600"] * 4


def test_killed_as_a_whole_it_recovers_with_the_same_key_and_no_second_example(home: Path) -> None:
    with Product(home) as product:
        status, created = product.ask("/leads", body={"source": "website"})
        assert status == 201
        key, events = product.key, product.events()
        family = product.family()
        product.kill_everything()
        eventually(lambda: all(is_gone(one.pid) for one in family))
    with Product(home) as product:
        assert (product.key, product.events()) == (key, events)
        assert "Moving in" not in product.said
        assert product.ask(f"/leads/{created['lead']}?after={created['position']}")[0] == 200
        assert product.interrupt(signal.SIGTERM) == 0


def test_killed_alone_it_takes_its_children_with_it_and_starts_again(home: Path) -> None:
    with Product(home) as product:
        family, port = product.family(), product.url.rpartition(":")[2]
        product.process.kill()
        # At once, as an impatient person would, and on the same port.
        with Product(home, "--port", port) as again:
            assert again.ask("/queues/me")[0] == 200
        eventually(lambda: all(is_gone(one.pid) for one in family))


def test_whatever_dies_comes_back(home: Path) -> None:
    with Product(home) as product:
        for name in ("api", "projector", "postgres"):
            pid = product.child(name).pid
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: is_gone(pid), within_seconds=30)  # noqa: B023 - asked at once

        def all_is_well() -> bool:
            status, created = product.ask("/leads", body={"source": "website"})
            if status != 201:
                return False
            return product.ask(f"/leads/{created['lead']}/timeline?after={created['position']}")[0] == 200

        eventually(all_is_well, within_seconds=60)
        assert "the api was killed (SIGKILL); starting it again in 0.2 s" in product.said
        assert "the projector was killed (SIGKILL); starting it again in 0.2 s" in product.said
        assert "PostgreSQL is back" in product.said
        assert product.interrupt() == 0


def test_a_second_one_on_the_same_home_says_where_the_first_is(running: Product) -> None:
    second = Product(running.home)
    assert second.process.wait(timeout=30) == 1
    eventually(lambda: "runs already" in second.said)
    assert f"at {running.url}, process {running.process.pid}" in second.said
    assert second.greeting == ""
    assert running.ask("/queues/me")[0] == 200


def test_a_port_that_is_taken_is_told_before_anything_starts(server_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        product = Product(server_folder / "home", "--port", str(port))
        assert product.process.wait(timeout=30) == 1
        eventually(lambda: f"Port {port} on 127.0.0.1 cannot be used" in product.said)
        assert "choose another port: ./leadledger up --port" in product.said
        assert not (server_folder / "home" / "pgdata").exists()


def test_a_second_ctrl_c_does_not_wait(home: Path) -> None:
    with Product(home) as product:
        family = product.family()
        product.child("api").suspend()
        product.process.send_signal(signal.SIGINT)
        eventually(lambda: "once more to stop at once" in product.said)
        began = time.monotonic()
        assert product.interrupt() == 130
        assert time.monotonic() - began < 5
        eventually(lambda: all(is_gone(one.pid) for one in family))


def test_a_lost_vault_key_is_not_replaced_by_another(home: Path) -> None:
    (home / "vault.key").rename(home / "vault.key.elsewhere")
    product = Product(home)
    assert product.process.wait(timeout=60) == 1
    eventually(lambda: "There is no vault key at" in product.said)
    assert "restore it from where it is kept" in product.said
    assert not (home / "vault.key").exists()


def test_without_the_example_there_is_a_key_to_begin_with(empty_database: str, server_folder: Path) -> None:
    """On a database of one's own, which outlives the product."""
    with Product(server_folder / "home", "--no-example", environment={"LEADLEDGER_DSN": empty_database}) as product:
        assert "(admin)" in product.greeting
        things = [line.strip() for line in product.greeting.splitlines() if line.strip().startswith("curl")]
        assert [run_in_shell(thing)["events"] for thing in things] == [
            ["TeamFormed.v1"],
            ["PersonJoined.v1"],
            ["SourceRegistered.v1"],
        ]
        assert not (product.home / "pgdata").exists()
        assert "postgres" not in {one.name() for one in product.family()}
        assert product.interrupt() == 0
    with Product(server_folder / "home", environment={"LEADLEDGER_DSN": empty_database}) as product:
        assert product.events() == 3


def test_a_database_that_is_not_there_is_told(server_folder: Path) -> None:
    elsewhere = {"LEADLEDGER_DSN": "host=127.0.0.1 port=1 user=nobody connect_timeout=2"}
    product = Product(server_folder / "home", environment=elsewhere)
    assert product.process.wait(timeout=30) == 1
    eventually(lambda: "The database that LEADLEDGER_DSN names cannot be used" in product.said)
    assert "Traceback" not in product.said


def test_a_folder_that_cannot_hold_the_data_is_told(server_folder: Path) -> None:
    (server_folder / "file").write_text("")
    for home in (server_folder / "file", server_folder / "file" / "home"):
        product = Product(home)
        assert product.process.wait(timeout=30) == 1
        eventually(lambda: "LEADLEDGER_HOME=FOLDER ./leadledger up" in product.said)  # noqa: B023 - asked at once
        assert f"{home} cannot hold Leadledger's data (Not a directory)" in product.said
        assert "Traceback" not in product.said


def test_an_address_that_is_not_this_machines_is_told(server_folder: Path) -> None:
    product = Product(server_folder / "home", "--host", "192.0.2.1")
    assert product.process.wait(timeout=30) == 1
    eventually(lambda: "Is 192.0.2.1 an address of this machine?" in product.said)
    assert "choose another port" not in product.said


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can become somebody else")
def test_an_ordinary_user_runs_it_too(server_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    python = reachable_python()
    home = server_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    packages = {"PYTHONPATH": os.pathsep.join([str(ROOT), *(path for path in sys.path if "site-packages" in path)])}
    with Product(home, environment={**packages, "HOME": str(home)}, python=python, user=nobody.pw_uid) as product:
        assert {one.uids().real for one in product.family()} == {nobody.pw_uid}
        assert product.ask("/queues/me")[0] == 200
        assert product.interrupt() == 0


def reachable_python() -> str:
    """An interpreter of this version that everybody may run, with our packages where everybody may read them."""
    nobody = Account("nobody", 65534, 65534, [65534])
    wanted = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = [sys.executable, shutil.which(wanted, path="/usr/local/bin:/usr/bin:/bin") or ""]
    packages = [Path(psutil.__file__).parents[1], ROOT]
    for python in found:
        if python and not any(
            closed_folder(Path(place).resolve(), nobody) for place in [Path(python).resolve().parent, *packages]
        ):
            return python
    pytest.skip(f"NOT TESTED: no {wanted} and packages outside of private folders")


def test_commands_find_the_product_that_runs(running: Product) -> None:
    status = cli(running, "projections", "status", "--json")
    assert {one["lag_events"] for one in json.loads(status.stdout)["projections"]} == {0}

    made = cli(running, "keys", "create", "rep-2", "--role", "rep", "--as", "admin", "--json")
    key = json.loads(made.stdout)
    assert running.ask("/queues/me", key["key"])[0] == 200
    assert cli(running, "keys", "revoke", key["id"], "--as", "admin").returncode == 0
    eventually(lambda: running.ask("/queues/me", key["key"])[0] == 401)
    assert re.search(rf"{key['id']} .*revoked .* by admin, .* made by admin", cli(running, "keys", "list").stdout)

    rebuilt = cli(running, "projections", "rebuild", "queues")
    assert "queues is rebuilt and in use" in rebuilt.stderr
    assert "queues has set nothing aside" in cli(running, "projections", "retry", "queues").stderr


def test_the_timeline_says_who_acted_in_which_role(running: Product) -> None:
    lead = running.ask("/leads", body={"source": "website", "at": "2026-03-02T09:00:00Z"})[1]["lead"]
    told = cli(running, "lead", "timeline", lead).stdout
    assert told.startswith("2026-03-02 09:00:00Z  The lead arrived ")
    assert re.search(r"  \[mgr-1 \(manager, key:lk_\w+\)\]$", told)
    [line] = json.loads(cli(running, "lead", "timeline", lead, "--json").stdout)
    assert (line["who"], line["at"]) == ("mgr-1", "2026-03-02T09:00:00Z")


def test_a_replay_is_told_in_words(running: Product) -> None:
    lead = running.ask("/leads", body={"source": "website", "at": "2026-03-02T09:00:00Z"})[1]["lead"]
    told = cli(running, "lead", "replay", lead).stdout
    assert "  contacted      no\n" in told
    assert "None" not in told
    before = cli(running, "lead", "replay", lead, "--until", "2026-03-02T08:00:00Z")
    assert "Nothing had happened to this lead by then" in before.stdout
    assert "1 event left out" in before.stderr
    state = json.loads(cli(running, "lead", "replay", lead, "--json").stdout)["state"]
    assert (state["arrived_at"], state["owner"]) == ("2026-03-02T09:00:00Z", None)


def test_commands_say_when_nothing_runs(stopped_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLEDGER_HOME", str(stopped_home))
    monkeypatch.delenv("LEADLEDGER_DSN", raising=False)
    answer = CliRunner().invoke(app, ["projections", "status"])
    assert answer.exit_code == 1
    assert "Start it with `./leadledger up`" in answer.stderr


def cli(product: Product, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", *words]
    return subprocess.run(command, env=product.environment, capture_output=True, text=True, timeout=60, check=False)
