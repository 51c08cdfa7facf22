"""Nobody is anonymous: a key is somebody's, and so are its making and its revoking."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands.people import RemovePerson
from domain.identity import OURS, PersonId
from tests.services.cli.conftest import Cli, add_people, put_on_record

BY = ("--as", "admin-1")
SERVICE = ("--role", "service", "--scope", "lead.create", *BY)


@pytest.fixture
def rep(cli: Cli) -> str:
    """Somebody who is here."""
    add_people("rep-1")
    return "rep-1"


def listed(cli: Cli) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cli("keys", "list", "--json").stdout)
    return found


def test_a_key_is_shown_once_and_alone_on_stdout(cli: Cli, rep: str) -> None:
    made = cli("keys", "create", rep, "--role", "rep", *BY)
    assert re.fullmatch(r"lk_[0-9a-f]{10}_\S{43}\n", made.stdout)
    assert "of rep-1 (rep). It is shown this once" in made.stderr
    secret = made.stdout.strip().split("_", 2)[2]
    assert secret not in cli("keys", "list").output + cli("keys", "list", "--json").output


def test_who_made_and_who_revoked_a_key_is_on_record(cli: Cli, rep: str) -> None:
    whole = cli("keys", "create", rep, "--role", "rep", *BY).stdout.strip()
    revoked = cli("keys", "revoke", whole, "--as", "admin-2")
    assert whole.rpartition("_")[2] not in revoked.output
    cli("keys", "revoke", whole[:13], "--as", "admin-3")
    [key] = listed(cli)
    assert (key["id"], key["created_by"], key["revoked_by"]) == (whole[:13], "admin-1", "admin-2")
    assert re.search(r"revoked \S+ \S+ by admin-2, never used, made by admin-1", cli("keys", "list").stdout)


@pytest.mark.parametrize("words", [("create", "audit-1", "--role", "auditor"), ("revoke", "lk_0000000000")])
def test_nobody_makes_or_revokes_one_anonymously(cli: Cli, words: tuple[str, ...]) -> None:
    assert "LEADLEDGER_AS" in cli("keys", *words, code=2).stderr
    assert "is a part of Leadledger" in cli("keys", *words, "--as", "cli", code=2).stderr


def test_whoever_says_it_once_for_all_need_not_repeat_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLEDGER_AS", "admin-1")
    cli("keys", "create", "audit-1", "--role", "auditor")
    assert [key["created_by"] for key in listed(cli)] == ["admin-1"]


def test_a_key_that_never_was_cannot_be_revoked(cli: Cli) -> None:
    assert "There is no key lk_0000000000" in cli("keys", "revoke", "lk_0000000000", *BY, code=1).stderr


def test_a_service_may_do_what_is_named_and_for_as_long_as_is_said(cli: Cli) -> None:
    words = ("--role", "service", "--scope", "lead.create", "--scope", "lead.see", "--days", "30", *BY)
    told = json.loads(cli("keys", "create", "telephony", *words, "--json").stdout)
    left = datetime.fromisoformat(told["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)
    [key] = listed(cli)
    assert (key["subject"], key["role"], key["scopes"]) == ("telephony", "service", ["lead.create", "lead.see"])
    assert re.search(r"telephony\s+until .* lead.create lead.see$", cli("keys", "list").stdout.strip())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("Ann Smith", "--role", "auditor"), "'Ann Smith' is no name that can stand on record"),
        (("telephony", "--role", "service"), "A service may do only what is named: --scope"),
        (("rep-1", "--role", "rep", "--scope", "lead.see"), "A rep may do what the role says; --scope is for services"),
        (("telephony", "--role", "service", "--scope", "lead.steal"), "There is no scope lead.steal; there are lead."),
        (("audit-1", "--role", "auditor", "--days", "0"), "greater than or equal to 1"),
        (("audit-1", "--role", "king"), "'king' is not one of"),
        *(((name, *SERVICE), f"{name} is a part of Leadledger itself") for name in sorted(OURS)),
    ],
)
def test_a_key_that_is_wished_for_wrongly_is_not_made(cli: Cli, words: tuple[str, ...], why: str) -> None:
    told = " ".join(re.sub("[│╭╮╰╯─]", " ", cli("keys", "create", *words, *BY, code=2).stderr).split())
    assert why in told
    assert listed(cli) == []


@pytest.mark.parametrize("role", ["rep", "manager"])
def test_a_rep_or_a_manager_is_somebody_who_is_here(cli: Cli, rep: str, role: str) -> None:
    told = cli("keys", "create", "rep-2", "--role", role, *BY, code=1).stderr
    assert "Nobody called rep-2 is here" in told
    leave = RemovePerson(person=PersonId(rep))
    put_on_record((leave.stream, leave))
    assert "Nobody called rep-1 is here" in cli("keys", "create", rep, "--role", role, *BY, code=1).stderr


def test_no_service_is_called_like_somebody_who_is_or_was_here(cli: Cli, rep: str) -> None:
    assert "rep-1 is a person on record" in cli("keys", "create", rep, *SERVICE, code=1).stderr
    leave = RemovePerson(person=PersonId(rep))
    put_on_record((leave.stream, leave))
    assert "rep-1 is a person on record" in cli("keys", "create", rep, *SERVICE, code=1).stderr


def test_no_person_is_called_like_a_service(cli: Cli) -> None:
    cli("keys", "create", "telephony", *SERVICE)
    refused = cli("keys", "create", "telephony", "--role", "auditor", *BY, code=1)
    assert "telephony is a service" in refused.stderr
