"""Many writers in several processes, and a follower that misses nothing and sees nothing out of order."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psycopg

from tests.support import race

PROCESSES = 4
TASKS_EACH = 6
EVENTS = 200_000


def test_a_follower_sees_every_event_of_racing_writers_once_and_in_order(database: str) -> None:
    with ProcessPoolExecutor(PROCESSES + 1, mp_context=get_context("spawn")) as processes:
        tailing = processes.submit(race.tail, database, EVENTS)
        writing = [
            processes.submit(race.write, database, number, TASKS_EACH, EVENTS // PROCESSES)
            for number in range(PROCESSES)
        ]
        written = sum(each.result() for each in writing)
        seen = tailing.result()
    assert written >= EVENTS
    assert EVENTS <= seen.events <= written
    assert seen.out_of_place == []
    assert seen.versions_out_of_place == 0
    with psycopg.connect(database) as owner:
        dense = "SELECT count(*), min(position), max(position) FROM log.events"
        assert owner.execute(dense).fetchone() == (written, 1, written)
        gaps = """
        SELECT count(*)
        FROM (SELECT count(*) AS events, max(version) AS last FROM log.events GROUP BY stream) AS streams
        WHERE events <> last
        """
        assert owner.execute(gaps).fetchone() == (0,)
        # The clock of the record never ran backwards.
        backwards = """
        SELECT count(*)
        FROM (SELECT recorded_at < lag(recorded_at) OVER (ORDER BY position) AS earlier FROM log.events) AS pairs
        WHERE earlier
        """
        assert owner.execute(backwards).fetchone() == (0,)
