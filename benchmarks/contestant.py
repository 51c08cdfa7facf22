"""A contestant is a process that runs a load when it is told to, and tells what it did: a line of JSON each way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent

Figures = dict[str, float]
"""`per_second`, and `p50_ms` and `p99_ms` of one request."""


class ContestantDied(Exception):
    """It ended instead of answering; what it said is above."""


class Contestant:
    """One process of one side, started once and asked in every round."""

    def __init__(self, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        self._command = [str(word) for word in command]
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        )
        self.ready = self._answer()

    @classmethod
    def of(cls, module: str, *words: str | Path, python: Path | None = None) -> Contestant:
        """Start a module of benchmarks/contestants, in another virtual environment if one is given."""
        return cls([python or sys.executable, "-m", f"benchmarks.contestants.{module}", *words])

    def tell(self, wish: Mapping[str, Any]) -> None:
        """Ask without waiting for the answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(wish) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as gone:
            raise ContestantDied(" ".join(self._command)) from gone

    def hear(self) -> Figures:
        """Wait for the answer."""
        return self._answer()

    def run(self, **wish: Any) -> Figures:
        """Ask, and wait for the answer."""
        self.tell(wish)
        return self.hear()

    def close(self) -> None:
        """End it by closing its input; what does not listen is ended the hard way."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ContestantDied(" ".join(self._command))
        answer: dict[str, Any] = json.loads(line)
        return answer


def together(contestants: Sequence[Contestant], **wish: Any) -> Figures:
    """Run all of them at once, and take them as one: what they did together, and what a request cost any of them."""
    for contestant in contestants:
        contestant.tell(wish)
    figures = [contestant.hear() for contestant in contestants]
    return {
        "per_second": sum(each["per_second"] for each in figures),
        "p50_ms": median(each["p50_ms"] for each in figures),
        "p99_ms": max(each["p99_ms"] for each in figures),
    }
