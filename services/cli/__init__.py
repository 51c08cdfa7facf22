"""The command line: `leadledger up` runs everything, the other commands ask a running product or a database."""

from __future__ import annotations

import typer

from services.cli import (
    calendars,
    clocks,
    imports,
    keys,
    leads,
    ledger,
    notices,
    people,
    policies,
    projections,
    start,
)

app = typer.Typer(
    name="leadledger",
    help="Sales-lead accountability: every action on a lead is on record.",
    no_args_is_help=True,
    add_completion=False,  # it would be for a `leadledger` on the PATH, which the checkout does not put there
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(start.up)
app.add_typer(start.schema, name="schema")
app.add_typer(start.vault, name="vault")
app.add_typer(imports.app, name="import")
app.add_typer(leads.app, name="lead")
leads.app.command("snooze")(clocks.snooze)
leads.app.command("wake")(clocks.wake)
leads.app.command("consent")(people.consent)
app.add_typer(people.person, name="person")
app.add_typer(people.desk, name="desk")
app.command("clocks")(clocks.clocks)
app.command("escalations")(clocks.escalations)
app.add_typer(clocks.escalation, name="escalation")
app.add_typer(ledger.app, name="ledger")
app.add_typer(notices.app, name="notices")
app.add_typer(calendars.app, name="calendar")
app.add_typer(policies.app, name="policy")
app.add_typer(projections.app, name="projections")
app.add_typer(keys.app, name="keys")


def main() -> None:
    """Run one command."""
    app(prog_name="leadledger")
