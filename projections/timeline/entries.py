"""The table of the timeline: an entry an event, written once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.event import Recorded
from domain.lead.events import Channel, Grade, LeadReplied, Outreach
from projections.projector import Entries, Table


class Entry(NamedTuple):
    """One event, told."""

    stream: UUID
    version: int
    position: int
    at: datetime
    recorded_at: datetime
    who: str
    role: str
    via: str
    what: str
    sentence: str
    channel: Channel | None
    """Of an outreach or a reply."""
    grade: Grade | None
    """Of an outreach, by itself: that a later reply corroborates it is seen when it is read."""


ENTRIES = Table(
    "timeline",
    """
    stream uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    who text NOT NULL,
    role text NOT NULL,
    via text NOT NULL,
    what text NOT NULL,
    sentence text NOT NULL,
    channel text,
    grade text
    """,
    indexes=(
        "(stream, version)",
        "(stream, at, version)",
        "(stream, channel, at) WHERE what = 'LeadReplied'",
    ),
)


def entry(recorded: Recorded[Any], sentence: str) -> Entry:
    """The sentence with all that stands beside it."""
    event = recorded.event
    outreach = isinstance(event, Outreach)
    return Entry(
        recorded.stream,
        recorded.version,
        recorded.position,
        event.at,
        recorded.recorded_at,
        event.by.id,
        event.by.role,
        event.by.via,
        type(event).__name__,
        sentence,
        event.channel if outreach or isinstance(event, LeadReplied) else None,
        None if not outreach else "verified" if event.evidence else "claimed",
    )


timeline = Entries[Entry, str](name="timeline", version=2, table=ENTRIES, row=Entry, entry=entry)
