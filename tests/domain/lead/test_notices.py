"""Whom a notice about a lead goes to, and whether there is still a reason to send it when its time has come."""

from datetime import timedelta

import pytest

from domain.identity import PersonId, PolicyId
from domain.lead import consent
from domain.lead.events import (
    ClockStarted,
    ClockStopped,
    ConsentGiven,
    ConsentWithdrawn,
    EscalationAcknowledged,
    LeadEscalated,
    LeadEvent,
    LeadOffered,
    LeadReleased,
    ReceiptOwed,
    RungDue,
    Step,
)
from domain.lead.notices import Reason, address, record, try_again, why_not
from domain.lead.standing import LeadUnknown
from domain.lead.state import Lead, replay
from domain.notice import (
    About,
    Fate,
    NoticeAddressed,
    NoticeFailed,
    NoticeIsNotDead,
    NoticeRetried,
    NoticeSent,
    NoticeSuppressed,
    WhyNot,
)
from tests.domain.lead.told import NORTH, assigned, contacted, created, lost
from tests.support.story import ANNA, BEN, BY_ANNA, BY_MANAGER, BY_SERVICE, CARLA, ELEVEN, NINE, TEN, given, on

STARTED = ClockStarted(
    clock="first_response", number=1, started_at=NINE, respond_by=TEN, rungs=(RungDue(TEN, "offer_to_team"),),
    policy=PolicyId("quick"), policy_version=1, at=NINE, by=BY_SERVICE,
)  # fmt: skip
STOPPED = ClockStopped(number=1, stopped_at=TEN, because="answered", at=TEN, by=BY_ANNA)
OFFERED = LeadOffered(team=NORTH, step=Step(1, 1, TEN), at=TEN, by=BY_SERVICE)
TAKEN = LeadReleased(owner=ANNA, team=NORTH, reason="not_attended", at=ELEVEN, by=BY_SERVICE)
SENT = NoticeSent(notice="n", about="offer", medium="email", to=BEN, tries=1, at=TEN, by=BY_SERVICE)
FAILED = NoticeFailed(
    notice="n", about="offer", medium="email", to=BEN, reason="gave_up", tries=9, at=TEN, by=BY_SERVICE
)


def reason(about: About, to: str | None = ANNA, clock: int | None = None, minutes: int = 0) -> Reason:
    return Reason(about, PersonId(to) if to else None, "email", ELEVEN - timedelta(minutes=minutes), clock)


def test_whom_an_offer_goes_to_is_looked_up_once() -> None:
    addressed = NoticeAddressed(cause=3, about="offer", to=(ANNA, BEN), at=TEN, by=BY_SERVICE)
    asked = given(created(), STARTED, OFFERED).when(address, 3, "offer", (ANNA, BEN), on(TEN, BY_SERVICE))
    asked.then(addressed)
    again = given(created(), STARTED, OFFERED, addressed)
    again.when(address, 3, "offer", (ANNA, BEN, CARLA), on(ELEVEN, BY_SERVICE)).then_nothing()
    other = NoticeAddressed(cause=5, about="offer", to=(BEN,), at=ELEVEN, by=BY_SERVICE)
    again.when(address, 5, "offer", (BEN,), on(ELEVEN, BY_SERVICE)).then(other)
    given().when(address, 3, "offer", (ANNA,), on(TEN, BY_SERVICE)).then_refused(LeadUnknown)


def test_what_became_of_a_notice_is_on_record_also_of_a_closed_lead() -> None:
    state = given(created(), lost()).when(record, SENT, on(TEN, BY_SERVICE)).then(SENT)
    assert state.fates == {"n": Fate("sent", "offer", "email", BEN)}
    given().when(record, SENT, on(TEN, BY_SERVICE)).then_refused(LeadUnknown)


def test_a_dead_letter_is_tried_again() -> None:
    retried = NoticeRetried(notice="n", about="offer", medium="email", to=BEN, at=ELEVEN, by=BY_MANAGER)
    state = replay([created(), FAILED])
    assert try_again(state, "n", on(ELEVEN, BY_MANAGER)) == [retried]
    assert replay([created(), FAILED, retried]).fates == {}
    given(created()).when(try_again, "n", on(ELEVEN, BY_MANAGER)).then_refused(NoticeIsNotDead)
    given().when(try_again, "n", on(ELEVEN, BY_MANAGER)).then_refused(LeadUnknown)


@pytest.mark.parametrize(
    ("told", "asked", "expected"),
    [
        ([assigned(ANNA)], reason("assignment"), None),
        ([assigned(BEN)], reason("assignment"), "moot"),
        ([assigned(ANNA), lost()], reason("assignment"), "moot"),
        ([STARTED], reason("reminder", clock=1), None),
        ([STARTED, STOPPED], reason("reminder", clock=1), "moot"),
        ([STARTED, STOPPED], reason("escalation", CARLA, clock=1), "moot"),
        ([STARTED, lost()], reason("escalation", CARLA, clock=1), "moot"),
        ([], reason("escalation", CARLA), None),
        ([lost()], reason("escalation", CARLA), "moot"),
        ([STARTED, OFFERED], reason("offer", BEN, clock=1), None),
        ([STARTED], reason("offer", BEN, clock=1), "moot"),
        ([STARTED, OFFERED, lost()], reason("offer", BEN, clock=1), "moot"),
        ([assigned(BEN, at=NINE), STARTED, OFFERED], reason("offer", BEN, clock=1), "moot"),
        ([assigned(ANNA), TAKEN, STARTED, OFFERED], reason("offer", ANNA, clock=1), "moot"),
        ([assigned(ANNA), TAKEN, STARTED, OFFERED], reason("offer", BEN, clock=1), None),
        ([], reason("receipt", None), None),
        ([assigned(ANNA), contacted()], reason("receipt", None), "moot"),
        ([lost()], reason("receipt", None), "moot"),
        ([lost()], reason("claim"), None),
        ([lost()], reason("release"), None),
        ([lost()], reason("acknowledgement"), None),
        ([], reason("claim", minutes=3 * 24 * 60), None),
        ([], reason("claim", minutes=3 * 24 * 60 + 1), "stale"),
    ],
)
def test_a_notice_is_sent_only_while_there_is_a_reason(
    told: list[LeadEvent], asked: Reason, expected: WhyNot | None
) -> None:
    assert why_not(replay([created(), *told]), asked, ELEVEN) == expected


def test_who_wrote_to_us_may_be_answered_by_mail_but_texted_only_with_their_consent() -> None:
    yes_sms = ConsentGiven(medium="sms", at=TEN, by=BY_ANNA)
    no_sms = ConsentWithdrawn(medium="sms", at=ELEVEN, by=BY_ANNA)
    no_mail = ConsentWithdrawn(medium="email", at=TEN, by=BY_ANNA)
    yes_mail = ConsentGiven(medium="email", at=ELEVEN, by=BY_ANNA)
    allowed = {
        (): (True, False),
        (yes_sms,): (True, True),
        (yes_sms, no_sms): (True, False),
        (no_mail,): (False, False),
        (no_mail, yes_mail): (True, False),
    }
    for told, (mail, sms) in allowed.items():
        lead = replay([created(), *told])
        assert (consent.allows(lead, "email"), consent.allows(lead, "sms")) == (mail, sms)
    unasked = Reason("receipt", None, "sms", TEN)
    assert why_not(replay([created()]), unasked, ELEVEN) == "no_consent"
    assert why_not(replay([created(), yes_sms]), unasked, ELEVEN) is None
    assert why_not(replay([created(), no_mail]), reason("claim", ANNA), ELEVEN) is None


def test_consent_is_given_and_withdrawn_once() -> None:
    given_ = ConsentGiven(medium="sms", at=TEN, by=BY_ANNA)
    withdrawn = ConsentWithdrawn(medium="sms", at=TEN, by=BY_ANNA)
    given(created()).when(consent.give, "sms", on(TEN)).then(given_)
    given(created(), withdrawn).when(consent.give, "sms", on(TEN)).then(given_)
    given(created()).when(consent.withdraw, "sms", on(TEN)).then(withdrawn)
    given(created(), given_).when(consent.withdraw, "sms", on(TEN)).then(withdrawn)
    given().when(consent.give, "sms", on(TEN)).then_refused(LeadUnknown)
    given().when(consent.withdraw, "sms", on(TEN)).then_refused(LeadUnknown)


def test_what_is_only_about_messages_is_no_act_of_whoever_was_told() -> None:
    escalated = LeadEscalated(told=CARLA, rung=1, reason="other", at=NINE, by=BY_ANNA)
    retried = NoticeRetried(notice="n", about="offer", medium="email", to=BEN, at=ELEVEN, by=BY_MANAGER)
    consented = ConsentGiven(medium="sms", at=ELEVEN, by=BY_MANAGER)
    for nothing in (retried, consented):
        assert not replay([created(), escalated, nothing]).escalations[0].seen_to
    acted = EscalationAcknowledged(escalation=1, clock=None, act_by=ELEVEN, at=TEN, by=BY_MANAGER)
    assert replay([created(), escalated, acted]).escalations[0].seen_to


def test_a_receipt_that_is_owed_and_a_fate_are_remembered() -> None:
    owed = ReceiptOwed(media=("email",), policy=PolicyId("quick"), policy_version=1, at=NINE, by=BY_SERVICE)
    moot = NoticeSuppressed(notice="n", about="receipt", medium="email", to=None, reason="moot", at=TEN, by=BY_SERVICE)
    assert Lead().receipt_owed is False
    lead = replay([created(), owed, moot])
    assert lead.receipt_owed is True
    assert lead.fates == {"n": Fate("suppressed", "receipt", "email", None)}
