"""`up` runs the product; `schema install` brings a database of your own into shape."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from adapters import schema as database_schema
from adapters.vault import KeyFile
from services.cli.asking import fail, read_settings, run, say, telling_trouble
from services.settings import NoDatabase
from services.up import UpTrouble, run_until_stopped
from services.up.children import ChildKeepsDying
from services.up.database import DatabaseTrouble

schema = typer.Typer(no_args_is_help=True, help="The shape of the database.")
vault = typer.Typer(no_args_is_help=True, help="The key that PostgreSQL never sees.")


def up(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Where to listen; 0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="On which address to listen.")] = None,
    example: Annotated[bool, typer.Option(help="Move in the example team at the first start.")] = True,
) -> None:
    """Run everything: PostgreSQL, the API and the projector. Ctrl-C stops it.

    Data lies in LEADLEDGER_HOME, by default the user's data folder. LEADLEDGER_DSN names a PostgreSQL of your own.
    """
    said = {"port": port, "host": host}
    settings = read_settings().model_copy(update={name: value for name, value in said.items() if value is not None})
    told: list[str] = []
    with telling_trouble():
        try:
            run_until_stopped(settings, example=example)
        except* (UpTrouble, DatabaseTrouble, ChildKeepsDying) as troubles:
            # Python 3.11.2, which is Debian's, wraps what is raised in here in a group, and a group is a traceback.
            told = [str(one) for one in _each(troubles)]
    if told:
        fail("\n".join(told))


@schema.command("install")
def install() -> None:
    """Bring the database that LEADLEDGER_OWNER_DSN (or LEADLEDGER_DSN) names to the shape of this program."""
    settings = read_settings()
    with telling_trouble():
        dsn = settings.owner_dsn or settings.dsn
        if dsn is None:
            raise NoDatabase(
                "Name the database: LEADLEDGER_OWNER_DSN=postgresql://... (the embedded one gets its schema from "
                "`./leadledger up`)."
            )
        run(database_schema.install(dsn))
        say("The schema is installed.")


@vault.callback()
def keep_the_key() -> None:
    """The key that PostgreSQL never sees."""


@vault.command("create")
def create(file: Annotated[Path, typer.Argument(help="Where the key shall lie; outside the database.")]) -> None:
    """Draw the vault's key for an installation of your own; `leadledger up` does it by itself."""
    if file.exists():
        fail(f"There is a file {file} already; a key that is in use is never replaced.")
    try:
        KeyFile.create(file, datetime.now(UTC))
    except OSError as refused:
        fail(f"{file} cannot be written: {refused.strerror}.")
    say(f"Drew the vault's key: {file}. Without it nothing personal can be read; keep a copy apart from the database.")


def _each(troubles: BaseException) -> list[BaseException]:
    if isinstance(troubles, BaseExceptionGroup):
        return [one for inner in troubles.exceptions for one in _each(inner)]
    return [troubles]
