"""Every measurement runs and writes rows that can be read; how fast anything is, no test says."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from benchmarks import references
from benchmarks.__main__ import MEASUREMENTS, REHEARSAL
from benchmarks.ground import Ground
from benchmarks.references import NotMeasuredHere
from benchmarks.results import COMMANDS, Machine, Row, Target, keep

MACHINE = Machine(cores=2, postgresql="18", flush_ms=0.5, load=0.0)


@pytest.fixture
def a_ground(postgres_server: str, server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    def nothing_is_installed(*_: object) -> None:
        raise NotMeasuredHere("a test installs nothing")

    monkeypatch.setattr(references, "_cache", lambda: server_folder / "cache")
    monkeypatch.setattr(references, "_install", nothing_is_installed)
    return Ground(postgres_server, server_folder)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_measurement_writes_rows(command: str, a_ground: Ground, tmp_path: Path) -> None:
    rows = MEASUREMENTS[command](a_ground, REHEARSAL)
    results = tmp_path / "results.json"
    keep(command, rows, MACHINE, results)

    kept = json.loads(results.read_text())
    assert kept
    for row in kept:
        assert row.keys() >= {"name", "reference", "ratio", "rounds", "target", "reached", "at"}
        assert datetime.fromisoformat(row["at"]).tzinfo is not None
        if row["ratio"] is None:
            assert row["note"] == "not measured here: a test installs nothing"
        else:
            assert row["ratio"] > 0
            assert row["rounds"] == len(row["ratios"]) == 1
            assert any(name.startswith("ours_") for name in row)
        assert row["name"] in (tmp_path / "RESULTS.md").read_text()


def test_measuring_again_replaces_only_the_commands_own_rows(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    keep("append", [Row(name="append", reference="somebody", ratios=[1.0])], MACHINE, results)
    keep("import", [Row(name="import", reference="somebody", ratios=[3.0])], MACHINE, results)
    keep("append", [Row(name="append", reference="somebody", ratios=[2.0, 4.0, 9.0])], MACHINE, results)
    assert [(row["name"], row["ratio"]) for row in json.loads(results.read_text())] == [
        ("append", 4.0),
        ("import", 3.0),
    ]


def test_a_target_that_was_missed_is_told(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    slow = Row(name="append", reference="somebody", ratios=[1.0], target=Target(at_least=2))
    keep(
        "append",
        [slow, Row(name="p99", reference="somebody", ratios=[0.1], target=Target(at_most=0.2))],
        MACHINE,
        results,
    )
    page = (tmp_path / "RESULTS.md").read_text()
    assert "- append against somebody: 1x, target >= 2x." in page
    assert "- p99" not in page
