"""The eventsourcing library's Application as a contestant, with an aggregate that does what our lead does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain, cycle
from threading import Lock
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

from benchmarks.contestants.answering import Figures, Wish, answer, in_threads

PREPARED_AT_ONCE = 500


class NotYours(Exception):
    """The lead is somebody else's."""


class Lead(Aggregate):
    """As small as a lead can be and still be answerable."""

    @event("Created")
    def __init__(self, team: str) -> None:
        self.team = team
        self.owner: str | None = None
        self.contacted = False
        self.outreach = 0

    @event("Assigned")
    def assign(self, to: str) -> None:
        """Make one person answerable."""
        self.owner = to

    def reach_out(self, made_by: str, channel: str, outcome: str, duration_seconds: int) -> None:
        """The first time it is the contact, later a follow-up."""
        if self.owner != made_by:
            raise NotYours
        at = datetime.now(UTC).isoformat()
        if self.contacted:
            self._follow_up(made_by, channel, outcome, duration_seconds, at)
        else:
            self._contact(made_by, channel, outcome, duration_seconds, at)

    @event("Contacted")
    def _contact(self, made_by: str, channel: str, outcome: str, duration_seconds: int, at: str) -> None:
        self.contacted = True
        self.outreach += 1

    @event("FollowedUp")
    def _follow_up(self, made_by: str, channel: str, outcome: str, duration_seconds: int, at: str) -> None:
        self.outreach += 1


class Leads(Application[UUID]):
    """Load, decide, save."""

    def reach_out(self, lead_id: UUID) -> None:
        """One command."""
        lead: Lead = self.repository.get(lead_id)
        lead.reach_out("rep-7", "call", "reached", 240)
        self.save(lead)


def environment(dsn: str) -> dict[str, str]:
    """The library's own settings for this database, with a connection for each of 32 threads."""
    at = conninfo_to_dict(dsn)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(at["dbname"]),
        "POSTGRES_HOST": str(at["host"]),
        "POSTGRES_PORT": str(at["port"]),
        "POSTGRES_USER": str(at["user"]),
        "POSTGRES_PASSWORD": str(at["password"]),
        "POSTGRES_POOL_SIZE": "32",
        "POSTGRES_CONNECT_TIMEOUT": "60",
    }


def prepare(app: Application[UUID], many: int) -> list[UUID]:
    """Leads that are the rep's."""
    leads = [Lead(team="team-1") for _ in range(many)]
    for lead in leads:
        lead.assign("rep-7")
    for first in range(0, many, PREPARED_AT_ONCE):
        app.save(*leads[first : first + PREPARED_AT_ONCE])
    return [lead.id for lead in leads]


def compete(dsn: str) -> None:
    """Handle commands until told to stop."""
    cold = Leads(environment(dsn))
    # As our desk: what is remembered is trusted, and a conflict would tell.
    warm = Leads(environment(dsn) | {"AGGREGATE_CACHE_MAXSIZE": "100000", "AGGREGATE_CACHE_FASTFORWARD": "n"})
    lock = Lock()

    def run(wish: Wish) -> Figures:
        app = warm if wish["warm"] else cold
        leads = prepare(cold, int(wish["leads"]))
        if wish["warm"]:
            for lead_id in leads:
                app.repository.get(lead_id)
        supply: Iterator[UUID] = cycle(leads) if wish["warm"] else chain(leads)

        def act() -> None:
            with lock:
                lead_id = next(supply)
            app.reach_out(lead_id)

        def client() -> Callable[[], None]:
            return act

        return in_threads(client, wish)

    answer(run)
    cold.close()
    warm.close()


if __name__ == "__main__":
    compete(sys.argv[1])
