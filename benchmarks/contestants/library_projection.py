"""The eventsourcing library's ProjectionRunner as a contestant, with our own read models.

The tables, their indexes and the functions that fold an event are ours; that each event is one transaction in which the
row is loaded, changed and written back is how the library's runner works.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import cache
from threading import Event as Signal
from typing import Any, ClassVar
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg import Cursor, sql

from benchmarks.contestants.answering import Figures, Wish, answer
from benchmarks.contestants.library_application import Leads, environment, prepare
from domain.event import Actor, Recorded
from domain.identity import PersonId, Position, StreamId, TeamId
from domain.lead.events import LeadAssigned, LeadContacted, LeadCreated, LeadEvent, LeadFollowedUp
from projections.leads import leads
from projections.projector import Table
from projections.queues import queues
from projections.timeline import timeline

OUTREACHES = 3
GIVE_UP_AFTER_SECONDS = 600.0
BY = Actor("rep-7", "rep", "key:lk_3f9a1c")


class ReadModel(PostgresTrackingRecorder):
    """Our tables, and the library's position, written in one transaction."""

    tables: ClassVar[Sequence[Table]]

    def __init__(self, datastore: PostgresDatastore, **words: Any) -> None:
        super().__init__(datastore, **words)
        for table in self.tables:
            name = _name(table)
            self.sql_create_statements.append(
                sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(name, sql.SQL(table.columns))
            )
            for index in table.indexes:
                self.sql_create_statements.append(sql.SQL("CREATE INDEX ON {} {}").format(name, sql.SQL(index)))

    def tell(self, recorded: Recorded[LeadEvent], tracking: Tracking) -> None:
        """One event, one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self.fold(cursor, recorded)
            self._insert_tracking(cursor, tracking)

    def fold(self, cursor: Cursor[Any], recorded: Recorded[LeadEvent]) -> None:
        """Change what the event changes."""
        raise NotImplementedError


class Queues(ReadModel):
    """What each person has on the plate."""

    tables = queues.tables

    def fold(self, cursor: Cursor[Any], recorded: Recorded[LeadEvent]) -> None:
        """Load the plate, change it, write it back."""
        row = _row(cursor, queues.table, recorded.stream)
        plate = queues.functions[type(recorded.event)](None if row is None else queues.row._make(row), recorded)
        _upsert(cursor, queues.table, plate)


class Timeline(ReadModel):
    """Who did what, a sentence an event."""

    tables = timeline.tables

    def fold(self, cursor: Cursor[Any], recorded: Recorded[LeadEvent]) -> None:
        """Add the sentence."""
        sentence = timeline.functions[type(recorded.event)](recorded.event)
        _insert(cursor, timeline.table, timeline.entry(recorded, sentence))


class Facts(ReadModel):
    """What holds now, and what held before."""

    tables = leads.tables

    def fold(self, cursor: Cursor[Any], recorded: Recorded[LeadEvent]) -> None:
        """Load the facts, go on with the story, write what ended and what holds now."""
        row = _row(cursor, leads.now, recorded.stream)
        story = leads.story() if row is None else leads.story().resumed(row, leads.facts)
        story.tell(recorded)
        for ended in story.past:
            _insert(cursor, leads.past, ended)
        _upsert(cursor, leads.now, story.now())


class Telling(Projection[ReadModel]):
    """Hands each event to its read model, and says when the last one was told."""

    name = "telling"
    last = 0
    done = Signal()

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Put it in our words, and tell it."""
        self.view.tell(
            Recorded(
                _in_our_words(domain_event),
                StreamId(domain_event.originator_id),
                domain_event.originator_version,
                Position(tracking.notification_id),
                domain_event.timestamp,
                COMMAND_ID,
            ),
            tracking,
        )
        if tracking.notification_id >= self.last:
            self.done.set()


COMMAND_ID = uuid4()
READ_MODELS: dict[str, type[ReadModel]] = {"queues": Queues, "timeline": Timeline, "leads": Facts}


def compete(dsn: str, events: int) -> None:
    """Fold until told to stop."""
    env = environment(dsn)
    app = Leads(env)
    for lead_id in prepare(app, max(1, events // (2 + OUTREACHES))):
        for _ in range(OUTREACHES):
            app.reach_out(lead_id)
    Telling.last = app.recorder.max_notification_id() or 0
    app.close()

    def run(wish: Wish) -> Figures:
        with psycopg.connect(dsn, autocommit=True) as owner:
            for model in READ_MODELS.values():
                for table in model.tables:
                    owner.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_name(table)))
            owner.execute("DROP TABLE IF EXISTS telling_tracking")
        Telling.done.clear()
        started = time.perf_counter()
        with ProjectionRunner(
            application_class=Leads, projection_class=Telling, view_class=READ_MODELS[wish["projection"]], env=env
        ):
            if not Telling.done.wait(GIVE_UP_AFTER_SECONDS):
                raise TimeoutError
            return {"per_second": Telling.last / (time.perf_counter() - started)}

    answer(run)


def _in_our_words(event: Any) -> LeadEvent:
    at = event.timestamp
    match type(event).__name__:
        case "Created":
            return LeadCreated(at=at, by=BY, team=TeamId(event.team))
        case "Assigned":
            return LeadAssigned(at=at, by=BY, to=PersonId(event.to))
        case kind:
            act = LeadContacted if kind == "Contacted" else LeadFollowedUp
            return act(
                at=at,
                by=BY,
                made_by=PersonId(event.made_by),
                channel=event.channel,
                outcome=event.outcome,
                duration_seconds=event.duration_seconds,
            )


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(f"library_{table.name}")


def _row(cursor: Cursor[Any], table: Table, stream: UUID) -> tuple[Any, ...] | None:
    found = cursor.execute(_selecting(table), [stream], prepare=True).fetchone()
    return None if found is None else tuple(found.values())


def _insert(cursor: Cursor[Any], table: Table, row: Sequence[Any]) -> None:
    cursor.execute(_inserting(table), list(row), prepare=True)


def _upsert(cursor: Cursor[Any], table: Table, row: Sequence[Any]) -> None:
    cursor.execute(_upserting(table), list(row), prepare=True)


# Words are put together once, since that would be no work of the library's.
@cache
def _selecting(table: Table) -> bytes:
    question = sql.SQL("SELECT {} FROM {} WHERE {} = %s").format(table.names, _name(table), table.key)
    return question.as_bytes(None)


@cache
def _inserting(table: Table) -> bytes:
    places = sql.SQL(", ").join([sql.Placeholder()] * len(table.types))
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(_name(table), table.names, places).as_bytes(None)


@cache
def _upserting(table: Table) -> bytes:
    changes = sql.SQL(", ").join(
        sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(column)) for column in list(table.types)[1:]
    )
    conflict = sql.SQL(" ON CONFLICT ({}) DO UPDATE SET {}").format(table.key, changes)
    return _inserting(table) + conflict.as_bytes(None)


if __name__ == "__main__":
    compete(sys.argv[1], int(sys.argv[2]))
