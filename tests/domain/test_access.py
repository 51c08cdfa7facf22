"""Who may do what: the whole matrix, to be checked by a person."""

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from domain.access import (
    ACTIONS,
    EACH_TEAM,
    FOR_MACHINES,
    SETTINGS,
    THE_DESK,
    WORKING,
    Action,
    OfLead,
    OfPerson,
    OfTeam,
    Principal,
    Resource,
    may,
)
from domain.event import Actor
from domain.identity import PersonId, TeamId

NORTH, SOUTH = TeamId("north"), TeamId("south")

# Anna is a rep of the north, and Carla a manager who answers for it; Ben is another rep.
CALLERS = {
    "rep": Principal("anna", "rep", "key:1", team=NORTH),
    "manager": Principal("carla", "manager", "key:2", team=SOUTH, answers_for=frozenset({NORTH})),
    "auditor": Principal("otto", "auditor", "key:3", team=NORTH),
    "admin": Principal("ada", "admin", "key:4", team=NORTH),
    "unscoped": Principal("robot", "service", "key:5"),
}
ANNA, BEN, CARLA = PersonId("anna"), PersonId("ben"), PersonId("carla")


def of_lead(who: str, where: str) -> OfLead:
    owners = {"own": PersonId(CALLERS[who].id), "mate's": BEN, "nobody's": None}
    teams = {"north": NORTH, "south": SOUTH, "no team": None}
    whose, _, team = where.removesuffix(" on offer").partition(" ")
    return OfLead(owners[whose], teams[team], offered=where.endswith(" on offer"))


# For each lead, whose it is and in which team: who may do what. r: rep, m: manager, a: auditor, d: admin.
# A dot is nobody; a service may what its scopes say and nothing else.
LEADS = ["own north", "own south", "own no team", "mate's north", "mate's south", "mate's no team",
         "nobody's north", "nobody's south", "nobody's no team",
         "mate's north on offer", "mate's south on offer", "mate's no team on offer"]  # fmt: skip
ON_LEADS = """
                            own               somebody else's       nobody's              somebody else's, on offer
                            north south none  north south none      north south none      north south none
lead.create                 m     m     m     m     m     m         rm    rm    rm        m     m     m
lead.see                    rma   rma   rma   ma    a     a         rma   a     rma       rma   a     ra
lead.see_contact            rm    rm    rm    m     .     .         m     .     m         m     .     .
lead.correct_contact        rm    rm    rm    m     .     .         m     .     m         m     .     .
lead.route                  m     m     m     m     .     .         m     .     m         m     .     .
lead.assign                 m     m     m     m     .     .         m     .     m         m     .     .
lead.claim                  rm    rm    rm    rm    .     r         rm    .     rm        rm    .     r
lead.release                rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.reach_out              rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.message_automatically  .     .     .     .     .     .         .     .     .         .     .     .
lead.hear_from              rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.promise                rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.convert                rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.lose                   rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.disqualify             rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.reopen                 rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.escalate               rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.acknowledge            m     m     m     m     .     .         m     .     m         m     .     .
lead.snooze                 rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.keep_time              .     .     .     .     .     .         .     .     .         .     .     .
lead.consent                rm    rm    rm    m     .     .         rm    .     rm        m     .     .
lead.notify                 .     .     .     .     .     .         .     .     .         .     .     .
lead.retry_notice           md    md    md    md    d     d         md    d     md        md    d     d
notices.see                 ad    ad    ad    ad    ad    ad        ad    ad    ad        ad    ad    ad
leads.count                 a     a     a     a     a     a         a     a     a         a     a     a
queue.see                   a     a     a     a     a     a         a     a     a         a     a     a
person.see                  ad    ad    ad    ad    ad    ad        ad    ad    ad        ad    ad    ad
person.see_profile          d     d     d     d     d     d         d     d     d         d     d     d
person.manage               d     d     d     d     d     d         d     d     d         d     d     d
team.see                    ad    ad    ad    ad    ad    ad        ad    ad    ad        ad    ad    ad
team.manage                 d     d     d     d     d     d         d     d     d         d     d     d
source.see                  ad    ad    ad    ad    ad    ad        ad    ad    ad        ad    ad    ad
source.manage               d     d     d     d     d     d         d     d     d         d     d     d
policy.see                  ad    ad    ad    ad    ad    ad        ad    ad    ad        ad    ad    ad
policy.manage               d     d     d     d     d     d         d     d     d         d     d     d
projections.see             ad    ad    ad    ad    ad    ad        ad    ad    ad        ad    ad    ad
"""


OTHERS: list[Resource] = [
    OfPerson(ANNA, NORTH), OfPerson(CARLA, SOUTH), OfPerson(BEN, NORTH), OfPerson(BEN, SOUTH), OfPerson(BEN, None),
    OfTeam(NORTH), OfTeam(SOUTH), THE_DESK, EACH_TEAM,
]  # fmt: skip
ON_OTHERS = """
                            person                                   team         the   each
                            anna  carla ben,north ben,south ben,none north south  desk  team
lead.create                 .     .     .         .         .        .     .      .     .
lead.see                    rma   ma    ma        a         a        ma    a      ma    a
lead.see_contact            .     .     .         .         .        .     .      .     .
lead.correct_contact        .     .     .         .         .        .     .      .     .
lead.route                  .     .     .         .         .        .     .      .     .
lead.assign                 .     .     .         .         .        .     .      .     .
lead.claim                  .     .     .         .         .        .     .      .     .
lead.release                .     .     .         .         .        .     .      .     .
lead.reach_out              .     .     .         .         .        .     .      .     .
lead.message_automatically  .     .     .         .         .        .     .      .     .
lead.hear_from              .     .     .         .         .        .     .      .     .
lead.promise                .     .     .         .         .        .     .      .     .
lead.convert                .     .     .         .         .        .     .      .     .
lead.lose                   .     .     .         .         .        .     .      .     .
lead.disqualify             .     .     .         .         .        .     .      .     .
lead.reopen                 .     .     .         .         .        .     .      .     .
lead.escalate               .     .     .         .         .        .     .      .     .
lead.acknowledge            .     .     .         .         .        .     .      .     .
lead.snooze                 .     .     .         .         .        .     .      .     .
lead.keep_time              .     .     .         .         .        .     .      .     .
lead.consent                .     .     .         .         .        .     .      .     .
lead.notify                 .     .     .         .         .        .     .      .     .
lead.retry_notice           d     d     d         d         d        d     d      d     d
notices.see                 mad   mad   mad       ad        ad       mad   ad     mad   ad
leads.count                 rma   ma    ma        a         a        ma    a      ma    a
queue.see                   rma   ma    ma        a         a        rma   a      ma    a
person.see                  rmad  mad   mad       ad        ad       mad   ad     mad   ad
person.see_profile          rmd   md    md        d         d        d     d      d     d
person.manage               d     d     d         d         d        d     d      d     d
team.see                    mad   mad   mad       ad        ad       mad   ad     rmad  ad
team.manage                 d     d     d         d         d        d     d      d     d
source.see                  mad   mad   mad       ad        ad       mad   ad     rmad  ad
source.manage               d     d     d         d         d        d     d      d     d
policy.see                  mad   mad   mad       ad        ad       mad   ad     rmad  ad
policy.manage               d     d     d         d         d        d     d      d     d
projections.see             ad    ad    ad        ad        ad       ad    ad     mad   ad
"""
ROLES = {"r": "rep", "m": "manager", "a": "auditor", "d": "admin"}


def rows(table: str) -> dict[str, list[str]]:
    return {cells[0]: cells[1:] for line in table.splitlines() if (cells := line.split()) and "." in cells[0]}


def test_the_tables_name_every_action() -> None:
    assert set(rows(ON_LEADS)) == set(rows(ON_OTHERS)) == ACTIONS == set(get_args(Action))


@pytest.mark.parametrize("action", get_args(Action))
def test_who_may_do_this_to_a_lead(action: Action) -> None:
    for where, allowed in zip(LEADS, rows(ON_LEADS)[action], strict=True):
        for letter, role in ROLES.items():
            lead = of_lead(role, where)
            assert may(CALLERS[role], action, lead) == (letter in allowed), (role, action, where)


@pytest.mark.parametrize("action", get_args(Action))
def test_who_may_do_this_to_a_person_or_a_team(action: Action) -> None:
    for what, allowed in zip(OTHERS, rows(ON_OTHERS)[action], strict=True):
        for letter, role in ROLES.items():
            assert may(CALLERS[role], action, what) == (letter in allowed), (role, action, what)


@pytest.mark.parametrize("action", get_args(Action))
def test_whoever_answers_for_the_desk_may_with_every_team_what_others_may_with_theirs(action: Action) -> None:
    manager = Principal("dora", "manager", "key:2")
    seated = replace(manager, answers_for_the_desk=True)
    theirs = replace(manager, answers_for=frozenset({NORTH}))
    for where in (NORTH, SOUTH, None):
        assert may(seated, action, OfLead(BEN, where)) == may(theirs, action, OfLead(BEN, NORTH))
        assert may(seated, action, OfPerson(BEN, where)) == may(theirs, action, OfPerson(BEN, NORTH))
    assert may(seated, action, OfTeam(SOUTH)) == may(theirs, action, OfTeam(NORTH))
    assert may(seated, action, EACH_TEAM) == may(theirs, action, OfTeam(NORTH))
    assert may(seated, action, THE_DESK) == may(manager, action, THE_DESK)


def test_the_desks_seat_makes_a_manager_of_nobody() -> None:
    seated = Principal("anna", "rep", "key:1", team=NORTH, answers_for_the_desk=True)
    assert not may(seated, "lead.see", OfLead(BEN, SOUTH))
    assert not may(seated, "leads.count", EACH_TEAM)


@pytest.mark.parametrize(("action", "scope"), [*product(get_args(Action), repeat=2)])
def test_a_service_may_what_its_scopes_say_wherever_it_is(action: Action, scope: str) -> None:
    service = Principal("dialer", "service", "key:6", scopes=frozenset({scope}))
    for what in (OfLead(None, None), OfLead(BEN, SOUTH), OfPerson(BEN, SOUTH), OfTeam(NORTH), THE_DESK, EACH_TEAM):
        assert may(service, action, what) == (action == scope)
        assert not may(CALLERS["unscoped"], action, what)


def test_scopes_are_for_services() -> None:
    everything = frozenset(ACTIONS)
    for role in ("rep", "manager", "auditor", "admin"):
        who = Principal("x", role, "key:7", scopes=everything)
        assert not may(who, "lead.message_automatically", OfLead(None, None))


def test_a_rep_in_no_team_sees_only_what_is_in_no_team() -> None:
    loner = Principal("anna", "rep", "key:8")
    assert may(loner, "lead.see", OfLead(None, None))
    assert not may(loner, "lead.see", OfLead(None, NORTH))
    assert not may(loner, "queue.see", OfTeam(NORTH))


def test_whoever_had_the_lead_then_may_tell_what_they_did() -> None:
    now_elsewhere = OfLead(owner=BEN, team=SOUTH, owner_then=ANNA)
    assert may(CALLERS["rep"], "lead.reach_out", now_elsewhere)
    assert not may(CALLERS["rep"], "lead.assign", now_elsewhere)
    assert not may(CALLERS["rep"], "lead.reach_out", OfLead(owner=BEN, team=SOUTH, owner_then=BEN))


def test_only_machines_write_automatically() -> None:
    assert {"lead.message_automatically", "lead.keep_time", "lead.notify"} == FOR_MACHINES
    assert not FOR_MACHINES & (WORKING | SETTINGS)


def test_a_caller_stands_in_events_as_their_key_tells() -> None:
    assert CALLERS["rep"].actor == Actor(id="anna", role="rep", via="key:1")


def test_an_unheard_of_role_may_nothing() -> None:
    stranger = Principal("x", "owner", "key:9", scopes=frozenset(ACTIONS))  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="owner"):
        may(stranger, "lead.see", OfLead(None, None))


@pytest.mark.parametrize("role", ["rep", "manager"])
def test_nobody_may_do_anything_to_what_is_no_resource(role: str) -> None:
    with pytest.raises(AssertionError, match="everything"):
        may(CALLERS[role], "lead.see", "everything")  # type: ignore[arg-type]
