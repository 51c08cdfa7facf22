"""The group commit: all that waits goes into the log as one statement, and is answered when it is durable.

The append commits without waiting for the disk, so that its lock is free again at once; the flush travels right behind
it, and no one is answered before the flush has come back. What could be seen in between is not yet certain: whoever
reads the log for others waits for a flush as well (adapters/log_reader.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from uuid import UUID

from adapters import batch as batches
from adapters.batch import APPEND, Waiting
from adapters.line import BY_INDEX_ONLY, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, comes_back, with_settings
from adapters.recorder import Missed, Request
from adapters.wire import StatementFailed, Wire
from domain.identity import Position
from domain.log import Appended, LogUnavailable

logger = logging.getLogger(__name__)

# A transaction of its own that has to be flushed, and with it everything before it; unlike a function that flushes, it
# also waits for synchronous standbys.
FLUSH = """
SELECT
    set_config('synchronous_commit', 'on', true),
    CASE
        -- What a standby can show, its primary has flushed.
        WHEN NOT pg_is_in_recovery() THEN pg_logical_emit_message(true, 'leadledger', '')
    END
"""

# Waiting does not help here, and whoever asks should hear it at once: no space, no memory, cancelled, no schema, not
# allowed.
_HOPELESS_FOR_NOW = ("53", "58", "54", "57014", "3D", "3F", "42")


class GroupCommit:
    """Queues requests and settles them in batches, on as many connections as it has lanes."""

    def __init__(
        self,
        conninfo: str,
        *,
        stamped: bool = True,
        lanes: int = 2,
        give_up_after_seconds: float = 5.0,
        longest_queue: int = 20_000,
        on_durable: Callable[[Position], None] = lambda _: None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        session = {
            # The flush follows; see above.
            "synchronous_commit": "off",
            # A statement that we have given up shall not wait for the lock for ever.
            "statement_timeout": f"{1000 * give_up_after_seconds:.0f}",
        }
        self._conninfo = with_settings(conninfo, BY_INDEX_ONLY | session)
        self._stamped = stamped
        self._lane_count = lanes
        self._give_up_after_seconds = give_up_after_seconds
        self._longest_queue = longest_queue
        self._on_durable = on_durable
        self._on_lost = on_lost
        self._queue: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
        self._under_way: set[UUID] = set()
        self._lanes: list[_Lane] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._trouble = "it has not been opened"

    async def open(self) -> None:
        """Start the lanes; they connect when there is something to append."""
        self._lanes = [_Lane(self) for _ in range(self._lane_count)]
        self._tasks = [asyncio.create_task(lane.run()) for lane in self._lanes]
        self._tasks.append(asyncio.create_task(self._watch()))
        self._trouble = ""

    async def close(self) -> None:
        """Stop; whoever still waits is told that the log is unavailable."""
        self._trouble = "it has been closed"
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for lane in self._lanes:
            lane.abandon(self._trouble)
        refuse(self._queue, self._trouble)
        self._lanes, self._tasks = [], []

    async def append(self, request: Request) -> Appended | Missed:
        """Store all of the request or nothing."""
        if not self._lanes:
            raise LogUnavailable(f"The log cannot be written: {self._trouble}.")
        if len(self._queue) >= self._longest_queue:
            raise LogUnavailable(f"The log cannot be written: {self._longest_queue} requests are waiting already.")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Appended | Missed] = loop.create_future()
        self._queue.append(Waiting(request, answer, loop.time() + self._give_up_after_seconds))
        self._arrived.set()
        return await answer

    async def next_batch(self) -> list[Waiting]:
        """Wait until something waits, and take what may go together."""
        while True:
            if batch := batches.take(self._queue, self._under_way):
                self._under_way |= batches.touched(batch)
                return batch
            self._arrived.clear()
            await self._arrived.wait()

    def done_with(self, batch: list[Waiting]) -> None:
        """Let those go on who wait for one of these."""
        self._under_way -= batches.touched(batch)
        self._arrived.set()

    async def connect(self) -> Wire:
        """One more connection, ready to append."""
        return await Wire.connect(self._conninfo, {"append": APPEND, "flush": FLUSH})

    async def store(self, wire: Wire, batch: list[Waiting]) -> None:
        """Append and flush, then answer, and not earlier."""
        parameters = batches.parameters(batch, stamped=self._stamped)
        appended, _flushed = await wire.exchange(("append", parameters), ("flush", ()))
        self._on_durable(batches.settle(batch, appended))

    def lost(self) -> None:
        """A connection is gone: others may have written unseen."""
        self._on_lost()

    async def _watch(self) -> None:
        # One look every now and then instead of a timer for each request.
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._give_up_after_seconds / 20)
            now = loop.time()
            while self._queue and self._queue[0].give_up_at <= now:
                refuse([self._queue.popleft()], "the server did not take the request in time")
            for lane in self._lanes:
                lane.give_up_what_is_late(now)


class _Lane:
    """One connection and the batch it is busy with."""

    def __init__(self, commits: GroupCommit) -> None:
        self._commits = commits
        self._wire: Wire | None = None
        self._batch: list[Waiting] = []
        self._trouble = "the server did not answer in time"

    async def run(self) -> None:
        while True:
            self._batch = await self._commits.next_batch()
            await self._settle(self._batch)
            self._commits.done_with(self._batch)
            self._batch = []
            # Those just answered often have their next request ready; let them come along.
            await asyncio.sleep(0)

    async def _settle(self, batch: list[Waiting]) -> None:
        """Until each request has its answer; sent again after a lost connection, what was stored answers as stored."""
        pause_seconds = FIRST_PAUSE_SECONDS
        while batch := [waiting for waiting in batch if not waiting.answer.done()]:
            try:
                if self._wire is None or not self._wire.usable:
                    self._wire = await self._commits.connect()
                await self._commits.store(self._wire, batch)
            except Exception as trouble:  # what we do not know is handed to whoever caused it
                self._trouble = str(trouble)
                if comes_back(trouble):
                    self._disconnect()
                    await asyncio.sleep(pause_seconds)
                    pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
                elif _sqlstate(trouble).startswith(_HOPELESS_FOR_NOW):
                    self._disconnect()
                    refuse(batch, self._trouble)
                elif len(batch) == 1:
                    _fail(batch[0], trouble)
                else:
                    # One of them cannot be stored; its neighbours can.
                    middle = len(batch) // 2
                    await self._settle(batch[:middle])
                    await self._settle(batch[middle:])

    def give_up_what_is_late(self, now: float) -> None:
        """Tell those whose time is over; a connection that keeps them waiting is given up too."""
        late = [waiting for waiting in self._batch if waiting.give_up_at <= now and not waiting.answer.done()]
        if late:
            refuse(late, self._trouble)
            self._disconnect()

    def abandon(self, trouble: str) -> None:
        """For good."""
        refuse(self._batch, trouble)
        self._disconnect()

    def _disconnect(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None
            self._commits.lost()


def refuse(waiting: list[Waiting] | deque[Waiting], trouble: str) -> None:
    """Tell them that the log is unavailable."""
    for one in waiting:
        if not one.answer.done():
            one.answer.set_exception(LogUnavailable(f"The log cannot be written at the moment: {trouble}."))


def _sqlstate(trouble: Exception) -> str:
    return trouble.sqlstate if isinstance(trouble, StatementFailed) else "none"


def _fail(waiting: Waiting, trouble: Exception) -> None:
    # Not the state of the log but this request is at fault, which is a mistake of ours: it must be seen, not retried.
    logger.error("a request to the log cannot be stored: %s %s", type(trouble).__name__, _sqlstate(trouble))
    if not waiting.answer.done():
        waiting.answer.set_exception(trouble)
