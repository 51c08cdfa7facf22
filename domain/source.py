"""Where leads come from: a source is registered before its leads count, and may be retired."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from domain.event import Event
from domain.identity import SourceId, TeamId, fit
from domain.occasion import Occasion
from domain.refusal import Refusal


@dataclass(frozen=True, kw_only=True)
class SourceRegistered(Event):
    """Leads may come from here, into the queue of this team."""

    source: SourceId
    team: TeamId | None = None


@dataclass(frozen=True, kw_only=True)
class SourceRetired(Event):
    """No new leads come from here."""

    source: SourceId


SourceEvent = SourceRegistered | SourceRetired


@dataclass(frozen=True)
class Source:
    """A source as the record tells."""

    id: SourceId | None = None
    team: TeamId | None = None
    retired: bool = False
    changed_at: datetime | None = None


class SourceUnknown(Refusal):
    """No source called {source} is on record; register it first with POST /sources."""


class SourceIsRetired(Refusal):
    """Source {source} is retired and brings no new leads."""


def evolve(source: Source, event: SourceEvent) -> Source:
    """The source after this event."""
    match event:
        case SourceRegistered():
            return Source(id=event.source, team=event.team, changed_at=event.at)
        case SourceRetired():
            return replace(source, retired=True, changed_at=event.at)
        case _:
            assert_never(event)


def replay(events: Iterable[SourceEvent]) -> Source:
    """The source as the record tells."""
    source = Source()
    for event in events:
        source = evolve(source, event)
    return source


def known(source: Source, id: SourceId) -> SourceId:
    """The id of a source that is on record, be it retired."""
    if source.id is None:
        raise SourceUnknown(source=id)
    return source.id


def bringing_leads(source: Source, id: SourceId) -> Source:
    """A source that is on record and not retired."""
    known(source, id)
    if source.retired:
        raise SourceIsRetired(source=id)
    return source


def register(source: Source, id: SourceId, team: TeamId | None, on: Occasion) -> list[SourceEvent]:
    """Registering again sends later leads to another team, and brings a retired source back."""
    if source.id is not None and not source.retired and source.team == team:
        return []
    on.not_before(source.changed_at)
    return [SourceRegistered(source=fit(id), team=team, at=on.at, by=on.by)]


def retire(source: Source, id: SourceId, on: Occasion) -> list[SourceEvent]:
    """A source that is not on record cannot be retired."""
    known(source, id)
    if source.retired:
        return []
    on.not_before(source.changed_at)
    return [SourceRetired(source=id, at=on.at, by=on.by)]
