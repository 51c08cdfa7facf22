"""Values and arrays in PostgreSQL's binary form: many times faster to write than to have written."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

_BYTEA, _TEXT, _INTEGER, _UUID = 17, 25, 23, 2950
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FOUR, _SIXTEEN = (4).to_bytes(4, "big"), (16).to_bytes(4, "big")
_array = struct.Struct(">iiIii").pack


def uuids(values: Sequence[UUID]) -> bytes:
    """`uuid[]`."""
    return _SIXTEEN.join([_array(1, 0, _UUID, len(values), 1), *[value.int.to_bytes(16, "big") for value in values]])


def integers(values: Sequence[int]) -> bytes:
    """`integer[]`."""
    return _FOUR.join(
        [_array(1, 0, _INTEGER, len(values), 1), *[value.to_bytes(4, "big", signed=True) for value in values]]
    )


def byteas(values: Sequence[bytes]) -> bytes:
    """`bytea[]`."""
    return _of_any_length(_BYTEA, values, len(values))


def texts(values: Sequence[str]) -> bytes:
    """`text[]`."""
    return _of_any_length(_TEXT, [value.encode() for value in values], len(values))


def bigint(value: int) -> bytes:
    """`bigint`."""
    return value.to_bytes(8, "big", signed=True)


def timestamptz(instant: datetime) -> bytes:
    """`timestamptz`."""
    return bigint((instant - _POSTGRES_EPOCH) // _MICROSECOND)


def boolean(value: bool) -> bytes:
    """`boolean`."""
    return b"\x01" if value else b"\x00"


def to_int(data: bytes | None) -> int:
    """Read an integer of any size."""
    assert data is not None  # noqa: S101 - the column is NOT NULL
    return int.from_bytes(data, "big", signed=True)


def to_uuid(data: bytes) -> UUID:
    """Read a uuid."""
    return UUID(int=int.from_bytes(data, "big"))


def to_datetime(data: bytes) -> datetime:
    """Read a timestamptz."""
    return _POSTGRES_EPOCH + timedelta(0, 0, int.from_bytes(data, "big", signed=True))


def _of_any_length(oid: int, values: Iterable[bytes], count: int) -> bytes:
    parts = [_array(1, 0, oid, count, 1)]
    for value in values:
        parts.append(len(value).to_bytes(4, "big"))
        parts.append(value)
    return b"".join(parts)
