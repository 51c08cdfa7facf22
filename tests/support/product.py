"""The whole product in a process of its own, as a person starts it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tests.support.eventually import eventually

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_SECONDS = 90.0


class Product:
    """`leadledger up` on a free port; its whole family is killed at the end, however the test ends."""

    def __init__(
        self,
        home: Path,
        *words: str,
        environment: Mapping[str, str] | None = None,
        python: str = sys.executable,
        user: int | None = None,
    ) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LEADLEDGER_", "PG"))}
        surroundings = {**inherited, "LEADLEDGER_HOME": str(home), **(environment or {})}
        self.home = home
        self.environment = surroundings
        self.process: subprocess.Popen[str] = subprocess.Popen(
            [python, "-m", "services.cli", "up", "--port", "0", *words],
            env=surroundings,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(stream, kept), daemon=True)
            for stream, kept in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self.until_ready()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill_everything()

    @property
    def said(self) -> str:
        """All of stderr until now."""
        return "".join(self.err)

    @property
    def greeting(self) -> str:
        """All of stdout until now."""
        return "".join(self.out)

    @property
    def url(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", self.greeting)
        assert found is not None
        return found[0]

    @property
    def key(self) -> str:
        found = re.search(r"lk_[0-9a-f]{10}_\S+", self.greeting)
        assert found is not None
        return found[0]

    def key_of(self, holder: str) -> str:
        told = json.loads((self.home / "first-keys.json").read_text())
        return next(str(one["key"]) for one in told["keys"] if one["holder"] == holder)

    def until_ready(self) -> Self:
        def ready_or_gone() -> bool:
            greeted = "Three things" in self.greeting and self.greeting.endswith("\n\n")
            return greeted or self.process.poll() is not None

        eventually(ready_or_gone, within_seconds=STARTS_WITHIN_SECONDS)
        assert self.process.poll() is None, self.said
        return self

    def ask(self, path: str, key: str | None = None, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of an answer; 0 while nobody answers."""
        request = urllib.request.Request(f"{self.url}{path}", data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {key or self.key}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"null")
        except OSError:
            return 0, None

    def events(self) -> int:
        """How long the log is."""
        status, told = self.ask("/ready")
        assert status == 200
        return int(told["log_head"])

    def child(self, name: str) -> psutil.Process:
        """The API, the projector or the server."""
        found = []
        for one in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # It has just died, or its parent has not looked yet.
                if one.name() == name or any(f"services.{name}" in word for word in one.cmdline()):
                    found.append(one)
        assert len(found) == 1, found
        return found[0]

    def family(self) -> list[psutil.Process]:
        try:
            up = psutil.Process(self.process.pid)
            return [up, *up.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def interrupt(self, sign: signal.Signals = signal.SIGINT) -> int:
        """As Ctrl-C does, and wait for the end; answer the exit code."""
        family = self.family()
        self.process.send_signal(sign)
        code: int = self.process.wait(timeout=30)
        for reader in self._readers:
            reader.join(timeout=5)
        psutil.wait_procs(family, timeout=10)
        return code

    def kill_everything(self) -> None:
        """kill -9, parents first."""
        family = self.family()
        for one in family:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(family, timeout=10)
        self.process.wait(timeout=10)

    def _read(self, stream: Any, kept: list[str]) -> None:
        kept.extend(line for line in stream)
