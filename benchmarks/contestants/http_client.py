"""Callers over HTTP: as many connections as there are callers, kept open, and as little work a request as can be.

It speaks just enough HTTP for servers that answer with a content-length, so that it is not what is measured.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.contestants.answering import Figures, Wish, answer_async, figures

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"


class NotWhatWasAsked(Exception):
    """The server refused."""


class Caller(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], end: float) -> None:
        self._requests, self._latencies, self._end = requests, latencies, end
        self._buffer = b""
        self._asked = 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask at once."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Wait for the whole answer, then ask again."""
        self._buffer += data
        head = self._buffer.find(END_OF_HEAD)
        if head < 0:
            return
        length = LENGTH.search(self._buffer, 0, head + 2)
        assert length, self._buffer
        if len(self._buffer) < head + len(END_OF_HEAD) + int(length[1]):
            return
        if not self._buffer.startswith(b"HTTP/1.1 2"):
            self._finish(NotWhatWasAsked(self._buffer.decode()))
            return
        self._buffer = b""
        self._latencies.append(time.perf_counter() - self._asked)
        if time.perf_counter() < self._end:
            self._ask()
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Too early, unless all is done."""
        self._finish(exc or NotWhatWasAsked("the server hung up"))

    def _ask(self) -> None:
        assert self._transport is not None
        self._asked = time.perf_counter()
        self._transport.write(next(self._requests))

    def _finish(self, trouble: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(trouble) if trouble else self.done.set_result(None)
            if self._transport is not None:
                self._transport.close()


async def compete(port: int, paths: Sequence[str]) -> None:
    """Call until told to stop."""

    async def run(wish: Wish) -> Figures:
        requests = [_request(wish.get("method", "POST"), path, wish["headers"], wish.get("body")) for path in paths]
        supply, latencies = cycle(requests), list[float]()
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        end = started + wish["seconds"]

        def caller() -> Caller:
            return Caller(supply, latencies, end)

        callers = [(await loop.create_connection(caller, "127.0.0.1", port))[1] for _ in range(wish["in_flight"])]
        await asyncio.gather(*(caller.done for caller in callers))
        return figures(latencies, time.perf_counter() - started)

    await answer_async(run)


def _request(method: str, path: str, headers: dict[str, str], body: object) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode() + content


if __name__ == "__main__":
    # The file says what to ask for, a path a line.
    uvloop.run(compete(int(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8").split()))
