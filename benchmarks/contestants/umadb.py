"""UmaDB as a contestant, run in its own virtual environment: a thread for each client, each append on a condition."""

from __future__ import annotations

import sys
from collections.abc import Callable

from umadb import AppendCondition, Client, Event, Query, QueryItem  # type: ignore[import-not-found]

from benchmarks.contestants.answering import BODY, Figures, Streams, Wish, answer, in_threads


def compete(url: str) -> None:
    """Append until told to stop."""
    umadb = Client(url)

    def run(wish: Wish) -> Figures:
        events = int(wish["events"])

        def client() -> Callable[[], None]:
            streams, last = Streams(), 0

            def append() -> None:
                nonlocal last
                stream, version = streams.place_for(events)
                tag = str(stream)
                # Nobody was first: what a unique (stream, version) says elsewhere.
                condition = AppendCondition(Query([QueryItem(tags=[tag])]), after=last if version else None)
                last = umadb.append([Event("LeadFollowedUp", BODY, tags=[tag]) for _ in range(events)], condition)

            return append

        return in_threads(client, wish)

    answer(run)


if __name__ == "__main__":
    compete(sys.argv[1])
