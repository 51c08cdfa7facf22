"""The eventsourcing library's ProjectionRunner as a contestant, with read models that tell what ours do."""

from __future__ import annotations

import sys
import time
from threading import Event as Signal
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL

from benchmarks.contestants.answering import Figures, Wish, answer
from benchmarks.contestants.library_application import Lead, Leads, environment, prepare

OUTREACHES = 3
GIVE_UP_AFTER_SECONDS = 600.0


class ReadModel(PostgresTrackingRecorder):
    """One table, and the position, written in one transaction."""

    table = ""
    write = ""

    def __init__(self, datastore: PostgresDatastore, **words: Any) -> None:
        super().__init__(datastore, **words)
        self.sql_create_statements.append(SQL(self.table))  # type: ignore[arg-type]

    def tell(self, event: DomainEventProtocol[UUID], tracking: Tracking) -> None:
        """Write what one event changes."""
        owner = event.to if isinstance(event, Lead.Assigned) else None  # type: ignore[attr-defined]
        facts = {
            "lead": event.originator_id,
            "version": event.originator_version,
            "owner": owner,
            "at": event.timestamp,  # type: ignore[attr-defined]
            "what": type(event).__name__,
        }
        with self.datastore.transaction(commit=True) as cursor:
            for statement in self.write.split(";"):
                cursor.execute(statement, facts, prepare=True)
            self._insert_tracking(cursor, tracking)


class Queues(ReadModel):
    """A row a lead: whose it is, how often it was reached out to, and when last."""

    table = """
        CREATE TABLE IF NOT EXISTS library_queues (
            lead uuid PRIMARY KEY, owner text, outreach_count integer NOT NULL, at timestamptz NOT NULL
        )
    """
    write = """
        INSERT INTO library_queues VALUES (%(lead)s, %(owner)s, 0, %(at)s)
        ON CONFLICT (lead) DO UPDATE
        SET owner = coalesce(%(owner)s, library_queues.owner),
            outreach_count = library_queues.outreach_count + 1,
            at = %(at)s
    """


class Timeline(ReadModel):
    """A row an event."""

    table = """
        CREATE TABLE IF NOT EXISTS library_timeline (
            lead uuid, version integer, at timestamptz NOT NULL, what text NOT NULL, PRIMARY KEY (lead, version)
        )
    """
    write = "INSERT INTO library_timeline VALUES (%(lead)s, %(version)s, %(at)s, %(what)s)"


class Facts(ReadModel):
    """What holds now, and from when to when what was held before."""

    table = """
        CREATE TABLE IF NOT EXISTS library_leads (
            lead uuid, version integer, owner text, valid_from timestamptz NOT NULL, valid_to timestamptz,
            PRIMARY KEY (lead, version)
        )
    """
    write = """
        UPDATE library_leads SET valid_to = %(at)s WHERE lead = %(lead)s AND version = %(version)s - 1;
        INSERT INTO library_leads VALUES (%(lead)s, %(version)s, %(owner)s, %(at)s)
    """


class Telling(Projection[ReadModel]):
    """Hands each event to its read model, and says when the last one was told."""

    name = "telling"
    last = 0
    done = Signal()

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """One event, one transaction: the library's way."""
        self.view.tell(domain_event, tracking)
        if tracking.notification_id >= self.last:
            self.done.set()


READ_MODELS = {"queues": Queues, "timeline": Timeline, "leads": Facts}


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
            owner.execute("DROP TABLE IF EXISTS library_queues, library_timeline, library_leads, telling_tracking")
        Telling.done.clear()
        started = time.perf_counter()
        with ProjectionRunner(
            application_class=Leads, projection_class=Telling, view_class=READ_MODELS[wish["projection"]], env=env
        ):
            if not Telling.done.wait(GIVE_UP_AFTER_SECONDS):
                raise TimeoutError
            return {"per_second": Telling.last / (time.perf_counter() - started)}

    answer(run)


if __name__ == "__main__":
    compete(sys.argv[1], int(sys.argv[2]))
