"""Wishes about people, teams, the desk's seat and sources."""

from typing import Any

import pytest

from commands.command import PERSON, NothingThere, NotLookedUpYet, Surroundings
from commands.desk import Receipt
from commands.people import AddPerson, MovePerson, Profile, RemovePerson
from commands.seat import EntrustDesk
from commands.sources import RegisterSource, RetireSource
from commands.teams import EntrustTeam, FormTeam, PlaceTeam
from domain.identity import DESK, PersonId, SourceId, StreamId, TeamId, person_stream, source_stream, team_stream
from domain.person import Person, PersonJoined, PersonLeft, PersonMoved, PersonUnknown
from domain.seat import DeskEntrusted, Seat
from domain.source import SourceRegistered, SourceRetired
from domain.team import Team, TeamFormed, TeamPlaced, TeamsWouldStandInACircle, TeamUnknown
from tests.commands.story import ADMIN, BY_REP, MANAGER, NINE, NORTH, OTHER_REP, REP, SOUTH, Office, States

Wish = (
    EntrustDesk
    | AddPerson
    | MovePerson
    | RemovePerson
    | FormTeam
    | EntrustTeam
    | PlaceTeam
    | RegisterSource
    | RetireSource
)


async def do(office: Office, wish: Wish) -> Receipt:
    return await office.do(wish.stream, wish, ADMIN)


async def test_a_person_joins_moves_and_leaves() -> None:
    office = await Office().staffed()
    rep = PersonId("rep-7")
    await do(office, AddPerson(person=rep, team=NORTH, profile=Profile(name="Ines Canary")))
    await do(office, MovePerson(person=rep, team=SOUTH))
    await do(office, RemovePerson(person=rep))
    joined, *later = await office.told(person_stream(rep))
    assert isinstance(joined, PersonJoined)
    assert joined.profile is not None
    assert b"Ines Canary" in office.vault.plaintexts[joined.profile.ref]
    assert later == [
        PersonMoved(person=rep, team=SOUTH, previous=NORTH, at=NINE, by=ADMIN.actor),
        PersonLeft(person=rep, at=NINE, by=ADMIN.actor),
    ]


async def test_a_person_may_join_without_a_team_but_not_in_one_that_nobody_knows() -> None:
    office = await Office().staffed()
    await do(office, AddPerson(person=PersonId("rep-8")))
    with pytest.raises(TeamUnknown):
        await do(office, AddPerson(person=PersonId("rep-9"), team=TeamId("west")))


async def test_teams_stand_in_a_tree_and_never_in_a_circle() -> None:
    office = await Office().staffed()
    with pytest.raises(TeamsWouldStandInACircle):
        await do(office, PlaceTeam(team=SOUTH, above=NORTH))
    await do(office, PlaceTeam(team=NORTH, above=None))
    await do(office, PlaceTeam(team=SOUTH, above=NORTH))
    assert (await office.told(team_stream(SOUTH))) == [
        TeamFormed(team=SOUTH, at=NINE, by=ADMIN.actor),
        TeamPlaced(team=SOUTH, above=NORTH, at=NINE, by=ADMIN.actor),
    ]


async def test_a_source_is_registered_and_retired() -> None:
    office = await Office().staffed()
    await do(office, RegisterSource(source=SourceId("fair")))
    await do(office, RetireSource(source=SourceId("fair")))
    assert await office.told(source_stream(SourceId("fair"))) == [
        SourceRegistered(source=SourceId("fair"), at=NINE, by=ADMIN.actor),
        SourceRetired(source=SourceId("fair"), at=NINE, by=ADMIN.actor),
    ]


@pytest.mark.parametrize(
    "wish",
    [AddPerson(person=PersonId("rep-8")), FormTeam(team=TeamId("west")), RegisterSource(source=SourceId("fair"))],
    ids=lambda wish: type(wish).__name__,
)
async def test_a_rep_changes_none_of_it(wish: AddPerson | FormTeam | RegisterSource) -> None:
    office = await Office().staffed()
    head = await office.head()
    with pytest.raises(Exception, match="nothing here, or nothing that you may see"):
        await office.do(wish.stream, wish, BY_REP)
    assert await office.head() == head


async def test_the_desk_is_entrusted_to_somebody_who_is_here() -> None:
    office = await Office().staffed()
    await do(office, EntrustDesk(to=MANAGER))
    assert (await do(office, EntrustDesk(to=MANAGER))).events == ()
    assert await office.told(DESK) == [DeskEntrusted(to=MANAGER, at=NINE, by=ADMIN.actor)]
    with pytest.raises(NothingThere):
        await office.do(DESK, EntrustDesk(to=REP), BY_REP)
    with pytest.raises(PersonUnknown):
        await do(office, EntrustDesk(to=PersonId("nobody")))


LINE: dict[StreamId, tuple[Any, int]] = {
    team_stream(NORTH): (Team(id=NORTH, above=SOUTH, accountable=REP), 1),
    team_stream(SOUTH): (Team(id=SOUTH, accountable=MANAGER), 1),
    person_stream(REP): (Person(id=REP, here=True), 1),
    person_stream(MANAGER): (Person(id=MANAGER, here=True), 1),
    person_stream(OTHER_REP): (Person(id=OTHER_REP, here=True), 1),
}


@pytest.mark.parametrize(
    ("seat", "here", "team", "ladder", "seated"),
    [
        (OTHER_REP, True, NORTH, (REP, MANAGER, OTHER_REP), OTHER_REP),
        (OTHER_REP, True, None, (OTHER_REP,), OTHER_REP),
        (REP, True, NORTH, (REP, MANAGER), REP),
        (OTHER_REP, False, NORTH, (REP, MANAGER), None),
        (None, True, NORTH, (REP, MANAGER), None),
        (None, True, None, (), None),
    ],
)
def test_the_ladder_ends_with_the_desks_seat(
    seat: PersonId | None, here: bool, team: TeamId | None, ladder: tuple[PersonId, ...], seated: PersonId | None
) -> None:
    known = LINE | {DESK: (Seat(accountable=seat), 1), person_stream(OTHER_REP): (Person(id=OTHER_REP, here=here), 1)}
    around = Surroundings(States(known))
    assert around.ladder(team) == ladder
    assert around.guards[DESK] == 1
    assert around.seat() == seated


def test_a_line_of_teams_ends_even_where_the_record_is_a_circle() -> None:
    circle = {
        team_stream(NORTH): (Team(id=NORTH, above=SOUTH), 1),
        team_stream(SOUTH): (Team(id=SOUTH, above=NORTH), 1),
    }
    around = Surroundings(States(circle))
    assert [team.id for team in around.line(NORTH)] == [NORTH, SOUTH]
    assert around.guards == dict.fromkeys(circle, 1)


def test_what_was_not_looked_up_is_asked_for() -> None:
    with pytest.raises(NotLookedUpYet) as asked:
        Surroundings(States()).person(REP)
    assert asked.value.missing == ((PERSON, person_stream(REP)),)
