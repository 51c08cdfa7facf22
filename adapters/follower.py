"""How followers learn that the log has grown: woken from outside the append, and looking by themselves as well."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from adapters import binary
from adapters.line import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, with_settings
from adapters.log_reader import HEAD
from adapters.wire import StatementFailed, Wire, WireLost

logger = logging.getLogger(__name__)

WAKE = "SELECT pg_notify('leadledger_log', $1::text)"
LISTEN = "LISTEN leadledger_log"

# Waking more often than this costs the server more than it gains anybody.
LEAST_SECONDS_BETWEEN_WAKES = 0.002


class Waker:
    """Tells all followers how far the log is durable, on a connection of its own, the last word only."""

    def __init__(self, conninfo: str) -> None:
        # Nobody waits for a wake-up to be durable.
        self._conninfo = with_settings(conninfo, {"synchronous_commit": "off"})
        self._news = asyncio.Event()
        self._position = 0
        self._task: asyncio.Task[None] | None = None

    def tell(self, position: int) -> None:
        """Wake the followers soon; never waits, and never fails."""
        if position <= self._position:
            return
        self._position = position
        self._news.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Say no more."""
        await _end(self._task)

    async def _run(self) -> None:
        wire: Wire | None = None
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                try:
                    if wire is None or not wire.usable:
                        wire = await Wire.connect(self._conninfo, {"wake": WAKE})
                    await wire.exchange(("wake", [str(self._position).encode()]))
                except (WireLost, StatementFailed) as trouble:
                    # They look by themselves, only later.
                    logger.warning("followers of the log were not woken: %s", trouble)
                    await asyncio.sleep(LONGEST_PAUSE_SECONDS)
                await asyncio.sleep(LEAST_SECONDS_BETWEEN_WAKES)
        finally:
            if wire is not None:
                wire.close()


class Follower:
    """Knows how far the log has grown, by listening, and by looking every now and then."""

    def __init__(
        self, conninfo: str, *, look_every_seconds: float = 0.5, on_durable: Callable[[int], None] = lambda _: None
    ) -> None:
        self._conninfo = with_settings(conninfo, {"enable_seqscan": "off"})
        self._look_every_seconds = look_every_seconds
        self._on_durable = on_durable
        self._seen = 0
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def wait(self, after: int, timeout_seconds: float) -> bool:
        """Wait until something stands after a position, and tell whether it does."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen())
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._seen <= after:
                    await self._news.wait()
        except TimeoutError:
            return self._seen > after
        return True

    def saw(self, position: int) -> None:
        """Learn that the log reaches this far."""
        if position > self._seen:
            self._seen = position
            self._news.set()
            # The next news wakes those who start to wait from now on.
            self._news = asyncio.Event()

    async def close(self) -> None:
        """Hear no more."""
        await _end(self._task)

    async def _listen(self) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            wire: Wire | None = None
            try:
                wire = await Wire.connect(self._conninfo, {"listen": LISTEN, "head": HEAD}, on_notify=self._heard)
                lost = asyncio.Event()
                wire.on_lost = lost.set
                await wire.exchange(("listen", ()))
                pause_seconds = FIRST_PAUSE_SECONDS
                while wire.usable:
                    # Also right after listening began, for what was told while nobody listened.
                    await self._look(wire)
                    await _either(lost, self._look_every_seconds)
            except (WireLost, StatementFailed, TimeoutError) as trouble:
                logger.warning("the log cannot be listened to, trying again: %s", trouble)
            finally:
                if wire is not None:
                    wire.close()
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

    async def _look(self, wire: Wire) -> None:
        # A connection that died unheard answers nothing.
        async with asyncio.timeout(10 * self._look_every_seconds):
            [head] = await wire.exchange(("head", ()))
        self.saw(binary.to_int(head.get_value(0, 0)))

    def _heard(self, payload: bytes) -> None:
        # Anybody who may connect can notify; only a number is believed.
        if payload.isdigit():
            position = int(payload)
            self._on_durable(position)
            self.saw(position)


async def _either(event: asyncio.Event, timeout_seconds: float) -> None:
    try:
        async with asyncio.timeout(timeout_seconds):
            await event.wait()
    except TimeoutError:
        return


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
