"""What was measured, kept: a row a measurement in results.json, and the table that people read, written from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
NOTES = HERE / "NOTES.md"
"""Why what was missed was missed; kept by hand, and part of the page."""

COMMANDS = ("append", "import", "command", "http", "catchup", "visible", "timers", "hours", "pages")


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the design promises of a ratio."""

    at_least: float | None = None
    at_most: float | None = None

    def reached(self, ratio: float) -> bool:
        """Whether a ratio keeps the promise."""
        return (self.at_least is None or ratio >= self.at_least) and (self.at_most is None or ratio <= self.at_most)

    def __str__(self) -> str:
        return f">= {self.at_least:g}x" if self.at_least is not None else f"<= {self.at_most:g}x"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement against one reference."""

    name: str
    reference: str
    ratios: list[float]
    """Of each round, ours to the reference's."""
    target: Target | None = None
    figures: dict[str, float] = field(default_factory=dict)
    """Medians of the absolute figures, each with its unit in its name."""
    note: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def ratio(self) -> float | None:
        """The median of the rounds; nothing where nothing was measured."""
        return median(self.ratios) if self.ratios else None

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; nothing where there is none, or nothing was measured."""
        return self.target.reached(self.ratio) if self.target and self.ratio is not None else None

    def as_json(self) -> dict[str, Any]:
        """The row as it is kept."""
        return {
            "name": self.name,
            "reference": self.reference,
            "ratio": _short(self.ratio),
            "rounds": len(self.ratios),
            "target": str(self.target) if self.target else None,
            "reached": self.reached,
            "at": self.at.isoformat(timespec="seconds"),
            "ratios": [_short(ratio) for ratio in self.ratios],
            **{name: _short(value) for name, value in self.figures.items()},
            **({"note": self.note} if self.note else {}),
        }


@dataclass(frozen=True)
class Machine:
    """What the figures were measured on."""

    cores: int
    postgresql: str
    flush_ms: float
    """How long the disk takes to keep 8 kB for good."""
    load: float
    """How many processes wanted to run when the measurement began."""


def keep(command: str, rows: Sequence[Row], machine: Machine, file: Path = RESULTS) -> None:
    """Put these rows in the place of the command's former ones, and write the page anew."""
    known: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    facts = {name: _short(value) if isinstance(value, float) else value for name, value in asdict(machine).items()}
    new = [{"command": command, **row.as_json(), "machine": facts} for row in rows]
    order = {name: place for place, name in enumerate(COMMANDS)}
    kept = sorted([row for row in known if row["command"] != command] + new, key=lambda row: order[row["command"]])
    file.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    file.with_name("RESULTS.md").write_text(_page(kept), encoding="utf-8")


def _page(rows: Sequence[dict[str, Any]]) -> str:
    missed = [row for row in rows if row["reached"] is False]
    lines = [
        "# How fast it is, and compared with what",
        "",
        "Written by `python -m benchmarks` with `results.json`. Each ratio is the median of paired rounds:",
        "in each both sides ran in turn, on one PostgreSQL with every commit flushed. Compare ratios, not speeds.",
        "",
        *_machines(rows),
    ]
    for command in dict.fromkeys(row["command"] for row in rows):
        lines += [f"## {command}", "", "| what | reference | ratio | target | reached | rounds | figures |"]
        lines += ["|---|---|---|---|---|---|---|"]
        lines += [_line(row) for row in rows if row["command"] == command]
        lines += [""]
    lines += ["## Not reached", ""]
    lines += [f"- {row['name']} against {row['reference']}: {_times(row)}, target {row['target']}." for row in missed]
    lines += [] if missed else ["Nothing."]
    if NOTES.exists():
        lines += ["", NOTES.read_text(encoding="utf-8").strip()]
    return "\n".join(lines) + "\n"


def _machines(rows: Sequence[dict[str, Any]]) -> list[str]:
    lines = ["| measured at | command | cores | PostgreSQL | 8 kB to disk | load before |", "|---|---|---|---|---|---|"]
    for command, row in {row["command"]: row for row in rows}.items():
        facts = row["machine"]
        lines.append(
            f"| {row['at'][:16]} | {command} | {facts['cores']} | {facts['postgresql']} "
            f"| {facts['flush_ms']:g} ms | {facts['load']:g} |"
        )
    return [*lines, ""]


def _line(row: dict[str, Any]) -> str:
    figures = "; ".join(f"{_in_words(name)} {row[name]:,g}" for name in row if name.startswith(("ours_", "reference_")))
    reached = {True: "yes", False: "**no**", None: ""}[row["reached"]]
    return (
        f"| {row['name']} | {row['reference']} | {_times(row)} | {row['target'] or ''} | {reached} "
        f"| {row['rounds']} | {figures or row.get('note', '')} |"
    )


def _times(row: dict[str, Any]) -> str:
    return f"{row['ratio']:g}x" if row["ratio"] is not None else "not measured here"


def _in_words(figure: str) -> str:
    return figure.replace("_per_second", " /s:").replace("_ms", " ms:").replace("_", " ")


def _short(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")
