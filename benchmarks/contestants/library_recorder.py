"""The eventsourcing library's PostgreSQL recorder as a contestant, with a thread and a connection for each client."""

from __future__ import annotations

import sys
from collections.abc import Callable

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from benchmarks.contestants.answering import BODY, Figures, Streams, Wish, answer, in_threads


def compete(dsn: str, *, pool_size: int) -> None:
    """Append until told to stop."""
    at = conninfo_to_dict(dsn)
    datastore = PostgresDatastore(
        dbname=str(at["dbname"]),
        host=str(at["host"]),
        port=str(at["port"]),
        user=str(at["user"]),
        password=str(at["password"]),
        pool_size=pool_size,
        connect_timeout=60,
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name="library_events")
    recorder.create_table()

    def run(wish: Wish) -> Figures:
        events = int(wish["events"])

        def client() -> Callable[[], None]:
            streams = Streams()

            def append() -> None:
                stream, version = streams.place_for(events)
                recorder.insert_events(
                    [
                        StoredEvent(stream, version + nth, "domain.lead.events:LeadFollowedUp", BODY)
                        for nth in range(1, events + 1)
                    ]
                )

            return append

        return in_threads(client, wish)

    answer(run)
    datastore.close()


if __name__ == "__main__":
    compete(sys.argv[1], pool_size=int(sys.argv[2]))
