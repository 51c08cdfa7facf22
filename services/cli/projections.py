"""The read models on the command line: how far each is, building one anew, and taking up what was set aside."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from domain.identity import Position
from projections.calendars import calendars
from projections.deadlines import deadlines
from projections.leads import leads
from projections.ledger import ledger
from projections.notices import notices
from projections.organisation import desk, people, sources, teams
from projections.policies import policies, rulebook
from projections.projector import parked, rebuild, retry, status
from projections.projector.schema import connect
from projections.queues import queues
from projections.timeline import timeline
from services.cli.asking import an_office, answer, answer_json, fail, run, say, settings_of_a_database
from services.settings import as_role
from services.wiring import open_log

app = typer.Typer(no_args_is_help=True, help="The read models.")
ROLE = "leadledger_projector"
BY_NAME = {
    one.name: one
    for one in (
        calendars,
        deadlines,
        desk,
        leads,
        ledger,
        notices,
        people,
        policies,
        queues,
        rulebook,
        sources,
        teams,
        timeline,
    )
}

Name = Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(sorted(BY_NAME))}.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command("status")
def show_status(json: AsJson = False) -> None:
    """How far each read model is, who keeps it, and what it has set aside."""
    run(_status(json))


async def _status(json: bool) -> None:
    async with an_office() as office, office.questions.connection() as connection:
        head = await office.log.head()
        found = await status(connection, head)
        aside = {one.projection: await parked(connection, one.projection) for one in found if one.parked_streams}
    if json:
        items = [vars(one) | {"parked": [_parked(each) for each in aside.get(one.projection, [])]} for one in found]
        answer_json({"log_head": head, "projections": items})
        return
    if not found:
        fail("No projector has started on this database yet.")
    answer(f"log head {head:,}")
    for one in found:
        beside = f", rebuilding at {one.rebuilding_at:,}" if one.rebuilding_at is not None else ""
        behind = "up to date" if one.lag_events == 0 else f"{one.lag_events:,} events behind"
        answer(
            f"{one.projection:12} v{one.version}  at {one.position:>10,}  {behind}{beside}, "
            f"kept by {one.holder or 'nobody'}, {one.parked_streams} streams set aside"
        )
        for each in aside.get(one.projection, []):
            trouble = each.trouble
            answer(f"    {each.stream}: {trouble.error} at its event {trouble.version}, {trouble.event}")


@app.command("rebuild")
def rebuild_one(name: Name) -> None:
    """Build a read model anew beside the one in use, and change over when it has caught up."""
    _known(name)
    run(_rebuild(name))


async def _rebuild(name: str) -> None:
    settings = settings_of_a_database()
    dsn = as_role(settings.projector_dsn or settings.dsn, ROLE)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with open_log(settings.projector_dsn or settings.dsn, ROLE) as log:
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(name, total=None)

            def show(position: Position, head: Position) -> None:
                bar.update(task, completed=position, total=head)

            await rebuild(dsn, BY_NAME[name], log, holder="cli", progress=show)
    say(f"{name} is rebuilt and in use.")


@app.command("retry")
def retry_parked(name: Name) -> None:
    """Fold again the streams that a read model has set aside, after what stopped them was put right."""
    _known(name)
    run(_retry(name))


async def _retry(name: str) -> None:
    settings = settings_of_a_database()
    dsn = as_role(settings.projector_dsn or settings.dsn, ROLE)
    stopped = 0
    async with open_log(settings.projector_dsn or settings.dsn, ROLE) as log, await connect(dsn) as connection:
        aside = await parked(connection, name, limit=100_000)
        for each in aside:
            stopped += not await retry(connection, BY_NAME[name], each.stream, log)
    if not aside:
        say(f"{name} has set nothing aside.")
        return
    say(f"{len(aside) - stopped} of {len(aside)} streams go on.")
    if stopped:
        fail(f"{stopped} were stopped again; see `./leadledger projections status`.")


def _parked(one: object) -> dict[str, object]:
    return dict(vars(one))


def _known(name: str) -> None:
    if name not in BY_NAME:
        fail(f"There is no read model {name}; there are {', '.join(sorted(BY_NAME))}.", code=2)
