"""Requests that travel together: which may, how they are written for `log.append`, and how its verdicts are read."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import chain
from uuid import UUID

from psycopg.pq.abc import PGresult

from adapters import binary
from adapters.recorder import Missed, Request, Row
from domain.identity import Position
from domain.log import Appended, CommandIdReused

MOST_REQUESTS = 512
MOST_EVENTS = 5_000
MOST_BYTES = 4_000_000

# More than this is not looked through, so that one much wanted stream cannot make every batch read the whole queue.
MOST_LOOKED_AT = 4 * MOST_REQUESTS

_PLACES = ", ".join(f"${number}" for number in range(1, 27))
APPEND = f"SELECT * FROM log.append({_PLACES})"  # noqa: S608 - only the places of parameters


class Waiting:
    """A request, and who waits for its answer."""

    __slots__ = ("answer", "give_up_at", "request")

    def __init__(self, request: Request, answer: asyncio.Future[Appended | Missed], give_up_at: float) -> None:
        self.request = request
        self.answer = answer
        self.give_up_at = give_up_at


def take(queue: deque[Waiting], under_way: set[UUID]) -> list[Waiting]:
    """Take from the queue what may go together; what touches a request before it stays, in order, for a later batch.

    So every request of a batch can be judged by what stood in the log before the batch, and none overtakes another on
    the same stream. `under_way` are the streams and command ids of the batches not yet answered.
    """
    batch: list[Waiting] = []
    stays: list[Waiting] = []
    touched = under_way.copy()
    events = size = 0
    for _ in range(min(len(queue), MOST_LOOKED_AT)):
        if len(batch) >= MOST_REQUESTS or events >= MOST_EVENTS or size >= MOST_BYTES:
            break
        waiting = queue.popleft()
        if waiting.answer.done():
            continue
        request = waiting.request
        touches = request.stream in touched or request.command_id in touched
        if request.guards and not touches:
            touches = any(guard in touched for guard, _ in request.guards)
        # Also for one that stays: what comes after it must not overtake it.
        touched.add(request.stream)
        touched.add(request.command_id)
        if touches:
            stays.append(waiting)
            continue
        batch.append(waiting)
        events += len(request.data)
        size += sum(map(len, request.data))
    queue.extendleft(reversed(stays))
    return batch


def touched(batch: Sequence[Waiting]) -> set[UUID]:
    """The streams and the command ids of a batch."""
    return {id for waiting in batch for id in (waiting.request.stream, waiting.request.command_id)}


def parameters(batch: Sequence[Waiting], *, stamped: bool) -> list[bytes | None]:
    """What `log.append` wants to know, in its order."""
    requests = [waiting.request for waiting in batch]
    counts = [len(request.data) for request in requests]
    if max(counts) == 1 == min(counts):
        numbers = list(range(1, len(requests) + 1))
        event_streams = [request.stream for request in requests]
        event_versions = [request.expected_version + 1 for request in requests]
        topics = topic_lists = [request.topics[0] for request in requests]
    else:
        numbers = [number for number, count in enumerate(counts, start=1) for _ in range(count)]
        event_streams = [request.stream for request in requests for _ in request.data]
        event_versions = [
            request.expected_version + 1 + nth for request in requests for nth in range(len(request.data))
        ]
        topics = list(chain.from_iterable(request.topics for request in requests))
        topic_lists = [" ".join(request.topics) for request in requests]
    streams = binary.uuids([request.stream for request in requests])
    return [
        binary.boolean(stamped),
        binary.uuids([request.command_id for request in requests]),
        binary.byteas([request.fingerprint for request in requests]),
        streams,
        binary.integers([request.expected_version for request in requests]),
        binary.integers(counts),
        binary.texts(topic_lists),
        binary.integers(numbers),
        binary.uuids(event_streams),
        binary.integers(event_versions),
        binary.texts(topics),
        binary.byteas(list(chain.from_iterable(request.data for request in requests))),
        *_guards(requests),
        *_keys(requests),
        *_sealed(requests),
    ]


def settle(batch: Sequence[Waiting], result: PGresult) -> Position:
    """Give every request its answer, and return the log's head after the batch."""
    get = result.get_value
    last = result.ntuples - 1
    refused = _refusals(result, last) if last else {}
    position = binary.to_int(get(last, 4))
    for number, waiting in enumerate(batch, start=1):
        request = waiting.request
        verdict = refused.get(number)
        if verdict is None:
            position += len(request.data)
            verdict = Appended(request.expected_version + len(request.data), Position(position), request.topics)
        if waiting.answer.done():
            continue
        if isinstance(verdict, CommandIdReused):
            waiting.answer.set_exception(verdict)
        else:
            waiting.answer.set_result(verdict)
    return Position(position)


def _refusals(result: PGresult, last: int) -> dict[int, Appended | Missed | CommandIdReused]:
    get = result.get_value
    refused: dict[int, Appended | Missed | CommandIdReused] = {}
    for row in range(last):
        number = binary.to_int(get(row, 1))
        match get(row, 0):
            case b"conflict":
                refused[number] = Missed([])
            case b"missing":
                missed = refused[number]
                assert isinstance(missed, Missed)  # noqa: S101 - a request's verdict comes before what it missed
                missed.rows.append(row_of(result, row, 2))
            case b"repeated":
                refused[number] = Appended(
                    binary.to_int(get(row, 3)),
                    Position(binary.to_int(get(row, 4))),
                    tuple((get(row, 5) or b"").decode().split()),
                    repeated=True,
                )
            case _:
                refused[number] = CommandIdReused()
    return refused


def row_of(result: PGresult, row: int, column: int) -> Row:
    """Read an event from six columns: stream, version, position, topic, data, recorded_at."""
    get = result.get_value
    return Row(
        int.from_bytes(get(row, column + 2) or b"", "big"),
        binary.to_uuid(get(row, column) or b""),
        int.from_bytes(get(row, column + 1) or b"", "big"),
        (get(row, column + 3) or b"").decode(),
        get(row, column + 4) or b"",
        binary.to_datetime(get(row, column + 5) or b""),
    )


def _guards(requests: list[Request]) -> list[bytes | None]:
    guards = [(number, *guard) for number, request in enumerate(requests, start=1) for guard in request.guards]
    if not guards:
        return [None] * 3
    numbers, streams, versions = zip(*guards, strict=True)
    return [binary.integers(numbers), binary.uuids(streams), binary.integers(versions)]


def _keys(requests: list[Request]) -> list[bytes | None]:
    keys = [(number, key) for number, request in enumerate(requests, start=1) for key in request.keys]
    if not keys:
        return [None] * 5
    return [
        binary.integers([number for number, _ in keys]),
        binary.uuids([key.key_id for _, key in keys]),
        binary.uuids([key.subject for _, key in keys]),
        binary.texts([key.epoch for _, key in keys]),
        binary.byteas([key.wrapped for _, key in keys]),
    ]


def _sealed(requests: list[Request]) -> list[bytes | None]:
    rows = [(number, row) for number, request in enumerate(requests, start=1) for row in request.sealed]
    if not rows:
        return [None] * 6
    return [
        binary.integers([number for number, _ in rows]),
        binary.uuids([row.ref for _, row in rows]),
        binary.uuids([row.subject for _, row in rows]),
        binary.uuids([row.key_id for _, row in rows]),
        binary.texts([row.kind for _, row in rows]),
        binary.byteas([row.ciphertext for _, row in rows]),
    ]
