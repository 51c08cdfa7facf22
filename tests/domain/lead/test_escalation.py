"""Somebody who answers for the team is told that a lead needs help."""

import pytest

from domain.identity import PersonId
from domain.lead.escalation import LeadIsInNoTeam, NobodyAnswers, NobodyOnThatRung, escalate
from domain.lead.events import LeadEscalated
from domain.lead.standing import LeadIsClosed, LeadUnknown
from domain.occasion import DatedBeforeALaterChange
from tests.domain.lead.clockwork import BY_DORA
from tests.domain.lead.told import NOTE, assigned, created, escalated, lost, reopened
from tests.support.story import BY_ANNA, BY_MANAGER, CARLA, DORA, ELEVEN, ONE, TWELVE, TWO, given, on

LADDER = (CARLA, DORA)


def told(person: PersonId, rung: int) -> LeadEscalated:
    return LeadEscalated(told=person, rung=rung, reason="no_contact", note=NOTE, at=TWELVE, by=BY_ANNA)


def test_rung_one_is_the_first_person_of_the_ladder() -> None:
    given(created(), assigned()).when(escalate, LADDER, 1, "no_contact", NOTE, on(TWELVE)).then(told(CARLA, 1))


def test_each_later_rung_is_somebody_else() -> None:
    given(created(), escalated()).when(escalate, LADDER, 2, "no_contact", NOTE, on(TWELVE)).then(told(DORA, 2))


def test_a_lead_that_is_nobodys_is_escalated_too() -> None:
    given(created()).when(escalate, LADDER, 1, "no_contact", NOTE, on(TWELVE)).then(told(CARLA, 1))


def test_who_calls_for_help_is_not_told_themselves() -> None:
    """The rungs count the others; on record stands the place in the whole line."""
    by_carla, by_dora = on(TWELVE, BY_MANAGER), on(TWELVE, BY_DORA)
    above = LeadEscalated(told=DORA, rung=2, reason="no_contact", note=NOTE, at=TWELVE, by=BY_MANAGER)
    below = LeadEscalated(told=CARLA, rung=1, reason="no_contact", note=NOTE, at=TWELVE, by=BY_DORA)
    given(created(), assigned()).when(escalate, LADDER, 1, "no_contact", NOTE, by_carla).then(above)
    given(created(), escalated()).when(escalate, LADDER, 1, "no_contact", NOTE, by_carla).then(above)
    given(created(), assigned()).when(escalate, LADDER, 1, "no_contact", NOTE, by_dora).then(below)
    given(created()).when(escalate, LADDER, 2, "no_contact", None, by_carla).then_refused(
        NobodyOnThatRung, "The last of those above this lead who can be told is on rung 1; there is no rung 2."
    )


def test_who_answers_alone_has_nobody_to_call_for_help() -> None:
    by_carla = on(TWELVE, BY_MANAGER)
    given(created()).when(escalate, (CARLA,), 1, "no_contact", None, by_carla).then_refused(
        NobodyAnswers,
        "Nobody else here answers for team north, for one above it or for the desk; entrust it to somebody first.",
    )
    given(created(team=None)).when(escalate, (CARLA,), 1, "no_contact", None, by_carla).then_refused(LeadIsInNoTeam)


def test_asking_twice_for_the_same_reason_tells_once() -> None:
    given(created(), assigned(), escalated()).when(escalate, LADDER, 1, "no_contact", NOTE, on(ONE)).then_nothing()


def test_another_reason_is_news() -> None:
    given(created(), assigned(), escalated()).when(escalate, LADDER, 1, "promise_broken", None, on(ONE)).then(
        LeadEscalated(told=CARLA, rung=1, reason="promise_broken", at=ONE, by=BY_ANNA)
    )


def test_being_told_is_no_contact_and_resets_nothing() -> None:
    before = given(created(), assigned()).state
    after = given(created(), assigned(), escalated()).state
    assert not after.contacted
    assert (after.owner, after.held_since, after.stage_since) == (before.owner, before.held_since, before.stage_since)


def test_a_lead_opened_again_is_escalated_again() -> None:
    given(created(), escalated(), lost(), reopened()).when(escalate, LADDER, 1, "no_contact", None, on(TWO)).then(
        LeadEscalated(told=CARLA, rung=1, reason="no_contact", at=TWO, by=BY_ANNA)
    )


@pytest.mark.parametrize("rung", [-1, 0, 3])
def test_there_is_nobody_on_other_rungs(rung: int) -> None:
    given(created()).when(escalate, LADDER, rung, "no_contact", None, on(ELEVEN)).then_refused(
        NobodyOnThatRung,
        f"The last of those above this lead who can be told is on rung 2; there is no rung {rung}.",
    )


def test_a_ladder_with_nobody_on_it_is_refused() -> None:
    given(created()).when(escalate, (), 1, "no_contact", None, on(ELEVEN)).then_refused(
        NobodyAnswers,
        "Nobody else here answers for team north, for one above it or for the desk; entrust it to somebody first.",
    )


def test_a_lead_in_no_team_reaches_the_desks_seat() -> None:
    given(created(team=None)).when(escalate, LADDER[:1], 1, "no_contact", None, on(TWELVE)).then(escalated())


def test_a_lead_in_no_team_is_refused_where_nobody_has_the_desks_seat() -> None:
    given(created(team=None)).when(escalate, (), 1, "no_contact", None, on(ELEVEN)).then_refused(
        LeadIsInNoTeam,
        "The lead is in no team's hands, and nobody else has the desk's seat; route or assign it, or entrust the desk.",
    )


def test_only_an_open_lead_is_escalated() -> None:
    given().when(escalate, LADDER, 1, "no_contact", None, on(ELEVEN)).then_refused(LeadUnknown)
    given(created(), lost(at=ONE)).when(escalate, LADDER, 1, "no_contact", None, on(TWELVE)).then_refused(LeadIsClosed)
    given(created(), lost(at=ONE), reopened(at=TWO)).when(
        escalate, LADDER, 1, "no_contact", None, on(TWELVE)
    ).then_refused(DatedBeforeALaterChange)
