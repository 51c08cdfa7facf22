"""The log in PostgreSQL: the group commit writes it, the reader reads it, the waker tells, the follower hears."""

from __future__ import annotations

from collections.abc import Callable

from adapters.follower import Follower, Waker
from adapters.group_commit import GroupCommit
from adapters.log_reader import LogReader
from domain.identity import Position


class PostgresRecorder:
    """Connects when something is asked of it, so that each process holds only the connections it uses."""

    def __init__(
        self,
        conninfo: str,
        *,
        stamped: bool = True,
        lanes: int = 2,
        give_up_after_seconds: float = 5.0,
        longest_queue: int = 20_000,
        look_every_seconds: float = 0.5,
    ) -> None:
        self.on_reconnect: Callable[[], None] | None = None
        self._reader = LogReader(conninfo, give_up_after_seconds=give_up_after_seconds, on_lost=self._lost)
        self._waker = Waker(conninfo)
        self._follower = Follower(conninfo, look_every_seconds=look_every_seconds, on_durable=self._reader.is_durable)
        self._commits = GroupCommit(
            conninfo,
            stamped=stamped,
            lanes=lanes,
            give_up_after_seconds=give_up_after_seconds,
            longest_queue=longest_queue,
            on_durable=self._durable,
            on_lost=self._lost,
        )
        self.append = self._commits.append
        self.load = self._reader.load
        self.find_command = self._reader.find_command
        self.read = self._reader.read
        self.head = self._reader.head
        self.position_known_by = self._reader.position_known_by
        self.wait = self._follower.wait

    async def open(self) -> None:
        """Begin to work."""
        await self._commits.open()

    async def close(self) -> None:
        """End."""
        await self._commits.close()
        await self._waker.close()
        await self._follower.close()
        self._reader.close()

    def _durable(self, position: Position) -> None:
        self._reader.is_durable(position)
        self._follower.saw(position)
        self._waker.tell(position)

    def _lost(self) -> None:
        if self.on_reconnect is not None:
            self.on_reconnect()
