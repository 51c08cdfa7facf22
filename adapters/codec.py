"""How an event is written down: flat JSON under our own names, which stay readable for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from adapters.recorder import Row
from domain.calendar import CalendarEvent
from domain.event import Actor, Event, Recorded, Unreadable
from domain.identity import Position, StreamId
from domain.lead.events import LeadEvent
from domain.person import PersonEvent
from domain.policy import PolicyEvent
from domain.rulebook import RulebookEvent
from domain.seat import SeatEvent
from domain.source import SourceEvent
from domain.team import TeamEvent

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

EVENTS: Mapping[str, type[Event]] = {
    f"{event.__name__}.v1": event
    for union in (
        LeadEvent,
        PersonEvent,
        TeamEvent,
        SeatEvent,
        SourceEvent,
        CalendarEvent,
        PolicyEvent,
        RulebookEvent,
    )
    for event in get_args(union) or (union,)
}
"""Every event there is, by the name it is stored under."""

UPCASTERS: dict[str, tuple[str, Upcaster]] = {}
"""For each form no longer written: the form that came next, and how its fields become that form's fields."""

# More steps than this from one form to today's would be a circle.
MOST_UPCASTS = 100

NOBODY = UUID(int=0)

_TYPES = {topic: TypeAdapter[Event](event) for topic, event in EVENTS.items()}
_WRITE = {event: (topic, _TYPES[topic].serializer.to_json) for topic, event in EVENTS.items()}
_READ = {topic: kind.validator.validate_json for topic, kind in _TYPES.items()}


class UnknownForm(ValueError):
    """No event is stored under this name, and no upcaster leads from it to one that is."""


def heading(command_id: UUID, caused_by: UUID | None) -> bytes:
    """What the events of one command have in common; the database writes `{"recorded_at":"…",` before it."""
    cause = b"null" if caused_by is None else b'"%s"' % str(caused_by).encode()
    return b'"command_id":"%s","caused_by":%s,' % (str(command_id).encode(), cause)


def encode(event: Event, heading: bytes) -> tuple[str, bytes]:
    """The event's stored name, and its stored form but for the beginning."""
    topic, write = _WRITE[type(event)]
    return topic, heading + write(event)[1:]


def name_of(event: Event) -> str:
    """The name that the event is stored under."""
    return event.topic if isinstance(event, Unreadable) else _WRITE[type(event)][0]


def decode(row: Row) -> Recorded[Event]:
    """Whatever stands in the row: what cannot be read comes back as Unreadable, so that one event stops no follower."""
    position, stream, version, topic, data, recorded_at = row
    try:
        read = _READ.get(topic)
        if read is None:
            topic, data = _upcast(topic, data)
            read = _READ[topic]
        command_id, caused_by = _origin(data)
        event = read(data)
    except Exception as problem:  # whatever is wrong with the bytes, the follower's answer is the same
        return _unreadable(row, problem)
    return Recorded(event, StreamId(stream), version, Position(position), recorded_at, command_id, caused_by)


def stamp(recorded_at: datetime) -> bytes:
    """The beginning of a stored form, as the database writes it."""
    return b'{"recorded_at":"%s",' % recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()


def _origin(data: bytes) -> tuple[UUID, UUID | None]:
    # Where our own writing put them, always in the same places; parsing all of it twice would cost as much again.
    if data[43:59] == b'","command_id":"' and data[95:109] == b'","caused_by":':
        if data[109:114] == b"null,":
            return _uuid(data[59:95]), None
        return _uuid(data[59:95]), _uuid(data[110:146])
    fields = from_json(data)
    caused_by = fields["caused_by"]
    return UUID(fields["command_id"]), None if caused_by is None else UUID(caused_by)


def _uuid(text: bytes) -> UUID:
    # As its text says it, in half of the time.
    return UUID(int=int(text.replace(b"-", b""), 16))


def _upcast(topic: str, data: bytes) -> tuple[str, bytes]:
    fields = from_json(data)
    for _ in range(MOST_UPCASTS):
        if topic not in UPCASTERS:
            break
        topic, upcast = UPCASTERS[topic]
        fields = upcast(fields)
    if topic not in _READ:
        raise UnknownForm(f"no event is stored as {topic}")
    return topic, to_json(fields)


def _unreadable(row: Row, problem: Exception) -> Recorded[Event]:
    event = Unreadable(
        at=row.recorded_at,
        by=Actor(id="unknown", role="service", via="unknown"),
        topic=row.topic,
        # Only the kind of the problem: its words may quote what stands in the event.
        problem=f"{type(problem).__name__} while reading {row.topic} at position {row.position}",
    )
    return Recorded(event, StreamId(row.stream), row.version, Position(row.position), row.recorded_at, NOBODY)
