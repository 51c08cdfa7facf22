"""One connection to PostgreSQL that sends ahead and collects the answers in order.

It drives libpq's pipeline mode itself. psycopg's own asyncio pipeline costs several times as much for a statement, and
the log sends two with every batch. Every statement is a transaction of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import psycopg
from psycopg import pq
from psycopg.pq.abc import PGconn, PGresult

Statement = tuple[str, Sequence[bytes | None]]
"""The name of a prepared statement, and its parameters in binary form."""

CONNECT_WITHIN_SECONDS = 5
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class WireLost(Exception):
    """The connection to PostgreSQL is gone; what was under way may or may not have happened."""


class StatementFailed(Exception):
    """PostgreSQL answered with an error."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(f"{message} (SQLSTATE {sqlstate})")
        self.sqlstate = sqlstate


class _Exchange:
    """Statements under way, and who waits for their results."""

    __slots__ = ("future", "outstanding", "results")

    def __init__(self, outstanding: int, future: asyncio.Future[list[PGresult]]) -> None:
        self.outstanding = outstanding
        self.future = future
        self.results: list[PGresult] = []


class Wire:
    """A connection with its statements prepared."""

    def __init__(self, connection: psycopg.AsyncConnection, on_notify: Callable[[bytes], None] | None) -> None:
        self._connection = connection  # holds the libpq connection open
        self._pq: PGconn = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._socket = self._pq.socket
        self._under_way: deque[_Exchange] = deque()
        self._on_notify = on_notify
        self._writing = False
        self._lost: Exception | None = None
        self.on_lost: Callable[[], None] | None = None
        self._pq.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._readable)

    @classmethod
    async def connect(
        cls, conninfo: str, statements: Mapping[str, str], *, on_notify: Callable[[bytes], None] | None = None
    ) -> Wire:
        """Connect and prepare; raises WireLost or StatementFailed."""
        connecting = asyncio.create_task(
            psycopg.AsyncConnection.connect(conninfo, autocommit=True, connect_timeout=CONNECT_WITHIN_SECONDS)
        )
        try:
            connection = await asyncio.shield(connecting)
        except psycopg.OperationalError as problem:
            raise WireLost(f"PostgreSQL cannot be reached: {problem}") from problem
        except asyncio.CancelledError:
            # Left half made, it would hold a backend in the middle of its authentication, which blocks DROP DATABASE.
            await asyncio.wait([connecting])
            if not connecting.cancelled() and connecting.exception() is None:
                connecting.result().pgconn.finish()
            raise
        wire = cls(connection, on_notify)
        try:
            for name, text in statements.items():
                wire._pq.send_prepare(name.encode(), text.encode())
                await wire._sent(1)
        except BaseException:
            wire.close()
            raise
        return wire

    @property
    def usable(self) -> bool:
        """Whether the connection still stands, as far as we know."""
        return self._lost is None

    async def exchange(self, *statements: Statement) -> list[PGresult]:
        """Send the statements together, and return their results when all have ended."""
        if self._lost is not None:
            raise WireLost(str(self._lost))
        try:
            for name, parameters in statements:
                formats = [pq.Format.BINARY] * len(parameters)
                self._pq.send_query_prepared(name.encode(), parameters, formats, result_format=pq.Format.BINARY)
                self._pq.pipeline_sync()
        except psycopg.OperationalError as problem:
            self._lose(problem)
            raise WireLost(str(problem)) from problem
        return await self._sent(len(statements), synced=True)

    def close(self) -> None:
        """Drop the connection; whoever waits learns that it is lost."""
        self._lose(WireLost("the connection was closed"))

    async def _sent(self, count: int, *, synced: bool = False) -> list[PGresult]:
        exchange = _Exchange(count, self._loop.create_future())
        self._under_way.append(exchange)
        try:
            if not synced:
                self._pq.pipeline_sync()
            self._flush()
        except psycopg.OperationalError as problem:
            self._lose(problem)
        results = await exchange.future
        for result in results:
            if result.status not in _GOOD:
                raise _failure(result)
        return results

    def _flush(self) -> None:
        if self._pq.flush():
            if not self._writing:
                self._writing = True
                self._loop.add_writer(self._socket, self._writable)
        elif self._writing:
            self._writing = False
            self._loop.remove_writer(self._socket)

    def _writable(self) -> None:
        try:
            self._flush()
        except psycopg.OperationalError as problem:
            self._lose(problem)

    def _readable(self) -> None:
        connection = self._pq
        try:
            connection.consume_input()
            if self._writing:
                self._flush()
            ends_of_command = 0
            while self._under_way and not connection.is_busy():
                result = connection.get_result()
                if result is None:
                    # One ends each command's results; two together would say that libpq has no more to tell.
                    ends_of_command += 1
                    if ends_of_command > 1:
                        break
                    continue
                ends_of_command = 0
                exchange = self._under_way[0]
                if result.status == pq.ExecStatus.PIPELINE_SYNC:
                    exchange.outstanding -= 1
                    if not exchange.outstanding:
                        self._under_way.popleft()
                        if not exchange.future.done():
                            exchange.future.set_result(exchange.results)
                else:
                    exchange.results.append(result)
            if self._on_notify is not None:
                while (notice := connection.notifies()) is not None:
                    self._on_notify(notice.extra)
        except psycopg.OperationalError as problem:
            self._lose(problem)
            return
        if connection.status == pq.ConnStatus.BAD:
            self._lose(WireLost("PostgreSQL ended the connection"))

    def _lose(self, problem: Exception) -> None:
        if self._lost is not None:
            return
        self._lost = problem
        self._loop.remove_reader(self._socket)
        if self._writing:
            self._loop.remove_writer(self._socket)
        self._pq.finish()
        while self._under_way:
            exchange = self._under_way.popleft()
            if not exchange.future.done():
                exchange.future.set_exception(_why_lost(exchange, problem))
        if self.on_lost is not None:
            self.on_lost()


def _why_lost(exchange: _Exchange, problem: Exception) -> Exception:
    # The server's last words, where it had any, say more than the broken connection.
    for result in exchange.results:
        if result.status not in _GOOD:
            return WireLost(str(_failure(result)))
    return WireLost(f"the connection to PostgreSQL was lost: {problem}")


def _failure(result: PGresult) -> StatementFailed:
    sqlstate = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    message = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"the statement was skipped").decode(
        "utf-8", "replace"
    )
    return StatementFailed(sqlstate, message)
