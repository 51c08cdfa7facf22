"""The names by which everything is called, and what makes a name fit to be on record for ever."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NewType, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.refusal import Refusal

LeadId = NewType("LeadId", str)
"""A UUID in its canonical text form; it is also the lead's stream."""
PersonId = NewType("PersonId", str)
"""A pseudonym such as `rep-7`: it stands in events for ever, so it must never be a person's name or address."""
TeamId = NewType("TeamId", str)
SourceId = NewType("SourceId", str)
CalendarId = NewType("CalendarId", str)
PolicyId = NewType("PolicyId", str)
KeyId = NewType("KeyId", str)
StreamId = NewType("StreamId", UUID)
Position = NewType("Position", int)
"""A place in the log: 1 for the first event ever, then dense, without holes."""

LEADLEDGER = uuid5(NAMESPACE_URL, "leadledger")
"""The namespace in which names become streams."""

NAMES_REMEMBERED = 10_000

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
"""A name fit to be on record: short, lower case, and with no room for an e-mail address."""

OURS = frozenset({"import", "leadledger", "cli", "timekeeper", "notifier"})
"""What parts of the product are called where they act by themselves: no person and no other service is called so."""

Name = TypeVar("Name", PersonId, TeamId, SourceId, CalendarId, PolicyId)
Fingerprint = Callable[[bytes], bytes]
"""A hash of 32 bytes under a key that PostgreSQL never sees, so that a guess at what it is of cannot be checked."""


class NameIsUnfit(Refusal):
    """A name that stays on record has 1 to 64 small letters, digits, dots, hyphens and underscores: a pseudonym."""


def fit(name: Name) -> Name:
    """The name, if it may stay on record for ever. The refusal does not repeat it: it may be somebody's address."""
    if not SLUG.fullmatch(name):
        raise NameIsUnfit
    return name


def lead_stream(lead: LeadId) -> StreamId:
    """The stream of a lead is its id."""
    return StreamId(UUID(lead))


@lru_cache(NAMES_REMEMBERED)
def person_stream(person: PersonId) -> StreamId:
    """Where a person's joining, moving and leaving is told."""
    return StreamId(uuid5(LEADLEDGER, f"person:{person}"))


@lru_cache(NAMES_REMEMBERED)
def team_stream(team: TeamId) -> StreamId:
    """Where a team's forming and who answers for it is told."""
    return StreamId(uuid5(LEADLEDGER, f"team:{team}"))


@lru_cache(NAMES_REMEMBERED)
def source_stream(source: SourceId) -> StreamId:
    """Where a source of leads is registered and retired."""
    return StreamId(uuid5(LEADLEDGER, f"source:{source}"))


@lru_cache(NAMES_REMEMBERED)
def calendar_stream(calendar: CalendarId) -> StreamId:
    """Where a calendar's hours and holidays are told."""
    return StreamId(uuid5(LEADLEDGER, f"calendar:{calendar}"))


@lru_cache(NAMES_REMEMBERED)
def policy_stream(policy: PolicyId) -> StreamId:
    """Where a policy's clocks are told."""
    return StreamId(uuid5(LEADLEDGER, f"policy:{policy}"))


RULEBOOK = StreamId(uuid5(LEADLEDGER, "rulebook"))
"""Where it is told which policy applies to which lead."""

DESK = StreamId(uuid5(LEADLEDGER, "desk"))
"""Where it is told who answers for the whole desk."""


def lead_known_elsewhere_as(system: str, reference: str, fingerprint: Fingerprint) -> LeadId:
    """The one lead that another system calls by this reference, so that importing it twice is importing it once."""
    return LeadId(str(keyed_id(fingerprint, "lead", system, reference)))


def keyed_id(fingerprint: Fingerprint, *said: str) -> UUID:
    """The same id for the same words, which may be somebody's address: whoever lacks the key learns nothing from it."""
    drawn = bytearray(fingerprint("\0".join(said).encode())[:16])
    # Version 8 of RFC 9562, a UUID of one's own making; Python's own `version=8` came with 3.14.
    drawn[6] = 0x80 | drawn[6] & 0x0F
    drawn[8] = 0x80 | drawn[8] & 0x3F
    return UUID(bytes=bytes(drawn))
