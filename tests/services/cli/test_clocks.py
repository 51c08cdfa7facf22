"""Clocks on the command line: why something is due, who was told, and what can be done about it."""

import json
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from commands.clocks import KeepTime
from commands.lead import AssignLead, CreateLead, RecordAutomaticMessage, RecordOutreach
from commands.people import AddPerson
from commands.policies import ClockGiven, ClocksGiven, OrderRules, RuleGiven, RungGiven, SetPolicy
from commands.teams import EntrustTeam, FormTeam
from domain.access import Principal
from domain.identity import LeadId, PersonId, PolicyId, TeamId, lead_stream
from services.timekeeper import TIMEKEEPER
from tests.services.cli.conftest import Cli, put_on_record, read_models_follow

NORTH, BEN, MARIA, QUICK = TeamId("north"), PersonId("ben"), PersonId("maria"), PolicyId("quick")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LADDER = (
    RungGiven(offset_minutes=-15, deed="remind", whom="owner"),
    RungGiven(offset_minutes=0, deed="escalate", whom="accountable"),
    RungGiven(offset_minutes=600, deed="release"),
)
OFFICE = (
    FormTeam(team=NORTH),
    AddPerson(person=BEN, team=NORTH),
    AddPerson(person=MARIA, team=NORTH),
    EntrustTeam(team=NORTH, to=MARIA),
    SetPolicy(
        policy=QUICK,
        effective_from=LONG_AGO,
        snooze_at_most_minutes=600,
        clocks=ClocksGiven(
            first_response=ClockGiven(target_minutes=60, unit="elapsed_minutes", rungs=LADDER),
            follow_up=ClockGiven(target_minutes=60, unit="elapsed_minutes"),
        ),
    ),
    OrderRules(rules=(RuleGiven(policy=QUICK),), effective_from=LONG_AGO),
)
SCOPES = frozenset({"lead.create", "lead.assign", "lead.message_automatically", "lead.reach_out"})
CRM = Principal(id="crm", role="service", via="key:lk_1", scopes=SCOPES)
# Ninety minutes ago, on the minute.
ARRIVED = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=90)
DUE = ARRIVED + timedelta(minutes=60)


def there(at: datetime) -> str:
    return f"{at:%a %Y-%m-%d %H:%M} (UTC)"


@pytest.fixture
def lead(cli: Cli) -> LeadId:
    """Nobody acted on it within the hour, and Maria was told."""
    put_on_record(*((wish.stream, wish) for wish in OFFICE))
    lead = LeadId(str(uuid4()))
    wishes = (
        CreateLead(team=NORTH, at=ARRIVED),
        AssignLead(to=BEN, at=ARRIVED),
        RecordAutomaticMessage(channel="email", outcome="sent", at=ARRIVED + timedelta(minutes=1)),
    )
    put_on_record(*((lead_stream(lead), wish) for wish in wishes), by=CRM)
    put_on_record((lead_stream(lead), KeepTime()), by=TIMEKEEPER)
    return lead


def test_why_this_is_due_then_is_told_in_words(cli: Cli, lead: LeadId) -> None:
    lines = cli("clocks", lead).stdout.splitlines()
    counted = f"60 on {ARRIVED:%a %H:%M}-{DUE:%H:%M}"
    if ARRIVED.date() != DUE.date():
        counted = f"60 from {ARRIVED:%a %H:%M} to {DUE:%a %H:%M}" if f"{DUE:%H%M}" != "0000" else counted[:-5] + "24:00"
    assert lines[:4] == [
        "Clock 1, first response: overdue",
        f"  due {there(DUE)}",
        f"  60 elapsed minutes from {ARRIVED:%a %H:%M} (UTC): {counted}.",
        "  by policy quick, version 1, chosen by rule 1: any source, any team, any priority (rulebook, version 1)",
    ]
    assert lines[4].endswith(" elapsed minutes have passed")
    assert lines[5].startswith(f"  {there(DUE - timedelta(minutes=15))}  remind the owner: came at ")
    assert lines[6].startswith(f"  {there(DUE)}  escalate to who answers for the team: came at ")
    assert lines[6].endswith(" s late")
    assert lines[7:] == [
        f"  {there(DUE + timedelta(minutes=600))}  release the lead: to come",
        f"  not stopped by LeadMessagedAutomatically at {there(ARRIVED + timedelta(minutes=1))}: a machine sent it",
    ]
    [told] = json.loads(cli("clocks", lead, "--json").stdout)
    assert (told["standing"], told["rule"]["number"], told["breached"]) == ("overdue", 1, True)


def test_a_clock_that_stopped_and_the_one_that_followed(cli: Cli, lead: LeadId) -> None:
    call = RecordOutreach(made_by=BEN, channel="call", outcome="reached")
    put_on_record((lead_stream(lead), call), by=CRM)
    lines = cli("clocks", lead).stdout.splitlines()
    assert lines[0] == "Clock 2, follow-up: on track"
    first = lines[lines.index("Clock 1, first response: stopped late") :]
    assert "; answered at " in first[4]
    assert first[4].endswith("; it had been breached")


def test_what_waits_for_help_is_listed_and_acknowledged_by_whom_it_reached(cli: Cli, lead: LeadId) -> None:
    read_models_follow()
    line = cli("escalations").stdout
    assert line.startswith(f"{lead}  since ")
    assert line.endswith(": maria; the lead is ben's\n")
    act_by = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    acknowledge = ("escalation", "acknowledge", lead, "--by", act_by.isoformat())
    refused = cli(*acknowledge, "--as", "ben", code=1).stderr
    assert refused == "Nobody has told you that this lead needs help, or it has been seen to already.\n"
    assert cli(*acknowledge, "--as", "maria").stdout == f"maria sees to it by {act_by:%Y-%m-%d %H:%M:%SZ}.\n"
    assert cli(*acknowledge, "--as", "maria").stdout == "It is so already; nothing was put on record.\n"
    read_models_follow()
    assert f"maria, who acts by {act_by:%Y-%m-%d %H:%M:%SZ}; the lead is ben's" in cli("escalations").stdout
    [told] = json.loads(cli("escalations", "--json").stdout)
    assert (told["lead"], told["escalated_to"]) == (lead, "maria")


def test_where_no_lead_needs_help_that_is_said(cli: Cli) -> None:
    put_on_record(*((wish.stream, wish) for wish in OFFICE))
    read_models_follow()
    assert cli("escalations").stdout == "No lead needs help.\n"


def test_a_lead_is_snoozed_and_woken(cli: Cli, lead: LeadId) -> None:
    until = (datetime.now(UTC) + timedelta(hours=3)).replace(microsecond=0)
    snooze = ("lead", "snooze", lead, "--until", until.isoformat(), "--as", "ben")
    said = cli(*snooze, "--reason", "asked_to_wait").stdout
    assert said == f"It waits until {until:%Y-%m-%d %H:%M:%SZ}; its clocks stand still.\n"
    assert cli("clocks", lead).stdout.startswith("Clock 1, first response: waiting\n")
    read_models_follow()
    assert f"; the lead is ben's and waits until {until:%Y-%m-%d %H:%M:%SZ}\n" in cli("escalations").stdout
    [stood_still] = [line for line in cli("clocks", lead).stdout.splitlines() if "  stood still from " in line]
    assert stood_still.endswith(f" to {there(until)}: the lead asked for it, said ben")
    assert cli("lead", "wake", lead, "--as", "ben").stdout == "It waits no longer; its clocks go on.\n"
    assert ": the lead asked for it, said ben, woken by ben" in cli("clocks", lead).stdout
    assert cli("lead", "wake", lead, "--as", "ben", code=1).stderr.startswith("The lead is not snoozed")
    assert "--reason 'bored' is none; it is one of asked_to_wait" in cli(*snooze, "--reason", "bored", code=2).stderr


def test_a_replay_tells_what_is_owed_who_knows_and_until_when_it_waits(cli: Cli, lead: LeadId) -> None:
    def utc(at: datetime) -> str:
        return f"{at:%Y-%m-%d %H:%M:%SZ}"

    lines = cli("lead", "replay", lead).stdout.splitlines()
    assert not [line for line in lines if "datetime" in line or "RungDue" in line]
    [started] = [line for line in lines if " ClockStarted " in line]
    assert (
        f"rungs (due_at {utc(DUE - timedelta(minutes=15))} deed remind whom owner; "
        f"due_at {utc(DUE)} deed escalate whom accountable; "
        f"due_at {utc(DUE + timedelta(minutes=600))} deed release), policy quick"
    ) in started
    [escalated] = [line for line in lines if " LeadEscalated " in line]
    assert f"step (clock 1 rung 2 due_at {utc(DUE)})" in escalated
    assert f"  clocks         name first_response due {utc(DUE)}" in lines
    [escalation] = [line for line in lines if line.startswith("  escalations ")]
    assert re.fullmatch(r"  escalations    to maria at \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", escalation)
    assert "  waits_until    -" in lines

    until = (datetime.now(UTC) + timedelta(hours=3)).replace(microsecond=0)
    act_by = until + timedelta(hours=1)
    cli("escalation", "acknowledge", lead, "--by", act_by.isoformat(), "--as", "maria")
    cli("lead", "snooze", lead, "--until", until.isoformat(), "--as", "ben", "--reason", "other")
    told = cli("lead", "replay", lead).stdout
    assert "\n  escalations    -\n" in told  # seen to
    assert f"\n  waits_until    {utc(until)}\n" in told
    state = json.loads(cli("lead", "replay", lead, "--json").stdout)["state"]
    assert [clock["name"] for clock in state["clocks"]] == ["first_response"]
    over = cli("lead", "replay", lead, "--until", (until + timedelta(days=1)).isoformat()).stdout
    assert "\n  waits_until    -\n" in over
    put_on_record((lead_stream(lead), RecordOutreach(made_by=BEN, channel="call", outcome="reached")), by=CRM)
    state = json.loads(cli("lead", "replay", lead, "--json").stdout)["state"]
    assert [clock["name"] for clock in state["clocks"]] == ["follow_up"]


def test_what_is_said_wrongly_is_told_in_words(cli: Cli) -> None:
    put_on_record(*((wish.stream, wish) for wish in OFFICE))
    unknown = str(uuid4())
    assert "is no lead's id" in cli("clocks", "7", code=2).stderr
    assert cli("clocks", unknown, code=1).stderr == "There is no such lead, or none that you may see.\n"
    acknowledge = ("escalation", "acknowledge", unknown, "--as", "maria", "--by")
    assert "--by: 'soon' is no instant" in cli(*acknowledge, "soon", code=2).stderr
    assert "lacks an offset from UTC" in cli(*acknowledge, "2026-03-02T09:00:00", code=2).stderr
    assert "--by: act_by: it must lie between" in cli(*acknowledge, "9999-01-01T00:00:00Z", code=2).stderr
    put_on_record((lead_stream(LeadId(unknown)), CreateLead(at=ARRIVED)), by=CRM)
    copied = LeadId(str(uuid4()))
    put_on_record((OFFICE[-1].stream, OrderRules(rules=())))
    put_on_record((lead_stream(copied), CreateLead()), by=CRM)
    assert cli("clocks", copied).stdout.startswith("This lead has no clocks: no policy governs it")
