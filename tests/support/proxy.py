"""A wire that breaks on purpose: it stands between us and PostgreSQL and cuts between two messages of the protocol."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

from psycopg.conninfo import conninfo_to_dict, make_conninfo

Side = Literal["client", "server"]


class Proxy:
    """Lets all messages pass until it is told to cut."""

    def __init__(self, dsn: str) -> None:
        self.cuts = 0
        self._server = conninfo_to_dict(dsn)
        self._cut_after: tuple[Side, int] | None = None

    def cut_after(self, side: Side, messages: int) -> None:
        """Cut, once, when so many more messages of this side have passed."""
        self._cut_after = (side, messages)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(
            str(self._server["host"]), int(str(self._server["port"]))
        )

        def cut() -> None:
            for end in (writer, upstream_writer):
                end.transport.abort()

        await asyncio.gather(
            self._pass(reader, upstream_writer, "client", cut), self._pass(upstream_reader, writer, "server", cut)
        )

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, side: Side, cut: Callable[[], None]
    ) -> None:
        # Only the very first message of a client has no type.
        typed = side == "server"
        try:
            while True:
                kind = await reader.readexactly(1) if typed else b""
                length = await reader.readexactly(4)
                body = await reader.readexactly(int.from_bytes(length, "big") - 4)
                typed = True
                if self._is_time_to_cut(side):
                    self.cuts += 1
                    cut()
                    return
                writer.write(kind + length + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            cut()

    def _is_time_to_cut(self, side: Side) -> bool:
        match self._cut_after:
            case (cut_side, 0) if cut_side == side:
                self._cut_after = None
                return True
            case (cut_side, messages) if cut_side == side:
                self._cut_after = (side, messages - 1)
        return False


@asynccontextmanager
async def breakable(dsn: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy, and the address by which it is reached instead of the server."""
    proxy = Proxy(dsn)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        yield proxy, make_conninfo(dsn, host="127.0.0.1", port=server.sockets[0].getsockname()[1])
