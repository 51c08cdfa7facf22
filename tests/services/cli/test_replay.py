"""A lead's events are folded straight from the log: all of them, or only what had happened, or was known, by then."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from commands.lead import AssignLead, Contact, CreateLead, LoseLead
from domain.access import Principal
from domain.identity import LeadId, PersonId, lead_stream
from tests.services.cli.conftest import Cli, add_people, put_on_record
from tests.support.ids import imported_as

LEAD = LeadId("9d5f4a3e-0000-4000-8000-000000000001")
NINE, TEN, ELEVEN = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 10, 11))
CRM = Principal(id="crm", role="service", via="key:lk_1", scopes=frozenset({"lead.create", "lead.assign", "lead.lose"}))


@pytest.fixture
def lead(cli: Cli, database: str) -> LeadId:
    """Arrived at nine, Ben's at ten, lost at eleven: that was told first; that it is Ben's, three days later."""
    add_people("ben")
    wishes = (
        CreateLead(at=NINE, contact=Contact(name="Ada Canary")),
        AssignLead(to=PersonId("ben"), at=TEN),
        LoseLead(reason="price", at=ELEVEN),
    )
    put_on_record(*((lead_stream(LEAD), wish) for wish in wishes), by=CRM)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("ALTER TABLE log.events DISABLE TRIGGER ALL")
        for version, day in ((1, 2), (2, 5), (3, 6)):
            known_at = datetime(2026, 3, day, 12, tzinfo=UTC)
            owner.execute(
                "UPDATE log.events SET recorded_at = %s WHERE stream = %s AND version = %s",
                (known_at, UUID(LEAD), version),
            )
    return LEAD


def replayed(cli: Cli, lead: LeadId, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(cli("lead", "replay", lead, *words, "--json").stdout)
    return told


def state(told: dict[str, Any]) -> tuple[str, str | None, int]:
    return told["state"]["stage"], told["state"]["owner"], told["left_out"]


def test_all_of_it_is_told_event_by_event_and_then_what_it_comes_to(cli: Cli, lead: LeadId) -> None:
    told = cli("lead", "replay", lead).stdout
    lines = told.splitlines()
    assert lines[0].startswith("  1  2026-03-02 09:00:00Z  LeadCreated")
    assert lines[0].endswith(
        "by crm (service, key:lk_1)  contact (in the vault), dated instant  (recorded 3 h 0 min later)"
    )
    assert lines[1].endswith("to ben, because by_hand  (recorded 3 d 2 h later)")
    assert "  stage          lost" in lines
    assert [line for line in lines if line.startswith("  clocks ")] == ["  clocks         -"]
    assert "Canary" not in told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), ("lost", "ben", 0)),
        (("--until", "2026-03-02T11:00:00Z"), ("lost", "ben", 0)),
        (("--until", "2026-03-02T10:59:59Z"), ("open", "ben", 1)),
        (("--until", "2026-03-02T10:30:00+01:00"), ("open", None, 2)),
        (("--until", "2026-03-02T08:59:59Z"), ("not there yet", None, 3)),
        (("--known", "2026-03-06T12:00:00Z"), ("lost", "ben", 0)),
        (("--known", "2026-03-05T12:00:00Z"), ("open", "ben", 1)),
        (("--known", "2026-03-04T00:00:00Z"), ("open", None, 2)),
        (("--known", "2026-03-02T11:59:59Z"), ("not there yet", None, 3)),
        (("--until", "2026-03-02T10:30:00Z", "--known", "2026-03-04T00:00:00Z"), ("open", None, 2)),
    ],
)
def test_what_happened_or_was_recorded_later_is_left_out(
    cli: Cli, lead: LeadId, words: tuple[str, ...], expected: tuple[str, str | None, int]
) -> None:
    assert state(replayed(cli, lead, *words)) == expected


def test_it_says_how_much_it_left_out(cli: Cli, lead: LeadId) -> None:
    answer = cli("lead", "replay", lead, "--known", "2026-03-04T00:00:00Z")
    assert "2 events left out" in answer.stderr
    assert re.search(r"^  stage +open$", answer.stdout, flags=re.MULTILINE)
    before = cli("lead", "replay", lead, "--until", "2026-03-01T00:00:00Z")
    assert before.stdout == "Nothing had happened to this lead by then, as far as was known.\n"


def test_before_a_lead_arrived_there_was_none_though_it_be_won_by_then(cli: Cli) -> None:
    """So it stands in real records: the win is dated before the arrival, and takes effect with it."""
    Path("leads.csv").write_text("id,at,won,who\n7,2026-01-05,2025-12-30,x\n")
    columns = ("--map", "reference=id", "--map", "arrived_at=at", "--map", "won_at=won", "--map", "owner=who")
    words = ("--as", "admin-1", "--system", "crm", "--zone", "UTC", "--register", *columns)
    cli("import", "leads", "leads.csv", *words)
    lead = imported_as("crm", "7", Path("home/vault.key"))
    between, after = (replayed(cli, lead, "--until", f"{day}T00:00:00Z") for day in ("2026-01-01", "2026-01-05"))
    assert state(between) == ("not there yet", None, 3)
    assert (after["state"]["stage"], after["state"]["ended_at"]) == ("converted", "2025-12-30T00:00:00Z")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--until", "yesterday"), "--until: 'yesterday' is no instant; write it as 2026-03-02T09:00:00Z"),
        (("--known", "2026-03-02T09:00:00"), "--known: '2026-03-02T09:00:00' lacks an offset from UTC"),
    ],
)
def test_an_instant_is_written_out(cli: Cli, words: tuple[str, ...], why: str) -> None:
    assert why in cli("lead", "replay", LEAD, *words, code=2).stderr


def test_what_is_no_lead_is_told(cli: Cli) -> None:
    assert "There is no such lead" in cli("lead", "replay", LEAD, code=1).stderr
    assert "'7' is no lead's id" in cli("lead", "replay", "7", code=2).stderr
