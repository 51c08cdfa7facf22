"""A team has one person who answers for it, and teams stand in a tree."""

import pytest

from domain.identity import NameIsUnfit, TeamId
from domain.occasion import DatedBeforeALaterChange
from domain.person import Person, PersonHasLeft, PersonUnknown
from domain.team import (
    Team,
    TeamEntrusted,
    TeamExistsAlready,
    TeamFormed,
    TeamPlaced,
    TeamsWouldStandInACircle,
    TeamUnknown,
    entrust,
    form,
    known,
    place,
    replay,
)
from tests.support.story import BEN, BY_ADMIN, CARLA, ELEVEN, NINE, TEN, given_team, on

SALES, NORTH, OSLO = TeamId("sales"), TeamId("north"), TeamId("oslo")
FORMED = TeamFormed(team=NORTH, above=SALES, at=NINE, by=BY_ADMIN)
ENTRUSTED = TeamEntrusted(team=NORTH, to=CARLA, at=TEN, by=BY_ADMIN)
PLACED = TeamPlaced(team=NORTH, above=None, at=TEN, by=BY_ADMIN)
HERE = Person(id=CARLA, here=True)


def test_a_team_is_formed_under_another_or_under_none() -> None:
    given_team().when(form, NORTH, SALES, on(NINE, BY_ADMIN)).then(FORMED)
    given_team().when(form, NORTH, None, on(NINE, BY_ADMIN)).then(TeamFormed(team=NORTH, at=NINE, by=BY_ADMIN))


def test_a_team_is_formed_once() -> None:
    given_team(FORMED).when(form, NORTH, SALES, on(TEN, BY_ADMIN)).then_nothing()
    given_team(FORMED).when(form, NORTH, OSLO, on(TEN, BY_ADMIN)).then_refused(
        TeamExistsAlready, "Team north is on record already, under sales; to change that, place it."
    )
    given_team(FORMED, PLACED).when(form, NORTH, OSLO, on(TEN, BY_ADMIN)).then_refused(
        TeamExistsAlready, "Team north is on record already, under none; to change that, place it."
    )


def test_no_team_is_formed_under_itself() -> None:
    given_team().when(form, NORTH, NORTH, on(TEN, BY_ADMIN)).then_refused(
        TeamsWouldStandInACircle, "Team north cannot stand under north: north is team north itself, or stands under it."
    )


def test_a_team_has_a_name_fit_for_the_record() -> None:
    given_team().when(form, TeamId("The North"), None, on(NINE, BY_ADMIN)).then_refused(NameIsUnfit)


def test_a_team_is_entrusted_to_one_person() -> None:
    state = given_team(FORMED).when(entrust, NORTH, HERE, CARLA, on(TEN, BY_ADMIN)).then(ENTRUSTED)
    assert state == Team(id=NORTH, accountable=CARLA, above=SALES, changed_at=TEN)


def test_a_team_entrusted_anew_is_the_former_persons_no_more() -> None:
    given_team(FORMED, ENTRUSTED).when(entrust, NORTH, Person(id=BEN, here=True), BEN, on(ELEVEN, BY_ADMIN)).then(
        TeamEntrusted(team=NORTH, to=BEN, previous=CARLA, at=ELEVEN, by=BY_ADMIN)
    )


def test_a_team_is_entrusted_to_somebody_who_is_here() -> None:
    given_team(FORMED).when(entrust, NORTH, Person(), CARLA, on(TEN, BY_ADMIN)).then_refused(
        PersonUnknown, "Nobody called carla is on record; register the person first with POST /people."
    )
    given_team(FORMED).when(entrust, NORTH, Person(id=CARLA), CARLA, on(TEN, BY_ADMIN)).then_refused(
        PersonHasLeft, "carla has left and cannot take part; name somebody who is here."
    )


def test_only_a_team_on_record_is_entrusted_or_placed() -> None:
    sentence = "No team called north is on record; form it first with POST /teams."
    given_team().when(entrust, NORTH, HERE, CARLA, on(TEN, BY_ADMIN)).then_refused(TeamUnknown, sentence)
    given_team().when(place, NORTH, SALES, [], on(TEN, BY_ADMIN)).then_refused(TeamUnknown, sentence)


def test_a_team_is_placed_under_another_or_under_none() -> None:
    state = given_team(FORMED).when(place, NORTH, None, [], on(TEN, BY_ADMIN)).then(PLACED)
    assert state == Team(id=NORTH, above=None, changed_at=TEN)
    given_team(FORMED, PLACED).when(place, NORTH, OSLO, [OSLO, SALES], on(ELEVEN, BY_ADMIN)).then(
        TeamPlaced(team=NORTH, above=OSLO, at=ELEVEN, by=BY_ADMIN)
    )


def test_placing_a_team_where_it_stands_is_already_so() -> None:
    given_team(FORMED).when(place, NORTH, SALES, [SALES], on(TEN, BY_ADMIN)).then_nothing()


@pytest.mark.parametrize(("above", "line_above"), [(OSLO, [OSLO, NORTH, SALES]), (NORTH, [])])
def test_teams_never_stand_in_a_circle(above: TeamId, line_above: list[TeamId]) -> None:
    given_team(FORMED).when(place, NORTH, above, line_above, on(TEN, BY_ADMIN)).then_refused(
        TeamsWouldStandInACircle,
        f"Team north cannot stand under {above}: {above} is team north itself, or stands under it.",
    )


def test_nothing_is_slipped_in_before_the_latest_change() -> None:
    earlier = on(NINE, BY_ADMIN)
    ben = Person(id=BEN, here=True)
    given_team(FORMED, ENTRUSTED).when(entrust, NORTH, ben, BEN, earlier).then_refused(DatedBeforeALaterChange)
    given_team(FORMED, ENTRUSTED).when(place, NORTH, None, [], earlier).then_refused(DatedBeforeALaterChange)


def test_a_team_on_record_is_named() -> None:
    assert known(replay([FORMED]), NORTH) == NORTH
    with pytest.raises(TeamUnknown, match="No team called north"):
        known(Team(), NORTH)


def test_the_record_of_a_team_is_replayed_from_the_first_event_to_the_last() -> None:
    assert replay([]) == Team()
    assert replay([FORMED]) == Team(id=NORTH, above=SALES, changed_at=NINE)
    assert replay([FORMED, ENTRUSTED, PLACED]) == Team(id=NORTH, accountable=CARLA, above=None, changed_at=TEN)
