"""A server of somebody's at work on a free port of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contestant import ROOT

HOST = "127.0.0.1"
START_WITHIN_SECONDS = 20


class DidNotStart(Exception):
    """Nobody listens on the port."""


@contextmanager
def listening(command: Callable[[int], Sequence[str | Path]], env: Mapping[str, str] | None = None) -> Iterator[int]:
    """Start it, wait until it listens, and end it afterwards; the answer is its port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    server = subprocess.Popen(
        [str(word) for word in command(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )
    try:
        give_up_at = time.monotonic() + START_WITHIN_SECONDS
        while not _answers(port):
            if time.monotonic() > give_up_at or server.poll() is not None:
                raise DidNotStart(server.args)
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
