"""The real processes of a campaign: each may be killed with SIGKILL at any moment, and comes back."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import NamedTuple, Protocol

from adapters.postgres import RunningServer, start
from tests.support.product import ROOT

LONGEST_REST_SECONDS = 1.5
"""So long at most a victim stays dead before somebody starts it again."""


class Outage(NamedTuple):
    """Who was dead, and for how long; a process that was started again still has to find its way."""

    victim: str
    from_: datetime
    until: datetime


class Victim(Protocol):
    """Somebody who can be killed and started again."""

    name: str

    def kill(self) -> None:
        """With SIGKILL, and no time to say anything."""
        ...

    def start_again(self) -> None:
        """Return when it has been started; a server, when it answers."""
        ...


class Process:
    """A module of services/ in a process of its own; what it says goes to a file."""

    def __init__(self, name: str, module: str, environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._command = [sys.executable, "-m", module]
        self._environment = {**os.environ, **environment}
        self.said = folder / f"{name}.log"
        self._process = self._started()

    def kill(self) -> None:
        assert self._process.poll() is None, f"{self.name} ended by itself, see {self.said}"
        self._process.kill()

    def start_again(self) -> None:
        self._process.wait()
        self._process = self._started()

    def end(self) -> None:
        """For good; raises AssertionError where it had ended by itself."""
        by_itself = self._process.poll() is not None
        self._process.kill()
        self._process.wait()
        assert not by_itself, f"{self.name} ended by itself, see {self.said}"

    def _started(self) -> subprocess.Popen[bytes]:
        with self.said.open("ab") as said:
            return subprocess.Popen(self._command, env=self._environment, cwd=ROOT, stdout=said, stderr=said)


class Server:
    """PostgreSQL itself."""

    name = "postgresql"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: RunningServer = start(folder)

    @property
    def dsn(self) -> str:
        return self._server.dsn()

    def kill(self) -> None:
        assert self._server.alive(), "PostgreSQL ended by itself"
        os.kill(self._server.pid, signal.SIGKILL)

    def start_again(self) -> None:
        port = self._server.port
        assert self._server.wait(30)
        self._server.stop()
        self._server = start(self._folder, port=port)

    def end(self) -> None:
        self._server.stop()


@dataclass
class Killing:
    """Whom it hits, and when: by dice, the one that was killed least among those that live."""

    victims: Sequence[Victim]
    dice: Random

    def __post_init__(self) -> None:
        self.outages: list[Outage] = []
        self._killed = {victim.name: 0 for victim in self.victims}
        self._dead: set[str] = set()

    async def go_on(self, kills: int, seconds: float) -> None:
        """So many kills at random moments within so many seconds; several may be dead at once."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as group:
            for moment in sorted(self.dice.uniform(0, seconds) for _ in range(kills)):
                await asyncio.sleep(began + moment - loop.time())
                while len(self._dead) == len(self.victims):  # noqa: ASYNC110 - processes, and nothing to be set
                    await asyncio.sleep(0.01)
                victim = min(
                    (one for one in self.victims if one.name not in self._dead),
                    key=lambda one: (self._killed[one.name], self.dice.random()),
                )
                self._killed[victim.name] += 1
                self._dead.add(victim.name)
                at = datetime.now(UTC)
                victim.kill()
                group.create_task(self._raised(victim, at, self.dice.uniform(0, LONGEST_REST_SECONDS)))

    @property
    def killed(self) -> Mapping[str, int]:
        """How often each."""
        return self._killed

    async def _raised(self, victim: Victim, killed_at: datetime, rest_seconds: float) -> None:
        await asyncio.sleep(rest_seconds)
        await asyncio.to_thread(victim.start_again)
        self.outages.append(Outage(victim.name, killed_at, datetime.now(UTC)))
        self._dead.discard(victim.name)


@asynccontextmanager
async def at_work(server: Server, environment: Mapping[str, str], folder: Path) -> AsyncIterator[list[Process]]:
    """Two timekeepers and one projector; that none ended by itself is seen at the end."""
    wanted = [("timekeeper-1", "timekeeper"), ("timekeeper-2", "timekeeper"), ("projector", "projector")]
    processes = [Process(name, f"services.{module}", environment, folder) for name, module in wanted]
    try:
        yield processes
    finally:
        for process in processes:
            process.end()
