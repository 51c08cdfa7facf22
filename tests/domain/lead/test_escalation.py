"""Somebody who answers for the team is told that a lead needs help."""

import pytest

from domain.identity import PersonId, TeamId
from domain.lead.escalation import LeadIsInNoTeam, NobodyOnThatRung, escalate
from domain.lead.events import LeadEscalated
from domain.lead.standing import LeadIsClosed, LeadUnknown
from domain.occasion import DatedBeforeALaterChange
from domain.team import Team, TeamHasNobodyAccountable
from tests.domain.lead.told import NOTE, assigned, created, escalated, lost, reopened
from tests.support.story import BY_ANNA, CARLA, DORA, ELEVEN, ONE, TWELVE, TWO, given, on

OSLO = Team(id=TeamId("oslo"))
NORTH = Team(id=TeamId("north"), accountable=CARLA)
SALES = Team(id=TeamId("sales"), accountable=CARLA)
FIRM = Team(id=TeamId("firm"), accountable=DORA)
LINE = (OSLO, NORTH, SALES, FIRM)


def told(person: PersonId, rung: int) -> LeadEscalated:
    return LeadEscalated(told=person, rung=rung, reason="no_contact", note=NOTE, at=TWELVE, by=BY_ANNA)


def test_rung_one_is_the_first_person_who_answers_for_one_of_the_teams() -> None:
    given(created(), assigned()).when(escalate, LINE, 1, "no_contact", NOTE, on(TWELVE)).then(told(CARLA, 1))


def test_each_later_rung_is_somebody_else() -> None:
    """Carla answers for two teams of the line, and is not told twice."""
    given(created(), escalated()).when(escalate, LINE, 2, "no_contact", NOTE, on(TWELVE)).then(told(DORA, 2))


def test_a_lead_that_is_nobodys_is_escalated_too() -> None:
    given(created()).when(escalate, LINE, 1, "no_contact", NOTE, on(TWELVE)).then(told(CARLA, 1))


def test_asking_twice_for_the_same_reason_tells_once() -> None:
    given(created(), assigned(), escalated()).when(escalate, LINE, 1, "no_contact", NOTE, on(ONE)).then_nothing()


def test_another_reason_is_news() -> None:
    given(created(), assigned(), escalated()).when(escalate, LINE, 1, "promise_broken", None, on(ONE)).then(
        LeadEscalated(told=CARLA, rung=1, reason="promise_broken", at=ONE, by=BY_ANNA)
    )


def test_being_told_is_no_contact_and_resets_nothing() -> None:
    before = given(created(), assigned()).state
    after = given(created(), assigned(), escalated()).state
    assert not after.contacted
    assert (after.owner, after.held_since, after.stage_since) == (before.owner, before.held_since, before.stage_since)


def test_a_lead_opened_again_is_escalated_again() -> None:
    given(created(), escalated(), lost(), reopened()).when(escalate, LINE, 1, "no_contact", None, on(TWO)).then(
        LeadEscalated(told=CARLA, rung=1, reason="no_contact", at=TWO, by=BY_ANNA)
    )


@pytest.mark.parametrize("rung", [-1, 0, 3])
def test_there_is_nobody_on_other_rungs(rung: int) -> None:
    given(created()).when(escalate, LINE, rung, "no_contact", None, on(ELEVEN)).then_refused(
        NobodyOnThatRung,
        f"There are 2 people above this lead to be told, so rung 1 to 2; there is no rung {rung}.",
    )


def test_a_line_with_nobody_accountable_is_refused() -> None:
    given(created()).when(escalate, (OSLO,), 1, "no_contact", None, on(ELEVEN)).then_refused(
        TeamHasNobodyAccountable, "Nobody answers for team oslo; entrust it to somebody first."
    )


def test_a_lead_in_no_team_is_refused() -> None:
    given(created(team=None)).when(escalate, (), 1, "no_contact", None, on(ELEVEN)).then_refused(
        LeadIsInNoTeam, "The lead is in no team's hands, so nobody answers for it; route or assign it first."
    )


def test_only_an_open_lead_is_escalated() -> None:
    given().when(escalate, LINE, 1, "no_contact", None, on(ELEVEN)).then_refused(LeadUnknown)
    given(created(), lost(at=ONE)).when(escalate, LINE, 1, "no_contact", None, on(TWELVE)).then_refused(LeadIsClosed)
    given(created(), lost(at=ONE), reopened(at=TWO)).when(
        escalate, LINE, 1, "no_contact", None, on(TWELVE)
    ).then_refused(DatedBeforeALaterChange)
