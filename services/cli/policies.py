"""Policies and the rulebook on the command line: what holds, what will, and what a new policy would come to."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from commands.command import CALENDAR, POLICY, RULES, Kind, NotLookedUpYet, Surroundings, utc_now
from commands.desk import TRIES, TooManyAtOnce
from commands.policies import OrderRules, SetPolicy
from domain.business_time import BusinessTime
from domain.identity import RULEBOOK, PolicyId, StreamId, calendar_stream, policy_stream
from domain.occasion import Occasion
from domain.policy import EVERY_MINUTE, Policy, PolicySet, PolicyUnknown, Terms, deadlines, evolve, replay
from domain.schedule import Standing, held_at, stands
from projections import policies
from projections.timeline.sentences.policies import CLOCKS, UNITS, rule_in_words, rung_in_words
from services.cli.asking import (
    AsJson,
    PerhapsWho,
    Who,
    an_office,
    answer,
    answer_json,
    caught_up,
    fail,
    handed_in_by,
    run,
    short,
    wish_in,
)
from services.wiring import Office

app = typer.Typer(no_args_is_help=True, help="Policies, and the rules that tell which of them applies.")
PAGE = 200
STANDING: dict[Standing, str] = {
    "past": "held from",
    "in_force": "in force from",
    "scheduled": "scheduled from",
    "superseded": "taken back; was scheduled from",
}
Name = Annotated[str, typer.Argument(metavar="NAME", help="What the policy is called.")]
PolicyFile = Annotated[Path, typer.Argument(metavar="FILE.json", help="As POST /policies takes it.")]
RulesFile = Annotated[Path | None, typer.Argument(metavar="[FILE.json]", help="As POST /rulebook takes it.")]
OnlyTry = Annotated[bool, typer.Option("--try", help="Say what it would come to, and put nothing on record.")]


@app.command("list")
def list_policies(json: AsJson = False) -> None:
    """Every policy as it holds now, or as it will first."""
    run(_list(json))


async def _list(json: bool) -> None:
    now, after = utc_now(), None
    found: list[policies.PolicyVersion] = []
    async with an_office() as office, office.questions.connection() as connection:
        await caught_up(connection, await office.log.head(), "policies")
        while page := await policies.every_policy(connection, at=now, to_come=True, after=after, limit=PAGE):
            found += page
            after = page[-1].policy
    told = [(one, stands([one.terms], one.terms, now)) for one in found]
    if json:
        answer_json([{"policy": one.policy, "standing": standing, **_plainly(one.terms)} for one, standing in told])
        return
    for one, standing in told:
        since = f"{STANDING[standing]} {short(one.terms.effective_from)}"
        answer(f"{one.policy:24} version {one.terms.version}, {since}, set by {one.set_by}")


@app.command("show")
def show_policy(name: Name, json: AsJson = False) -> None:
    """One policy in all its versions, straight from the log."""
    run(_show(PolicyId(name), json))


async def _show(name: PolicyId, json: bool) -> None:
    async with an_office() as office:
        recorded = (await office.log.load([(policy_stream(name), 0)])).get(policy_stream(name), ())
    events = [one.event for one in recorded if isinstance(one.event, PolicySet)]
    if not events:
        raise PolicyUnknown(policy=name)
    terms, now = replay(events).terms, utc_now()
    told = [(one, stands(terms, one, now), event.by.id) for one, event in zip(terms, events, strict=True)]
    if json:
        answer_json([{"standing": standing, "set_by": by, **_plainly(one)} for one, standing, by in told])
        return
    for one, standing, by in told:
        answer(f"{name}, version {one.version}: {STANDING[standing]} {short(one.effective_from)}, set by {by}")
        for line in _in_words(one):
            answer(f"  {line}")


def _in_words(terms: Terms) -> list[str]:
    lines = [f"by calendar {terms.calendar}"] if terms.calendar else []
    for rule in terms.clocks:
        lines.append(f"{CLOCKS[rule.clock]} within {rule.target_minutes} {UNITS[rule.unit]}")
        lines += [f"  {rung_in_words(rung)}" for rung in rule.rungs]
    return [*lines, f"snoozed for at most {terms.snooze_at_most_minutes} minutes"]


def _plainly(terms: Terms) -> dict[str, Any]:
    return {
        "version": terms.version,
        "effective_from": terms.effective_from,
        "calendar": terms.calendar,
        "clocks": {
            rule.clock: {
                "target_minutes": rule.target_minutes,
                "unit": rule.unit,
                "rungs": [rung_in_words(rung) for rung in rule.rungs],
            }
            for rule in terms.clocks
        },
        "snooze_at_most_minutes": terms.snooze_at_most_minutes,
    }


@app.command("set")
def set_policy(name: Name, file: PolicyFile, by: Who, only_try: OnlyTry = False) -> None:
    """Set a policy from a file, in which its name may be left out; what could never be kept is refused."""
    wish = wish_in(file, SetPolicy, policy=name)
    run(_try(wish, by) if only_try else _set(wish, by))


async def _set(wish: SetPolicy, by: str) -> None:
    async with an_office() as office:
        receipt = await office.desk.handle(wish.stream, wish, by=handed_in_by(by, wish))
        policy, _ = await office.desk.state(POLICY, wish.stream)
    if not receipt.events:
        answer(f"Policy {wish.policy} says so already; nothing was put on record.")
        return
    last = policy.terms[-1]
    answer(f"Policy {wish.policy} is at version {last.version}, which holds from {short(last.effective_from)} on.")


async def _try(wish: SetPolicy, by: str) -> None:
    now = utc_now()
    start = max(now, wish.effective_from or now)
    async with an_office() as office:
        terms = (await _as_it_would_be(office, wish, by, now)).terms_at(start)
        hours = await _hours(office, terms, start) if terms else None
    if terms is None:
        fail(f"Policy {wish.policy} would not hold at {short(start)} yet.")
    answer(f"Nothing was put on record. A clock of policy {wish.policy} that starts at {short(start)} would be due:")
    zone = ZoneInfo((hours or EVERY_MINUTE).zone)
    for rule in terms.clocks:
        found = deadlines(rule, hours, start)
        answer(f"{_there(found.respond_by, zone)}  {CLOCKS[rule.clock]}")
        for rung, due_at in zip(rule.rungs, found.rungs, strict=True):
            answer(f"{_there(due_at, zone)}    {rung_in_words(rung)}")


async def _as_it_would_be(office: Office, wish: SetPolicy, by: str, now: datetime) -> Policy:
    """The desk would decide the same. Raises a Refusal."""
    policy: Policy = (await office.desk.state(POLICY, wish.stream))[0]
    on = Occasion(by=handed_in_by(by, wish).actor, now=now, at=wish.at or now)
    known = _Known()
    for _ in range(TRIES):
        try:
            for event in wish.decide(policy, on, Surroundings(known)):
                policy = evolve(policy, event)
            return policy
        except NotLookedUpYet as missing:
            for kind, stream in missing.missing:
                known[stream] = await office.desk.state(kind, stream)
    raise TooManyAtOnce


async def _hours(office: Office, terms: Terms, start: datetime) -> BusinessTime | None:
    if terms.calendar is None:
        return None
    calendar, _ = await office.desk.state(CALENDAR, calendar_stream(terms.calendar))
    hours: BusinessTime = calendar.hours_at(start)
    return hours


def _there(instant: datetime, zone: ZoneInfo) -> str:
    return f"  {instant.astimezone(zone):%a %Y-%m-%d %H:%M} ({zone.key})"


@app.command("rules")
def rules(file: RulesFile = None, by: PerhapsWho = None, json: AsJson = False) -> None:
    """Which policy applies to which leads: the first rule that covers a lead tells. With a file, order them anew."""
    if file is None:
        run(_rules(json))
        return
    if by is None:
        fail("--as: say who you are, since whoever changes the rules is on record.", code=2)
    run(_order(wish_in(file, OrderRules), by))


async def _rules(json: bool) -> None:
    async with an_office() as office:
        book, _ = await office.desk.state(RULES, RULEBOOK)
    now = utc_now()
    told = [(page, stands(book.pages, page, now)) for page in book.pages]
    told = [(page, standing) for page, standing in told if standing in ("in_force", "scheduled")]
    if json:
        answer_json(
            [
                {
                    "version": page.version,
                    "standing": standing,
                    "effective_from": page.effective_from,
                    "rules": [rule_in_words(rule) for rule in page.rules],
                }
                for page, standing in told
            ]
        )
        return
    if held_at(book.pages, now) is None:
        answer("No rules hold now, so no policy applies to any lead.")
    for page, standing in told:
        answer(f"Rulebook, version {page.version}: {STANDING[standing]} {short(page.effective_from)}")
        for number, rule in enumerate(page.rules, start=1):
            answer(f"  rule {number}: {rule_in_words(rule)}")
        if not page.rules:
            answer("  no policy applies to any lead")


async def _order(wish: OrderRules, by: str) -> None:
    async with an_office() as office:
        receipt = await office.desk.handle(wish.stream, wish, by=handed_in_by(by, wish))
        book, _ = await office.desk.state(RULES, RULEBOOK)
    if not receipt.events:
        answer("The rules stand in this order already; nothing was put on record.")
        return
    last = book.pages[-1]
    answer(f"The rulebook is at version {last.version}, which holds from {short(last.effective_from)} on.")


class _Known(dict[StreamId, tuple[Any, int]]):
    """What was looked up; nothing is taken for granted."""

    def assume(self, kind: Kind[Any], stream: StreamId) -> tuple[Any, int]:
        raise NotLookedUpYet((kind, stream))
