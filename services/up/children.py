"""The processes that `up` keeps alive: each in a process group of its own, and none of them outlives us."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from services.up.logs import LogFile

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
STEADY_AFTER_SECONDS = 30.0
STOPS_WITHIN_SECONDS = 10.0
TRIES_BEFORE_READY = 3
TIED = Path(__file__).with_name("tied.py")


class ChildKeepsDying(Exception):
    """A process ends again and again before the product is ready."""


class Child:
    """One process of the product, started again whenever it dies."""

    def __init__(self, name: str, environment: Mapping[str, str], log: LogFile, say: Callable[[str], None]) -> None:
        self.name = name
        self._environment = environment
        self._log = log
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self.ready = False
        """Once the product has been ready, a death is repaired for ever; before that, only a few times."""

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def keep(self) -> None:
        """Start it, and again after each death, with growing pauses. Raises ChildKeepsDying."""
        pause = FIRST_PAUSE_SECONDS
        deaths = 0
        while True:
            began = time.monotonic()
            status = await self._live()
            deaths += 1
            if time.monotonic() - began > STEADY_AFTER_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            if not self.ready and deaths >= TRIES_BEFORE_READY:
                raise ChildKeepsDying(
                    f"The {self.name} does not start: it {_told(status)}. The end of {self._log.path}:\n"
                    f"{self._log.tail()}"
                )
            self._say(f"the {self.name} {_told(status)}; starting it again in {pause:g} s (its log: {self._log.path})")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOPS_WITHIN_SECONDS)
        self.kill()
        await process.wait()

    def kill(self) -> None:
        """End it and whatever it started, at once."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _live(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(TIED), str(os.getpid())),
            *(sys.executable, "-m", f"services.{self.name}"),
            env=dict(self._environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C in the terminal reaches us alone, and we say in which order things stop.
            process_group=0,
        )
        reading = asyncio.create_task(self._keep_log(self._process))
        status = await self._process.wait()
        # What it started itself must not hold its port when it starts again.
        self.kill()
        with suppress(TimeoutError):
            await asyncio.wait_for(reading, 1.0)
        return status

    async def _keep_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        while chunk := await process.stdout.read(64 * 1024):
            self._log.write(chunk)


def _told(status: int) -> str:
    return f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended with status {status}"
