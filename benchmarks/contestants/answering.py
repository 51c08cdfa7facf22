"""The contestant's side of the conversation, and how a load is run.

Nothing but the standard library: contestants of other environments run it too.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any
from uuid import UUID, uuid4

Wish = dict[str, Any]
Figures = dict[str, float]

EVENTS_A_STREAM = 5
"""Clients write streams of this length one after another, as a lead's life is."""

BODY = (
    b'{"at":"2026-03-02T09:00:00Z","by":{"id":"rep-7","role":"rep","via":"key:lk_3f9a1c"},"made_by":"rep-7",'
    b'"channel":"call","outcome":"reached","evidence":{"provider":"twilio","id":"CA0123456789abcdef0123456789abcdef"},'
    b'"duration_seconds":240,"note":null}'
)
"""What one event weighs, for everybody."""


def answer(run: Callable[[Wish], Figures]) -> None:
    """Answer each line until there are no more."""
    _say({"ready": True})
    for line in sys.stdin:
        _say(run(json.loads(line)))


async def answer_async(run: Callable[[Wish], Awaitable[Figures]]) -> None:
    """Answer each line until there are no more, on one event loop."""
    _say({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        _say(await run(json.loads(line)))


def in_threads(client: Callable[[], Callable[[], None]], wish: Wish) -> Figures:
    """Let so many clients act for so many seconds, each in a thread of its own."""
    begin, latencies = threading.Event(), list[float]()
    troubles = list[BaseException]()

    def work(act: Callable[[], None]) -> None:
        begin.wait()
        try:
            while (started := time.perf_counter()) < end:
                act()
                latencies.append(time.perf_counter() - started)
        except BaseException as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=work, args=[client()]) for _ in range(int(wish["in_flight"]))]
    for thread in threads:
        thread.start()
    started = time.perf_counter()
    end = started + float(wish["seconds"])
    begin.set()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]
    return figures(latencies, time.perf_counter() - started)


async def in_tasks(client: Callable[[], Callable[[], Awaitable[object]]], wish: Wish) -> Figures:
    """Let so many clients act for so many seconds, all on this event loop."""
    latencies = list[float]()

    async def work(act: Callable[[], Awaitable[object]]) -> None:
        while (begun := time.perf_counter()) < end:
            await act()
            latencies.append(time.perf_counter() - begun)

    acts = [client() for _ in range(int(wish["in_flight"]))]
    started = time.perf_counter()
    end = started + float(wish["seconds"])
    await asyncio.gather(*map(work, acts))
    return figures(latencies, time.perf_counter() - started)


def figures(latencies: list[float], seconds: float) -> Figures:
    """What the load came to."""
    latencies.sort()
    return {
        "per_second": len(latencies) / seconds,
        "p50_ms": 1000 * latencies[len(latencies) // 2],
        "p99_ms": 1000 * latencies[len(latencies) * 99 // 100],
    }


class Streams:
    """Where a client's next events go."""

    def __init__(self) -> None:
        self._versions = count()
        self._stream = uuid4()

    def place_for(self, events: int) -> tuple[UUID, int]:
        """The stream to append to, and its version so far."""
        version = next(self._versions) * events
        if version >= EVENTS_A_STREAM:
            self._versions, self._stream, version = count(1), uuid4(), 0
        return self._stream, version


def _say(what: Figures) -> None:
    print(json.dumps(what), flush=True)
