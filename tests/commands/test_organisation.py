"""Wishes about people, teams and sources."""

import pytest

from commands.command import PERSON, NotLookedUpYet, Surroundings
from commands.desk import Receipt
from commands.people import AddPerson, MovePerson, Profile, RemovePerson
from commands.sources import RegisterSource, RetireSource
from commands.teams import EntrustTeam, FormTeam, PlaceTeam
from domain.identity import PersonId, SourceId, TeamId, person_stream, source_stream, team_stream
from domain.person import PersonJoined, PersonLeft, PersonMoved
from domain.source import SourceRegistered, SourceRetired
from domain.team import Team, TeamFormed, TeamPlaced, TeamsWouldStandInACircle, TeamUnknown
from tests.commands.story import ADMIN, BY_REP, NINE, NORTH, REP, SOUTH, Office, States

Wish = AddPerson | MovePerson | RemovePerson | FormTeam | EntrustTeam | PlaceTeam | RegisterSource | RetireSource


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
