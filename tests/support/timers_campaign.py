"""A campaign against the timekeeper: timers come due while everybody who has to do with them is killed.

    python -m tests.support.timers_campaign --timers 100000 --kills 60 --seconds 480

Two timekeepers, one projector and one PostgreSQL, each a process of its own with every promise of durability, are
killed with SIGKILL at random moments. Leads arrive, are assigned and answered through the desk, by the same commands as
everybody's: so the clocks are those that the policy in the log tells, and the desk asks again with the same key when
the server dies under it. The verdict is read from the log alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Annotated, Any
from uuid import UUID

import psycopg
import typer

from adapters import schema
from adapters.vault import KeyFile
from commands.command import Command
from commands.desk import Desk, Receipt
from commands.lead import AssignLead, CreateLead, LoseLead, RecordOutreach
from commands.people import AddPerson
from commands.policies import ClockGiven, ClocksGiven, OrderRules, RuleGiven, RungGiven, SetPolicy
from commands.teams import EntrustTeam, FormTeam
from domain.access import Principal
from domain.event import Event, Recorded
from domain.identity import PersonId, PolicyId, Position, StreamId, TeamId
from domain.log import LogUnavailable
from projections.projector import Freshness
from services.settings import Settings, as_role
from services.wiring import Office, open_office
from tests.support.postgres import reachable_folder
from tests.support.timers import Firing, Verdict, judge
from tests.support.timers_victims import Killing, Outage, Server, at_work

NORTH, REP, BOSS, QUICK = TeamId("north"), PersonId("rep-1"), PersonId("boss-1"), PolicyId("quick")
ADMIN = Principal(id="admin-1", role="admin", via="campaign")
BY_BOSS = Principal(id=BOSS, role="manager", via="campaign", team=NORTH, answers_for=frozenset({NORTH}))
BY_REP = Principal(id=REP, role="rep", via="campaign", team=NORTH)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TARGET_MINUTES = 60
LADDER = (
    RungGiven(offset_minutes=-1, deed="remind", whom="owner"),
    RungGiven(offset_minutes=0, deed="escalate", whom="accountable"),
    RungGiven(offset_minutes=1, deed="offer_to_team"),
)
STAFF: tuple[FormTeam | AddPerson | EntrustTeam | SetPolicy | OrderRules, ...] = (
    FormTeam(team=NORTH),
    AddPerson(person=REP, team=NORTH),
    AddPerson(person=BOSS, team=NORTH),
    EntrustTeam(team=NORTH, to=BOSS),
    SetPolicy(
        policy=QUICK,
        effective_from=LONG_AGO,
        clocks=ClocksGiven(
            first_response=ClockGiven(target_minutes=TARGET_MINUTES, unit="elapsed_minutes", rungs=LADDER)
        ),
    ),
    OrderRules(rules=(RuleGiven(policy=QUICK),), effective_from=LONG_AGO),
)
CANCELLING = (RecordOutreach(channel="call", outcome="reached"), LoseLead(reason="no_response"))
CANCELLED_WITHIN_SECONDS = 3.0
"""Of the moment at which something is due, before it or after."""
AT_ONCE = 250
ARMED_A_SECOND = 400
BACK_AGAIN_SECONDS = 3.0
"""So long a process that was started again needs to find its way."""
PATIENCE_SECONDS = 180.0


@dataclass(frozen=True)
class Plan:
    """How large a campaign is, and the dice it is played with."""

    timers: int
    """Clocks, each with a breach and three rungs."""
    kills: int
    seconds: float
    """In which something of every lead's is due, and in which the kills fall."""
    seed: int = 20261123


@dataclass
class Outcome:
    """What the log says, and who was killed how often."""

    verdict: Verdict
    killed: dict[str, int]
    outages: list[Outage] = field(default_factory=list)
    events: int = 0
    guarded: int = 0
    """How often a timekeeper took the database's clock for one that jumps, and fired nothing for some looks."""

    def report(self) -> str:
        """For people."""
        came_due = [firing for firing in self.verdict.firings if not firing.overdue_when_armed]
        calm = [firing for firing in came_due if not self._disturbed(firing.due_at)]
        overdue = [firing for firing in self.verdict.firings if firing.overdue_when_armed]
        kills = ", ".join(f"{name} {times}" for name, times in sorted(self.killed.items()))
        return "\n".join(
            [
                f"{self.verdict.clocks:,} clocks, {self.verdict.cancelled:,} of them cancelled; {self.events:,} events",
                f"kill -9: {sum(self.killed.values())} ({kills})",
                ", ".join(f"{count} {fault}" for fault, count in self.verdict.faults.items()),
                f"came due and fired: {_late(came_due)}",
                f"of these with PostgreSQL and a timekeeper alive, and for {BACK_AGAIN_SECONDS:g} s: {_late(calm)}",
                f"overdue already when armed, and fired: {_late(overdue)}",
                f"due, and answered before they were fired: {_spread(self.verdict.overtaken_seconds)}",
                f"held back because the clock seemed to jump: {self.guarded} times",
            ]
        )

    def _disturbed(self, at: datetime) -> bool:
        back = timedelta(seconds=BACK_AGAIN_SECONDS)
        dead = {outage.victim for outage in self.outages if outage.from_ <= at <= outage.until + back}
        return "postgresql" in dead or {"timekeeper-1", "timekeeper-2"} <= dead


async def campaign(plan: Plan, folder: Path) -> Outcome:
    """From an empty folder to the verdict."""
    dice = Random(plan.seed)
    server = await asyncio.to_thread(Server, folder / "postgres")
    try:
        await schema.install(server.dsn)
        vault_key = folder / "vault.key"
        KeyFile.create(vault_key, datetime.now(UTC))
        settings = Settings(home=folder, dsn=server.dsn, vault_key_file=vault_key)
        environment = {
            "LEADLEDGER_HOME": str(folder),
            "LEADLEDGER_DSN": server.dsn,
            "LEADLEDGER_VAULT_KEY_FILE": str(vault_key),
            "PYTHONFAULTHANDLER": "1",
        }
        async with at_work(server, environment, folder) as processes, open_office(settings) as office:
            killing = Killing([server, *processes], dice)
            begins_at = datetime.now(UTC) + timedelta(seconds=5 + plan.timers / ARMED_A_SECOND)
            moments = await _arm(office, plan, begins_at, dice)
            await _listed(settings, office)
            await asyncio.sleep((begins_at - datetime.now(UTC)).total_seconds())
            async with asyncio.TaskGroup() as group:
                group.create_task(_cancel_half(office.desk, moments, dice))
                group.create_task(killing.go_on(plan.kills, plan.seconds))
            ends_at = max(datetime.now(UTC), begins_at + timedelta(seconds=plan.seconds))
            await _nothing_left(server.dsn, ends_at)
            events = await _whole_log(office)
            guarded = sum(process.said.read_text().count("clock jumped by") for process in processes)
        verdict = judge(events, due_by=ends_at)
        return Outcome(verdict, dict(killing.killed), killing.outages, len(events), guarded)
    finally:
        await asyncio.to_thread(server.end)


async def _arm(office: Office, plan: Plan, begins_at: datetime, dice: Random) -> list[tuple[datetime, StreamId]]:
    """Leads that arrived an hour ago, so that the reminder, the deadline or the offer of each is due soon, by dice."""
    for wish in STAFF:
        await office.desk.handle(wish.stream, wish, by=ADMIN)
    leads = [
        (begins_at + timedelta(seconds=dice.uniform(0, plan.seconds)), StreamId(UUID(int=dice.getrandbits(128))))
        for _ in range(plan.timers)
    ]

    async def arm(moment: datetime, lead: StreamId) -> None:
        arrived_at = moment - (TARGET_MINUTES + dice.choice([-1, 0, 1])) * MINUTE
        await _handled(office.desk, lead, CreateLead(team=NORTH, at=arrived_at), BY_BOSS)
        await _handled(office.desk, lead, AssignLead(to=REP, at=arrived_at), BY_BOSS)

    for first in range(0, len(leads), AT_ONCE):
        await asyncio.gather(*(arm(*one) for one in leads[first : first + AT_ONCE]))
    return leads


async def _listed(settings: Settings, office: Office) -> None:
    """Wait until the timekeepers' list of deadlines knows of all."""
    async with Freshness(as_role(settings.dsn, "leadledger_desk")) as freshness:
        assert await freshness.wait_for("deadlines", await office.log.head(), PATIENCE_SECONDS)


async def _cancel_half(desk: Desk, moments: Sequence[tuple[datetime, StreamId]], dice: Random) -> None:
    wishes = sorted(
        (moment + timedelta(seconds=dice.uniform(-1, 1) * CANCELLED_WITHIN_SECONDS), lead, dice.choice(CANCELLING))
        for moment, lead in dice.sample(moments, len(moments) // 2)
    )
    async with asyncio.TaskGroup() as group:
        for moment, lead, wish in wishes:
            await asyncio.sleep((moment - datetime.now(UTC)).total_seconds())
            group.create_task(_handled(desk, lead, wish, BY_REP))


async def _handled(desk: Desk, lead: StreamId, wish: Command[Any], by: Principal) -> Receipt:
    """As a patient caller asks: with a key, again and again."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await desk.handle(lead, wish, by=by, key=f"{type(wish).__name__} {lead}")
            except LogUnavailable:
                await asyncio.sleep(0.2)


async def _nothing_left(dsn: str, by: datetime) -> None:
    """Wait until nothing is listed that is due; if there is in the end, the verdict tells."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        give_up_at = datetime.now(UTC) + timedelta(seconds=PATIENCE_SECONDS)
        while datetime.now(UTC) < give_up_at:
            found = await connection.execute("SELECT count(*) FROM read.deadlines WHERE due_at <= %s", [by])
            if (await found.fetchone() or (0,))[0] == 0:
                break
            await asyncio.sleep(0.2)


async def _whole_log(office: Office) -> list[Recorded[Event]]:
    events: list[Recorded[Event]] = []
    while more := await office.log.read(Position(len(events)), limit=5_000):
        events += more
    return events


def _late(firings: Sequence[Firing]) -> str:
    return _spread([firing.late_seconds for firing in firings])


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    ranked = sorted(seconds)
    p50, p99 = (ranked[len(ranked) * percent // 100] for percent in (50, 99))
    return f"{len(ranked):,}, {p50:.3f} s late at the median, {p99:.2f} s at p99, {ranked[-1]:.1f} s at most"


def main(
    timers: Annotated[int, typer.Option(min=10)] = 100_000,
    kills: Annotated[int, typer.Option(min=0)] = 60,
    seconds: Annotated[float, typer.Option(min=1.0)] = 480.0,
    seed: Annotated[int, typer.Option()] = 20261123,
) -> None:
    """Hold a campaign, and tell what the log says."""
    with reachable_folder() as folder:
        outcome = asyncio.run(campaign(Plan(timers, kills, seconds, seed), folder))
    typer.echo(outcome.report())
    if any(outcome.verdict.faults.values()):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
