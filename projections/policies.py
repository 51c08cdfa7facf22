"""How soon somebody has to act: every version of every policy, and of the rules that tell which one applies."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.event import Recorded
from domain.identity import CalendarId, PolicyId
from domain.policy import ClockRule, Policy, PolicySet, Rung, Terms
from domain.rulebook import Rule, RulesOrdered
from projections.projector import Entries, Table
from projections.projector.tables import Connection


class PolicyRow(NamedTuple):
    """One version of a policy as it stands in the table."""

    stream: UUID
    version: int
    policy: PolicyId
    calendar: CalendarId | None
    clocks: str
    """JSON, each with its rungs."""
    snooze_at_most_minutes: int
    effective_from: datetime
    set_at: datetime
    set_by: str
    receipt: str
    """JSON, the media by which a machine answers a new lead, or null."""


class RulesRow(NamedTuple):
    """One version of the rulebook as it stands in the table."""

    stream: UUID
    version: int
    rules: str
    """JSON, in their order."""
    effective_from: datetime
    set_at: datetime
    set_by: str


@dataclass(frozen=True)
class PolicyVersion:
    """What a policy says from an instant on, and who said so."""

    policy: PolicyId
    terms: Terms
    set_at: datetime
    set_by: str


@dataclass(frozen=True)
class Rules:
    """The rules that hold from an instant on, and who put them in order."""

    version: int
    effective_from: datetime
    rules: tuple[Rule, ...]
    set_at: datetime
    set_by: str


def policy_row(recorded: Recorded[Any], clocks: str) -> PolicyRow:
    """A version with all that stands beside its clocks."""
    told = recorded.event
    return PolicyRow(
        recorded.stream,
        recorded.version,
        told.policy,
        told.calendar,
        clocks,
        told.snooze_at_most_minutes,
        told.effective_from,
        told.at,
        told.by.id,
        json.dumps(told.receipt),
    )


def rules_row(recorded: Recorded[Any], rules: str) -> RulesRow:
    """A version with all that stands beside its rules."""
    told = recorded.event
    return RulesRow(recorded.stream, recorded.version, rules, told.effective_from, told.at, told.by.id)


policies = Entries[PolicyRow, str](
    name="policies",
    version=2,
    table=Table(
        name="policies",
        columns="""
            stream uuid NOT NULL,
            version integer NOT NULL,
            policy text NOT NULL,
            calendar text,
            clocks text NOT NULL,
            snooze_at_most_minutes integer NOT NULL,
            effective_from timestamptz NOT NULL,
            set_at timestamptz NOT NULL,
            set_by text NOT NULL,
            receipt text NOT NULL
        """,
        indexes=("(policy, version)", "(stream)"),
    ),
    row=PolicyRow,
    entry=policy_row,
)

rulebook = Entries[RulesRow, str](
    name="rulebook",
    version=1,
    table=Table(
        name="rulebook",
        columns="""
            stream uuid NOT NULL,
            version integer NOT NULL,
            rules text NOT NULL,
            effective_from timestamptz NOT NULL,
            set_at timestamptz NOT NULL,
            set_by text NOT NULL
        """,
        indexes=("(stream, version)",),
    ),
    row=RulesRow,
    entry=rules_row,
)


@policies.when(PolicySet)
def clocks(event: PolicySet) -> str:
    """Which clocks run, and their ladders."""
    return json.dumps([asdict(rule) for rule in event.clocks])


@rulebook.when(RulesOrdered)
def rules(event: RulesOrdered) -> str:
    """Which policy applies to which leads."""
    return json.dumps([asdict(rule) for rule in event.rules])


async def every_policy(
    connection: Connection, *, at: datetime, to_come: bool = False, after: PolicyId | None = None, limit: int = 50
) -> list[PolicyVersion]:
    """Policies in the order of their names, each as it holds then; if asked for, those too that hold only later.

    The latest word counts of those that hold then; of those that hold only later, the first to hold.
    """
    found = await connection.execute(
        """
        SELECT DISTINCT ON (policy)
               policy, version, calendar, clocks, snooze_at_most_minutes, effective_from, set_at, set_by, receipt
        FROM read.policies
        WHERE policy > %(after)s
          AND (effective_from <= %(at)s OR %(to_come)s)
        ORDER BY policy,
                 effective_from <= %(at)s DESC,
                 CASE WHEN effective_from > %(at)s THEN effective_from END,
                 version DESC
        LIMIT %(limit)s
        """,
        {"after": after or "", "at": at, "to_come": to_come, "limit": limit},
    )
    return [_version(*row) for row in await found.fetchall()]


async def versions(connection: Connection, id: PolicyId) -> list[PolicyVersion]:
    """Every version of one policy, the first one first; none if it is not on record."""
    found = await connection.execute(
        """
        SELECT policy, version, calendar, clocks, snooze_at_most_minutes, effective_from, set_at, set_by, receipt
        FROM read.policies
        WHERE policy = %s
        ORDER BY version
        """,
        (id,),
    )
    return [_version(*row) for row in await found.fetchall()]


async def policy(connection: Connection, id: PolicyId) -> Policy:
    """One policy as the domain knows it."""
    told = await versions(connection, id)
    if not told:
        return Policy()
    return Policy(id=id, terms=tuple(one.terms for one in told), changed_at=told[-1].set_at)


async def rules_from(connection: Connection, at: datetime) -> list[Rules]:
    """The rules that hold then, and all that hold only later, but for what a later word took the place of.

    Where none hold yet, only the later ones.
    """
    found = await connection.execute(
        """
        SELECT version, effective_from, rules, set_at, set_by
        FROM read.rulebook AS told
        WHERE (
              effective_from > %(at)s
              OR version = (SELECT max(version) FROM read.rulebook WHERE effective_from <= %(at)s)
          )
          AND NOT EXISTS (
              SELECT 1
              FROM read.rulebook AS later
              WHERE later.version > told.version
                AND later.effective_from <= told.effective_from
          )
        ORDER BY version
        """,
        {"at": at},
    )
    return [
        Rules(version, effective_from, tuple(Rule(**rule) for rule in json.loads(told)), set_at, set_by)
        for version, effective_from, told, set_at, set_by in await found.fetchall()
    ]


def _version(
    id: PolicyId,
    version: int,
    calendar: CalendarId | None,
    clocks: str,
    snooze_at_most_minutes: int,
    effective_from: datetime,
    set_at: datetime,
    set_by: str,
    receipt: str,
) -> PolicyVersion:
    told = tuple(
        ClockRule(**{**rule, "rungs": tuple(Rung(**rung) for rung in rule["rungs"])}) for rule in json.loads(clocks)
    )
    media = json.loads(receipt)
    by = None if media is None else tuple(media)
    terms = Terms(effective_from, version, calendar, told, snooze_at_most_minutes, by)
    return PolicyVersion(id, terms, set_at, set_by)
