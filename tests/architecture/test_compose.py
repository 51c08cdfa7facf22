"""The production shape, compose.yaml, is valid and has an entry for every process."""

import json
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.checkout import ROOT, processes

SECRETS = {
    "POSTGRES_PASSWORD": "owner",
    "LEADLEDGER_DSN": "postgresql://desk@postgres/leadledger",
    "LEADLEDGER_PROJECTOR_DSN": "postgresql://projector@postgres/leadledger",
    "LEADLEDGER_OWNER_DSN": "postgresql://owner@postgres/leadledger",
    "LEADLEDGER_VAULT_KEY": "./vault.key",
}


def test_every_process_has_an_entry_under_its_own_name(tmp_path: Path) -> None:
    assert processes() <= entries(tmp_path).keys()


def test_every_entry_of_ours_starts_a_module_that_exists(tmp_path: Path) -> None:
    for name, entry in entries(tmp_path).items():
        if entry.get("command"):
            python, _, module, *_ = entry["command"]
            assert python == "python"
            assert find_spec(module) is not None, f"{name} starts {module}"


@pytest.mark.parametrize("secret", SECRETS)
def test_a_missing_secret_is_named(tmp_path: Path, secret: str) -> None:
    answer = compose(tmp_path, {name: value for name, value in SECRETS.items() if name != secret})
    assert answer.returncode != 0
    assert secret in answer.stderr


def entries(home: Path) -> dict[str, Any]:
    answer = compose(home, SECRETS)
    assert answer.returncode == 0, answer.stderr
    services: dict[str, Any] = json.loads(answer.stdout)["services"]
    return services


def compose(home: Path, secrets: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Ask the binary itself: the console script that comes with it answers 0 whatever happened."""
    package = find_spec("compose")
    assert package is not None
    assert package.origin is not None
    binary = Path(package.origin).with_name("docker-compose")
    return subprocess.run(
        [binary, "--env-file", os.devnull, "-f", ROOT / "compose.yaml", "config", "--format", "json"],
        env={"HOME": str(home), "PATH": os.defpath, **secrets},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
