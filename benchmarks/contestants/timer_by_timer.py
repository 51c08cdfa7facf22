"""One transaction a timer, as a queue in PostgreSQL is usually worked off; the rules and the stored events are ours.

In each transaction a worker takes the longest due off the list (SKIP LOCKED, so that workers do not wait for one
another), reads the lead's events, lets the same rules decide, adds what they say and commits. Nothing is shared: no
lock over the log, no dense positions, no list to be kept up by somebody else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import cast
from uuid import UUID, uuid4

import psycopg

from adapters.codec import decode, encode, heading, stamp
from adapters.recorder import Row
from benchmarks.contestants.answering import Figures, Wish, answer, in_threads
from benchmarks.contestants.timekeeping import BY_MANAGER, LONG_AGO, OVERDUE, POLICY, TARGET_MINUTES, TEAM
from domain.lead import clocks
from domain.lead.clocks import Governing
from domain.lead.events import LeadCreated, LeadEvent
from domain.lead.state import Clock, Lead, replay
from domain.occasion import Occasion
from domain.policy import ClockRule, Terms
from services.timekeeper import TIMEKEEPER

# A vacuum of its own in the middle of a round of some seconds could hold a worker up for one of them.
TABLES = """
DROP TABLE IF EXISTS plain_events, plain_timers;
CREATE TABLE plain_events (
    position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    stream      uuid        NOT NULL,
    version     integer     NOT NULL,
    topic       text        NOT NULL,
    data        bytea       NOT NULL,
    UNIQUE (stream, version)
) WITH (autovacuum_enabled = off);
CREATE TABLE plain_timers (
    lead   uuid PRIMARY KEY,
    due_at timestamptz NOT NULL
) WITH (autovacuum_enabled = off);
CREATE INDEX ON plain_timers (due_at, lead);
"""
TAKE = """
DELETE FROM plain_timers
WHERE lead = (
    SELECT lead
    FROM plain_timers
    WHERE due_at <= clock_timestamp()
    ORDER BY due_at, lead
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING lead
"""
LOAD = "SELECT position, stream, version, topic, data, recorded_at FROM plain_events WHERE stream = %s ORDER BY version"
ADD = "INSERT INTO plain_events (stream, version, topic, data) VALUES (%s, %s, %s, %b)"
MOST_A_SECOND = 5_000
"""More than a worker, or eight of them, get through."""


class WithinTheHour:
    """The one policy there is."""

    def governing(self, lead: Lead, since: datetime) -> Governing:
        """The same for every lead."""
        rule = ClockRule("first_response", TARGET_MINUTES, "elapsed_minutes")
        return Governing(POLICY, Terms(LONG_AGO, 1, None, (rule,), 0))

    def of_clock(self, clock: Clock) -> Governing:
        """The same for every clock."""
        return self.governing(Lead(), clock.started_at)


class NothingLeft(Exception):
    """More timers should have been armed."""


def compete(dsn: str) -> None:
    """Fire until told to stop."""

    def run(wish: Wish) -> Figures:
        arm(dsn, max(100, round(MOST_A_SECOND * wish["seconds"])))

        with ExitStack() as stack:

            def client() -> Callable[[], None]:
                connection = stack.enter_context(psycopg.connect(dsn))
                connection.prepare_threshold = 0
                return lambda: fire_one(connection)

            return in_threads(client, wish)

    answer(run)


def fire_one(connection: psycopg.Connection) -> None:
    """The longest due, all or nothing."""
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        taken = cursor.execute(TAKE).fetchone()
        if taken is None:
            raise NothingLeft
        rows = [Row._make(row) for row in cursor.execute(LOAD, taken).fetchall()]
        lead = replay(cast("LeadEvent", decode(row).event) for row in rows)
        now = datetime.now(UTC)
        told = clocks.fire(lead, (), Occasion(by=TIMEKEEPER.actor, now=now, at=now))
        for topic, data in stored(told):
            cursor.execute(ADD, (taken[0], len(rows) + 1, topic, data))


def arm(dsn: str, timers: int) -> None:
    """Leads that are overdue, as the desk would have put them on record."""
    arrived = LeadCreated(at=datetime.now(UTC) - OVERDUE, by=BY_MANAGER.actor, team=TEAM)
    on = Occasion(by=BY_MANAGER.actor, now=arrived.at, at=arrived.at)
    life = clocks.follow(Lead(), [arrived], WithinTheHour(), on)
    due_at = clocks.next_due_at(replay(life))
    leads = [uuid4() for _ in range(timers)]
    with psycopg.connect(dsn, autocommit=True) as owner, owner.cursor() as cursor:
        owner.execute(TABLES)
        with cursor.copy("COPY plain_events (stream, version, topic, data) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["uuid", "int4", "text", "bytea"])
            for lead in leads:
                for version, (topic, data) in enumerate(stored(life), start=1):
                    copy.write_row((lead, version, topic, data))
        with cursor.copy("COPY plain_timers (lead, due_at) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["uuid", "timestamptz"])
            for lead in leads:
                copy.write_row((lead, due_at))
        owner.execute("VACUUM ANALYZE plain_events, plain_timers")


def stored(events: list[LeadEvent]) -> Iterator[tuple[str, bytes]]:
    """What stands in the table."""
    beginning = heading(UUID(int=uuid4().int), None)
    for event in events:
        topic, data = encode(event, beginning)
        yield topic, stamp(event.at) + data


if __name__ == "__main__":
    compete(sys.argv[1])
