"""Our log behind the eventsourcing library's recorder interface, to be held to the library's own test cases.

The library's streams may begin at version 0, ours at 1. The first byte of what we store says which it was.
"""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    ProcessRecorder,
    ProgrammingError,
    StoredEvent,
    Subscription,
    Tracking,
)
from psycopg.pq import Format

from adapters.batch import APPEND, Waiting, parameters
from adapters.postgres_recorder import PostgresRecorder
from adapters.recorder import Missed, Request, Row
from domain.identity import StreamId

T = TypeVar("T")

TRACKING = """
CREATE TABLE IF NOT EXISTS public.tracking (
    application_name text   NOT NULL,
    notification_id  bigint NOT NULL,
    PRIMARY KEY (application_name, notification_id)
)
"""


class LogAsAggregateRecorder(AggregateRecorder):
    """Synchronous: our recorder works on an event loop in a thread of its own."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._log = self._run(_opened(dsn))
        self._first_versions: dict[UUID, int] = {}

    def close(self) -> None:
        self._run(self._log.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        self._insert(stored_events)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        found = [_theirs(row) for row in self._run(self._log.load([(_stream(originator_id), 0)]))]
        wanted = [
            event
            for event in found
            if (gt is None or event.originator_version > gt) and (lte is None or event.originator_version <= lte)
        ]
        return (wanted[::-1] if desc else wanted)[:limit]

    def _insert(self, events: Sequence[StoredEvent]) -> list[int]:
        if not events:
            return []
        answer = self._run(self._log.append(self._request(events)))
        if isinstance(answer, Missed):
            raise IntegrityError("somebody was first")
        return list(range(answer.position - len(events) + 1, answer.position + 1))

    def _request(self, events: Sequence[StoredEvent]) -> Request:
        stream, version = _stream(events[0].originator_id), events[0].originator_version
        if {event.originator_id for event in events} != {events[0].originator_id}:
            raise ProgrammingError("one request is about one stream")
        if [event.originator_version for event in events] != list(range(version, version + len(events))):
            raise IntegrityError("versions are dense")
        first = self._first_version(stream, version)
        data = tuple(bytes([first]) + event.state for event in events)
        return Request(uuid4(), b"", stream, version - first, tuple(event.topic for event in events), data)

    def _first_version(self, stream: StreamId, version: int) -> int:
        if version <= 1 and stream not in self._first_versions:
            self._first_versions[stream] = version
        if stream not in self._first_versions:
            rows = self._run(self._log.load([(stream, 0)]))
            self._first_versions[stream] = rows[0].data[0] if rows else 1
        return self._first_versions[stream]

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=60)


class LogAsApplicationRecorder(LogAsAggregateRecorder, ApplicationRecorder):
    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        return self._insert(stored_events)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = 0 if start is None else start - inclusive_of_start
        found: list[Notification] = []
        while len(found) < limit and (rows := self._run(self._log.read(after, limit))):
            after = rows[-1].position
            found += [_notification(row) for row in rows if not topics or row.topic in topics]
        return [one for one in found if stop is None or one.id <= stop][:limit]

    def max_notification_id(self) -> int | None:
        return self._run(self._log.head()) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        raise NotImplementedError("our followers read and wait")


class LogAsProcessRecorder(LogAsApplicationRecorder, ProcessRecorder):
    """With a position of somebody else's stored in the transaction of the append."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        with psycopg.connect(dsn) as connection:
            connection.execute(TRACKING)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        tracking: Tracking | None = kwargs.get("tracking")
        if tracking is None:
            return self._insert(stored_events)
        with psycopg.connect(self.dsn) as connection:
            _track(connection, tracking)
            return self._insert_within(connection, stored_events)

    def insert_tracking(self, tracking: Tracking) -> None:
        with psycopg.connect(self.dsn) as connection:
            _track(connection, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        with psycopg.connect(self.dsn) as connection:
            found = connection.execute(
                "SELECT max(notification_id) FROM public.tracking WHERE application_name = %s", [application_name]
            ).fetchone()
        return found[0] if found else None

    def _insert_within(self, connection: psycopg.Connection, events: Sequence[StoredEvent]) -> Sequence[int] | None:
        if not events:
            return None
        waiting = Waiting(self._request(events), self._loop.create_future(), 0)
        values = parameters([waiting], stamped=False)
        result = connection.pgconn.exec_params(
            APPEND.encode(), values, param_formats=[Format.BINARY] * len(values), result_format=Format.TEXT
        )
        if result.ntuples != 1:
            raise IntegrityError("somebody was first")
        head = int(result.get_value(0, 4) or 0)
        return list(range(head + 1, head + 1 + len(events)))


def _track(connection: psycopg.Connection, tracking: Tracking) -> None:
    inserted = connection.execute(
        """
        INSERT INTO public.tracking (application_name, notification_id)
        SELECT %(name)s, %(id)s
        WHERE NOT EXISTS (
            SELECT
            FROM public.tracking
            WHERE application_name = %(name)s
              AND notification_id >= %(id)s
        )
        """,
        {"name": tracking.application_name, "id": tracking.notification_id},
    )
    if not inserted.rowcount:
        raise IntegrityError("tracked already")


async def _opened(dsn: str) -> PostgresRecorder:
    recorder = PostgresRecorder(dsn, stamped=False)
    await recorder.open()
    return recorder


def _stream(originator_id: UUID | str) -> StreamId:
    return StreamId(originator_id if isinstance(originator_id, UUID) else UUID(originator_id))


def _theirs(row: Row) -> StoredEvent:
    return StoredEvent(row.stream, row.version - 1 + row.data[0], row.topic, row.data[1:])


def _notification(row: Row) -> Notification:
    return Notification(row.stream, row.version - 1 + row.data[0], row.topic, row.data[1:], row.position)
