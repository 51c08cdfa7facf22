"""The script that installs and starts everything trusts only what it finished itself, and says what is wrong."""

import ast
import fcntl
import os
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.checkout import ROOT

PRODUCT, TESTS = "requirements.lock", "requirements-test.lock"
TELLS_HOW_IT_WAS_CALLED = '#!/bin/sh\necho "$PWD ${PYTHONSAFEPATH:-0} $*"\n'


class Checkout:
    """A checkout of its own, whose venv is a Python that only tells how it was called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        root.mkdir()
        for name in ("leadledger", PRODUCT, TESTS):
            shutil.copy(ROOT / name, root / name)
        (self.venv / "bin").mkdir(parents=True)
        self.program("python", TELLS_HOW_IT_WAS_CALLED)
        self.script = runpy.run_path(str(root / "leadledger"))

    def program(self, name: str, text: str) -> None:
        (self.venv / "bin" / name).write_text(text)
        (self.venv / "bin" / name).chmod(0o755)

    def installed(self, *locks: str) -> "Checkout":
        (self.venv / "stamp").write_text("\n".join(self.script["facts"](self.venv, list(locks))))
        return self

    def is_ready(self, *locks: str) -> bool:
        answer: bool = self.script["is_ready"](self.venv, list(locks))
        return answer

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(self.root / "leadledger"), *words]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def test_a_ready_venv_becomes_the_command_where_the_user_stands(checkout: Checkout, tmp_path: Path) -> None:
    answer = checkout.installed(PRODUCT).run("import", "leads", "a file.csv", cwd=tmp_path)
    assert (answer.stdout, answer.stderr) == (f"{tmp_path} 1 -m services.cli import leads a file.csv\n", "")


def test_tests_named_one_by_one_run_alone_from_the_root(checkout: Checkout, tmp_path: Path) -> None:
    answer = checkout.installed(PRODUCT, TESTS).run("test", "tests/domain", "-k", "x", cwd=tmp_path)
    assert (answer.stdout, answer.stderr) == (f"{checkout.root} 0 -m pytest tests/domain -k x\n", "")


def test_every_gate_runs_although_one_failed(checkout: Checkout) -> None:
    for program in ("ruff", "lint-imports", "pytest", "coverage"):
        checkout.program(program, f'#!/bin/sh\necho "ran {program}"\n')
    checkout.program("mypy", "#!/bin/sh\nexit 1\n")
    answer = checkout.installed(PRODUCT, TESTS).run("test")
    assert answer.returncode == 1
    assert [line for line in answer.stdout.splitlines() if line.startswith("ran")] == [
        "ran ruff",
        "ran ruff",
        "ran lint-imports",
        "ran pytest",
        "ran coverage",
    ]
    assert answer.stdout.splitlines()[-1].endswith("s: types. Every other gate passed.")


def test_no_test_at_all_is_a_failure(checkout: Checkout) -> None:
    for program in ("ruff", "lint-imports", "mypy", "coverage"):
        checkout.program(program, "#!/bin/sh\n")
    checkout.program("pytest", "#!/bin/sh\nexit 5\n")
    assert checkout.installed(PRODUCT, TESTS).run("test").returncode == 1


def test_what_was_installed_for_tests_is_enough_for_the_product(checkout: Checkout) -> None:
    checkout.installed(PRODUCT, TESTS)
    assert checkout.is_ready(PRODUCT)


def test_what_was_installed_for_the_product_is_not_enough_for_tests(checkout: Checkout) -> None:
    checkout.installed(PRODUCT)
    assert not checkout.is_ready(PRODUCT, TESTS)


def an_interrupted_installation(checkout: Checkout) -> None:
    (checkout.venv / "stamp").unlink()


def another_lock(checkout: Checkout) -> None:
    (checkout.root / PRODUCT).write_text("other==1\n")


def a_python_that_is_gone(checkout: Checkout) -> None:
    (checkout.venv / "bin" / "python").unlink()
    (checkout.venv / "bin" / "python").symlink_to("/nowhere/python3")


def another_python_behind_the_link(checkout: Checkout) -> None:
    (checkout.venv / "bin" / "python").unlink()
    (checkout.venv / "bin" / "python").symlink_to(sys.executable)


@pytest.mark.parametrize(
    "damage", [an_interrupted_installation, another_lock, a_python_that_is_gone, another_python_behind_the_link]
)
def test_a_venv_is_not_trusted_after(checkout: Checkout, damage: Callable[[Checkout], None]) -> None:
    assert checkout.installed(PRODUCT).is_ready(PRODUCT)
    damage(checkout)
    assert not checkout.is_ready(PRODUCT)


def test_a_venv_that_was_moved_is_not_trusted(checkout: Checkout, tmp_path: Path) -> None:
    checkout.installed(PRODUCT)
    checkout.root.rename(tmp_path / "elsewhere")
    moved = runpy.run_path(str(tmp_path / "elsewhere" / "leadledger"))
    assert not moved["is_ready"](tmp_path / "elsewhere" / ".venv", [PRODUCT])


def test_a_second_start_waits_for_the_one_that_installs_and_uses_its_work(checkout: Checkout) -> None:
    turn = os.open(checkout.venv, os.O_RDONLY)
    fcntl.flock(turn, fcntl.LOCK_EX)
    command = [sys.executable, str(checkout.root / "leadledger"), "up"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as second:
        assert second.stderr is not None
        assert second.stderr.readline() == "Another start is installing; waiting for it.\n"
        checkout.installed(PRODUCT)
        os.close(turn)
        answer, _ = second.communicate(timeout=30)
    assert answer.endswith(" -m services.cli up\n")


def test_pip_is_heard_only_when_it_fails(checkout: Checkout, capfd: pytest.CaptureFixture[str]) -> None:
    turn = os.open(checkout.venv, os.O_RDONLY)
    try:
        checkout.script["run_quietly"](["sh", "-c", "echo Collecting trust"], turn, 1)
        assert capfd.readouterr() == ("", "")
        with pytest.raises(SystemExit, match="The installation failed"):
            checkout.script["run_quietly"](["sh", "-c", "echo no matching distribution; exit 1"], turn, 1)
        assert "no matching distribution" in capfd.readouterr().err
    finally:
        os.close(turn)


def test_a_machine_without_any_installer_is_told_what_to_install(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", nothing)
    monkeypatch.setenv("PATH", str(checkout.root))
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        checkout.script["find_installer"](checkout.venv / "bin" / "python", 0)


def nothing(*_: Any) -> None:
    return None


def test_an_old_python_hands_over_only_to_one_that_runs(checkout: Checkout, tmp_path: Path) -> None:
    """A version manager leaves a shim for every version it ever knew; most of them only print an error."""
    program(tmp_path / "bin" / "python3.13", "#!/bin/sh\necho not installed >&2\nexit 127\n")
    program(tmp_path / "bin" / "python3.12", '#!/bin/sh\n[ "$1" = -c ] || echo "newer: $*"\n')
    hand_over = (
        f"import os, runpy; script = runpy.run_path({str(checkout.root / 'leadledger')!r});"
        f"script['start_again_with_a_newer_python'](['up'])"
    )
    newer = subprocess.run(
        [sys.executable, "-c", hand_over],
        env={"PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (newer.stdout, newer.stderr) == (f"newer: {checkout.root / 'leadledger'} up\n", "")
    none = subprocess.run(
        [sys.executable, "-c", hand_over], env={"PATH": ""}, capture_output=True, text=True, check=False
    )
    assert none.returncode == 1
    assert none.stderr.startswith("Leadledger needs Python 3.11 or newer; ")


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def test_an_old_python_can_read_the_script_far_enough_to_say_so() -> None:
    ast.parse((ROOT / "leadledger").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_a_warm_start_costs_little_more_than_starting_python(checkout: Checkout) -> None:
    """Beside each start of ours two bare ones of Python, so that a busy machine is busy for both."""
    checkout.installed(PRODUCT)
    ratios = []
    for _ in range(5):
        began = time.perf_counter()
        checkout.run("up")
        ours = time.perf_counter() - began
        began = time.perf_counter()
        for _ in range(2):
            subprocess.run([sys.executable, "-c", "pass"], check=True)
        ratios.append(2 * ours / (time.perf_counter() - began))
    print(ratios)
    assert min(ratios) < 6
