"""A server of the tests in a thread of its own, so that sync tests, async tests and other processes reach it alike."""

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

Answer = TypeVar("Answer")
LOOPBACK = "127.0.0.1"


class Aside:
    """Listens on a free port from `with` to its end."""

    port: int

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    async def _listen(self, port: int) -> asyncio.Server:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shut()
        self._do(self._end_everything())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def open(self) -> None:
        """Listen: on a free port, and after `shut` on the same one again."""
        self._server = self._do(self._listen(getattr(self, "port", 0)))
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Nobody listens on the port any more; who is connected stays so."""
        self._do(self._close())

    async def _close(self) -> None:
        self._server.close()

    async def _end_everything(self) -> None:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _do(self, what: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(timeout=10)
