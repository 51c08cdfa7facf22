"""Leads that lived as leads do: some won, some lost, some on somebody's plate, written straight into the log's table.

What stands there afterwards is what commands would have left, only sooner: the same codec, dense positions, the same
beginning of each stored form. `log.commands` stays empty, since nobody will ask these commands again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from uuid import UUID

import psycopg

from adapters.codec import encode, heading, stamp
from domain.event import Actor, Event
from domain.identity import PersonId, SourceId, TeamId, person_stream, team_stream
from domain.lead.events import (
    Evidence,
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadEvent,
    LeadFollowedUp,
    LeadLost,
    LeadReplied,
    Money,
)
from domain.person import PersonJoined
from domain.team import TeamFormed

EVENTS_A_LEAD = 4.7
"""On average, near enough."""
REPS, TEAMS = 50, 5
BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)
BETWEEN_EVENTS = timedelta(seconds=5)
LEADS_AT_ONCE = 200
"""So many lives run side by side: a lead's events lie apart in the log, as they do in life."""

COPY = "COPY log.events (position, recorded_at, stream, version, topic, data) FROM STDIN (FORMAT binary)"


def rep(number: int) -> PersonId:
    """One of the reps."""
    return PersonId(f"rep-{number}")


def team_of(number: int) -> TeamId:
    """The team of a rep."""
    return TeamId(f"team-{number % TEAMS}")


def fill(owner_dsn: str, leads: int, *, seed: int = 7) -> int:
    """Write the lives of so many leads into an empty log, and tell how many events that took."""
    chance = random.Random(seed)
    position, at = 0, BEGINNING
    with psycopg.connect(owner_dsn) as owner, owner.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.set_types(["int8", "timestamptz", "uuid", "int4", "text", "bytea"])
        for stream, version, event in chain(_people(at), _side_by_side(leads, at, chance)):
            position += 1
            recorded_at = event.at + timedelta(microseconds=position % 1000)
            command_id = UUID(int=chance.getrandbits(128), version=4)
            topic, data = encode(event, heading(command_id, None))
            copy.write_row((position, recorded_at, stream, version, topic, stamp(recorded_at) + data))
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE log.events")
    return position


def _people(at: datetime) -> Iterator[tuple[UUID, int, Event]]:
    """Who works here."""
    by = Actor("ada", "admin", "cli")
    for number in range(TEAMS):
        team = team_of(number)
        yield team_stream(team), 1, TeamFormed(at=at, by=by, team=team)
    for number in range(REPS):
        person = rep(number)
        yield person_stream(person), 1, PersonJoined(at=at, by=by, person=person, team=team_of(number))


def _side_by_side(leads: int, at: datetime, chance: random.Random) -> Iterator[tuple[UUID, int, Event]]:
    """Each event of each life."""
    lives: list[tuple[UUID, int, list[str], int]] = []
    begun = 0
    while lives or begun < leads:
        while begun < leads and len(lives) < LEADS_AT_ONCE:
            begun += 1
            lives.append((UUID(int=chance.getrandbits(128), version=4), chance.randrange(REPS), _life(chance), 0))
        number = chance.randrange(len(lives))
        stream, who, life, version = lives[number]
        at += BETWEEN_EVENTS
        yield stream, version + 1, _event(life[version], at, who, chance)
        if version + 1 < len(life):
            lives[number] = (stream, who, life, version + 1)
        else:
            lives[number] = lives[-1]
            lives.pop()


def _life(chance: random.Random) -> list[str]:
    if chance.random() < 0.1:
        return ["created"]
    middle = chance.choices(["followed up", "replied", "promised"], k=chance.randrange(4))
    end = chance.choices([["converted"], ["lost"], []], weights=[12, 48, 40])[0]
    return ["created", "assigned", "contacted", *middle, *end]


def _event(kind: str, at: datetime, who: int, chance: random.Random) -> LeadEvent:
    by = Actor(rep(who), "rep", "key:lk_3f9a1c")
    match kind:
        case "created":
            site = Actor("website", "service", "key:lk_77aa01")
            return LeadCreated(at=at, by=site, source=SourceId(f"source-{who % 8}"), team=team_of(who))
        case "assigned":
            manager = Actor(f"manager-{who % TEAMS}", "manager", "key:lk_90ffee")
            return LeadAssigned(at=at, by=manager, to=rep(who), team=team_of(who))
        case "contacted" | "followed up":
            act = LeadContacted if kind == "contacted" else LeadFollowedUp
            call = Evidence("twilio", f"CA{chance.getrandbits(128):032x}")
            return act(
                at=at, by=by, made_by=rep(who), channel="call", outcome="reached", evidence=call, duration_seconds=240
            )
        case "replied":
            return LeadReplied(at=at, by=by, channel="email")
        case "promised":
            return FollowUpPromised(at=at, by=by, promised_by=rep(who), follow_up_by=at + timedelta(days=2))
        case "converted":
            return LeadConverted(at=at, by=by, owner=rep(who), value=Money(Decimal(chance.randrange(1, 9999)), "EUR"))
        case _:
            return LeadLost(at=at, by=by, owner=rep(who), reason="price")
