"""The whole desk has one seat, and somebody who is here has it."""

from domain.occasion import DatedBeforeALaterChange
from domain.person import Person, PersonHasLeft, PersonUnknown
from domain.seat import DeskEntrusted, Seat, SeatEvent, entrust, evolve, replay
from tests.support.story import BEN, BY_ADMIN, CARLA, ELEVEN, NINE, TEN, Given, on

ENTRUSTED = DeskEntrusted(to=CARLA, at=TEN, by=BY_ADMIN)
HERE = Person(id=CARLA, here=True)


def given(*events: SeatEvent) -> Given[Seat]:
    return Given(replay(events), evolve)


def test_the_desk_is_entrusted_to_one_person() -> None:
    state = given().when(entrust, HERE, CARLA, on(TEN, BY_ADMIN)).then(ENTRUSTED)
    assert state == Seat(accountable=CARLA, changed_at=TEN)
    assert replay([]) == Seat(accountable=None, changed_at=None)


def test_the_desk_entrusted_anew_is_the_former_persons_no_more() -> None:
    ben = Person(id=BEN, here=True)
    given(ENTRUSTED).when(entrust, ben, BEN, on(ELEVEN, BY_ADMIN)).then(
        DeskEntrusted(to=BEN, previous=CARLA, at=ELEVEN, by=BY_ADMIN)
    )
    given(ENTRUSTED).when(entrust, ben, BEN, on(NINE, BY_ADMIN)).then_refused(DatedBeforeALaterChange)


def test_whoever_has_the_seat_already_has_it() -> None:
    given(ENTRUSTED).when(entrust, HERE, CARLA, on(ELEVEN, BY_ADMIN)).then_nothing()


def test_the_desk_is_entrusted_to_somebody_who_is_here() -> None:
    given().when(entrust, Person(), CARLA, on(TEN, BY_ADMIN)).then_refused(
        PersonUnknown, "Nobody called carla is on record; register the person first with POST /people."
    )
    given().when(entrust, Person(id=CARLA), CARLA, on(TEN, BY_ADMIN)).then_refused(
        PersonHasLeft, "carla has left and cannot take part; name somebody who is here."
    )
