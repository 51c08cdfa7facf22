"""People join, move between teams, and leave."""

import pytest

from domain.event import Sealed
from domain.identity import OURS, CalendarId, NameIsUnfit, PersonId, TeamId
from domain.notice import Fate, NoticeSent
from domain.occasion import DatedBeforeALaterChange
from domain.person import (
    NameIsTaken,
    Person,
    PersonHasLeft,
    PersonHoursSet,
    PersonIsAlreadyHere,
    PersonJoined,
    PersonLeft,
    PersonMoved,
    PersonUnknown,
    ProfileCorrected,
    correct_profile,
    here,
    join,
    leave,
    move,
    record_notice,
    replay,
    set_hours,
)
from tests.support.story import ANNA, BY_ADMIN, ELEVEN, NINE, TEN, given_person, on

NORTH, SOUTH = TeamId("north"), TeamId("south")
PROFILE = Sealed(subject="anna", ref="9d5f4a3e-0000-4000-8000-000000000003", sha256="c" * 64)
JOINED = PersonJoined(person=ANNA, team=NORTH, profile=PROFILE, at=NINE, by=BY_ADMIN)
MOVED = PersonMoved(person=ANNA, team=SOUTH, previous=NORTH, at=TEN, by=BY_ADMIN)
LEFT = PersonLeft(person=ANNA, at=TEN, by=BY_ADMIN)


def test_somebody_joins() -> None:
    given_person().when(join, ANNA, NORTH, PROFILE, on(NINE, BY_ADMIN)).then(JOINED)


@pytest.mark.parametrize("name", sorted(OURS))
def test_nobody_is_called_like_a_part_of_leadledger(name: str) -> None:
    given_person().when(join, PersonId(name), NORTH, PROFILE, on(NINE, BY_ADMIN)).then_refused(NameIsTaken)


def test_joining_the_same_team_again_is_already_so() -> None:
    given_person(JOINED).when(join, ANNA, NORTH, None, on(ELEVEN, BY_ADMIN)).then_nothing()


def test_joining_another_team_is_moving() -> None:
    given_person(JOINED).when(join, ANNA, SOUTH, None, on(ELEVEN, BY_ADMIN)).then_refused(
        PersonIsAlreadyHere, "anna has joined already, in team north; to change team, move the person."
    )


def test_joining_a_team_when_here_without_one_is_moving_too() -> None:
    teamless = PersonJoined(person=ANNA, at=NINE, by=BY_ADMIN)
    given_person(teamless).when(join, ANNA, SOUTH, None, on(ELEVEN, BY_ADMIN)).then_refused(
        PersonIsAlreadyHere, "anna has joined already, in team none; to change team, move the person."
    )


def test_whoever_left_may_join_again() -> None:
    again = PersonJoined(person=ANNA, team=SOUTH, at=ELEVEN, by=BY_ADMIN)
    state = given_person(JOINED, LEFT).when(join, ANNA, SOUTH, None, on(ELEVEN, BY_ADMIN)).then(again)
    assert state == Person(id=ANNA, team=SOUTH, here=True, changed_at=ELEVEN, profile=PROFILE)


def test_nobody_joins_under_their_address() -> None:
    address = PersonId("anna@example.org")
    given_person().when(join, address, None, None, on(NINE, BY_ADMIN)).then_refused(NameIsUnfit)


def test_somebody_changes_team() -> None:
    state = given_person(JOINED).when(move, ANNA, SOUTH, on(TEN, BY_ADMIN)).then(MOVED)
    assert state == Person(id=ANNA, team=SOUTH, here=True, changed_at=TEN, profile=PROFILE)


def test_moving_to_ones_own_team_is_already_so() -> None:
    given_person(JOINED).when(move, ANNA, NORTH, on(TEN, BY_ADMIN)).then_nothing()


def test_only_who_is_here_changes_team() -> None:
    given_person().when(move, ANNA, SOUTH, on(TEN, BY_ADMIN)).then_refused(
        PersonUnknown, "Nobody called anna is on record; register the person first with POST /people."
    )
    given_person(JOINED, LEFT).when(move, ANNA, SOUTH, on(TEN, BY_ADMIN)).then_refused(
        PersonHasLeft, "anna has left and cannot take part; name somebody who is here."
    )


def test_somebody_leaves() -> None:
    state = given_person(JOINED).when(leave, ANNA, on(TEN, BY_ADMIN)).then(LEFT)
    assert state == Person(id=ANNA, team=NORTH, here=False, changed_at=TEN, profile=PROFILE)


def test_leaving_twice_is_leaving_once() -> None:
    given_person(JOINED, LEFT).when(leave, ANNA, on(ELEVEN, BY_ADMIN)).then_nothing()


def test_who_never_joined_cannot_leave() -> None:
    given_person().when(leave, ANNA, on(TEN, BY_ADMIN)).then_refused(
        PersonUnknown, "Nobody called anna is on record; register the person first with POST /people."
    )


def test_nothing_is_slipped_in_before_the_latest_change() -> None:
    given_person(JOINED, MOVED).when(move, ANNA, NORTH, on(NINE, BY_ADMIN)).then_refused(DatedBeforeALaterChange)
    given_person(JOINED, MOVED).when(leave, ANNA, on(NINE, BY_ADMIN)).then_refused(DatedBeforeALaterChange)
    given_person(JOINED, LEFT).when(join, ANNA, NORTH, None, on(NINE, BY_ADMIN)).then_refused(DatedBeforeALaterChange)


def test_who_is_here_is_named() -> None:
    assert here(replay([JOINED]), ANNA) == ANNA
    with pytest.raises(PersonUnknown, match="Nobody called anna"):
        here(Person(), ANNA)
    with pytest.raises(PersonHasLeft, match="anna has left"):
        here(replay([JOINED, LEFT]), ANNA)


def test_the_record_of_a_person_is_replayed_from_the_first_event_to_the_last() -> None:
    assert replay([]) == Person()
    assert replay([JOINED, MOVED]) == Person(id=ANNA, team=SOUTH, here=True, changed_at=TEN, profile=PROFILE)


def test_how_to_reach_somebody_is_put_right() -> None:
    better = Sealed(subject="anna", ref="9d5f4a3e-0000-4000-8000-000000000004", sha256="d" * 64)
    corrected = ProfileCorrected(person=ANNA, profile=better, at=TEN, by=BY_ADMIN)
    state = given_person(JOINED).when(correct_profile, ANNA, better, on(TEN, BY_ADMIN)).then(corrected)
    assert state.profile == better
    given_person(JOINED, LEFT).when(correct_profile, ANNA, better, on(TEN, BY_ADMIN)).then(corrected)
    given_person().when(correct_profile, ANNA, better, on(TEN, BY_ADMIN)).then_refused(PersonUnknown)


def test_somebody_who_is_here_works_by_a_calendar() -> None:
    office, shop = CalendarId("office"), CalendarId("shop")
    first = PersonHoursSet(person=ANNA, calendar=office, at=TEN, by=BY_ADMIN)
    state = given_person(JOINED).when(set_hours, ANNA, office, on(TEN, BY_ADMIN)).then(first)
    assert state.calendar == office
    then = PersonHoursSet(person=ANNA, calendar=shop, previous=office, at=ELEVEN, by=BY_ADMIN)
    given_person(JOINED, first).when(set_hours, ANNA, shop, on(ELEVEN, BY_ADMIN)).then(then)
    given_person(JOINED, LEFT).when(set_hours, ANNA, shop, on(ELEVEN, BY_ADMIN)).then_refused(PersonHasLeft)


def test_what_became_of_a_digest_is_on_record_once() -> None:
    sent = NoticeSent(notice="n", about="digest", medium="email", to=ANNA, tries=1, at=TEN, by=BY_ADMIN)
    state = given_person(JOINED).when(record_notice, ANNA, sent).then(sent)
    assert state.fates == {"n": Fate("sent", "digest", "email", ANNA)}
    given_person().when(record_notice, ANNA, sent).then_refused(
        PersonUnknown, "Nobody called anna is on record; register the person first with POST /people."
    )
