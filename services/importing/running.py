"""Import a file of leads: look at every row, put sources and people on record, then carry out many rows at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from commands.command import LEAD, utc_now
from commands.desk import Desk, Receipt
from domain.access import Principal
from domain.identity import lead_stream
from domain.log import CommandIdReused, LogUnavailable
from domain.refusal import Refusal
from services.importing.joining import Source
from services.importing.mapping import Mapping
from services.importing.names import Names
from services.importing.notes import Lookout, Note
from services.importing.reading import Rejected
from services.importing.registering import Registrar, Wanted
from services.importing.report import Report
from services.importing.rows import Plan, Planner, Step

AT_ONCE = 256
"""Rows in flight: enough that each transaction carries many."""
RETRY_SECONDS = (0.1, 0.3, 1.0, 3.0, 6.0)

SCOPES = frozenset(
    {
        "lead.create",
        "lead.assign",
        "lead.convert",
        "lead.lose",
        "lead.disqualify",
        "person.manage",
        "source.manage",
    }
)


def importer(who: str) -> Principal:
    """The import, and who runs it: a machine copies, but nobody is anonymous."""
    return Principal(id=who, role="service", via="import", scopes=SCOPES)


@dataclass(frozen=True)
class Wishes:
    """How the import shall be done."""

    register: bool = False
    dry_run: bool = False
    keep_reference: bool = True
    at_once: int = AT_ONCE


class Import:
    """One run over one file."""

    def __init__(
        self,
        desk: Desk,
        source: Source,
        mapping: Mapping,
        names: Names,
        wishes: Wishes,
        by: Principal,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        second = source.second
        self.report = Report(str(source.main.path), str(second.path) if second else None, wishes.dry_run)
        self._desk = desk
        self._source = source
        self._mapping = mapping
        self._names = names
        self._wishes = wishes
        self._by = by
        self._first_lines: dict[str, int] = {}
        self._planner = Planner(mapping, names, now(), keep_reference=wishes.keep_reference)

    async def run(self, begin: Callable[[int], None], advance: Callable[[], None]) -> None:
        """Do it all; `begin` is told how many rows there are, `advance` each time one is done."""
        began = time.monotonic()
        try:
            wanted = self._survey()
            registrar = Registrar(self._desk, self._mapping.system, self._names, self._wishes, self._by)
            self.report.registered = await registrar.put_on_record(wanted)
            begin(self.report.rows)
            await self._carry_out(advance)
            self.report.complete = True
        finally:
            self.report.rejected.sort(key=lambda one: one.line)
            self.report.differences.sort(key=lambda one: one.line)
            self.report.seconds = time.monotonic() - began

    def _survey(self) -> Wanted:
        """Look at every row before anything is done: what is wrong, what is wanted, which traps there are."""
        wanted, lookout = Wanted(), Lookout(self._names)
        for outcome in self._outcomes():
            self.report.rows += 1
            if isinstance(outcome, Plan):
                lookout.see(outcome)
                wanted.see(outcome)
            else:
                self.report.rejected.extend(outcome)
        self.report.notes = [*lookout.notes(), *self._about_the_second_file()]
        for trouble in self._source.troubles:
            self.report.rejected.append(replace(trouble, field=f"{trouble.field} (second file)".strip()))
        return wanted

    def _outcomes(self) -> Iterator[Plan | list[Rejected]]:
        for row in self._source.rows():
            if isinstance(row, Rejected):
                yield [row]
                continue
            outcome = self._planner.plan(row.line, row.fields)
            if isinstance(outcome, Plan) and (first := self._first_line(outcome)) != row.line:
                field = f"reference ({self._mapping.columns['reference']})"
                why = f"the same as in line {first}, which was taken"
                outcome = [Rejected(row.line, field, why, outcome.reference)]
            yield outcome

    def _first_line(self, plan: Plan) -> int:
        return self._first_lines.setdefault(plan.reference, plan.line)

    def _about_the_second_file(self) -> Iterator[Note]:
        if alone := self._source.without_partner():
            shown = ", ".join(map(str, alone[:10]))
            told = f"{len(alone):,} rows of the second file belong to no row of the first and are left out"
            yield Note("without_partner", len(alone), f"{told} (its lines {shown}).", tuple(alone))

    async def _carry_out(self, advance: Callable[[], None]) -> None:
        told_by_the_survey = {(one.line, one.field) for one in self.report.rejected}
        outcomes = self._outcomes()

        async def work() -> None:
            for outcome in outcomes:
                if isinstance(outcome, Plan):
                    if not self._wishes.dry_run:
                        await self._carry_out_row(outcome)
                else:
                    new = [one for one in outcome if (one.line, one.field) not in told_by_the_survey]
                    self.report.rejected.extend(new)
                advance()

        lost: LogUnavailable | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._wishes.at_once):
                    group.create_task(work())
        except* LogUnavailable as gone:
            # Python 3.11.2, which is Debian's, would wrap what is raised in here in a group again.
            lost = LogUnavailable(*gone.exceptions[0].args)
        if lost is not None:
            raise lost

    async def _carry_out_row(self, plan: Plan) -> None:
        recorded: list[str] = []
        known_before = False
        for step in plan.steps:
            try:
                receipt = await self._handle(plan, step)
            except CommandIdReused:
                await self._tell_difference(plan, step, recorded)
                return
            except Refusal as refusal:
                why = f"{refusal.name}: {refusal.sentence}"
                told = Rejected(plan.line, step.name, why, plan.reference, ", ".join(recorded))
                self.report.rejected.append(told)
                self.report.fates["refused"] += 1
                return
            known_before = known_before or receipt.repeated or not receipt.events
            if not receipt.repeated and receipt.events:
                recorded.extend(receipt.events)
                self.report.events.update(receipt.events)
        self.report.fates["unchanged" if not recorded else "continued" if known_before else "created"] += 1

    async def _handle(self, plan: Plan, step: Step) -> Receipt:
        """The key makes it happen once, however often the import is killed and run again."""
        key = f"import:{self._mapping.system}:{plan.reference}:{step.name}"
        for pause in (*RETRY_SECONDS, None):
            try:
                return await self._desk.handle(lead_stream(plan.lead), step.command, by=self._by, key=key, history=True)
            except LogUnavailable:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("the last try answers or raises")

    async def _tell_difference(self, plan: Plan, step: Step, recorded: list[str]) -> None:
        lead, _ = await self._desk.state(LEAD, lead_stream(plan.lead))
        command: Any = step.command
        pairs: dict[str, tuple[object, object]] = {}
        if step.name == "create":
            pairs = {"arrived_at": (lead.arrived_at, command.at), "source": (lead.source, command.source)}
        elif step.name == "assign":
            pairs = {"owner": (lead.owner, command.to), "assigned_at": (lead.held_since, command.at)}
        else:
            pairs = {"ended_at": (lead.ended_at, command.at)}
        told = [
            f"{field} is {_told(then)} on record, {_told(now)} in the file"
            for field, (then, now) in pairs.items()
            if then != now
        ]
        why = "; ".join(told) or "something personal or a value is not what was imported before"
        reason = f"was imported before and has changed since: {why}. The record was left as it is."
        self.report.differences.append(Rejected(plan.line, step.name, reason, plan.reference, ", ".join(recorded)))
        self.report.fates["differs"] += 1


def _told(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else "nothing" if value is None else str(value)
