"""Whom a notice about a lead goes to, and whether there is still a reason to send it when its time has come."""

from dataclasses import replace
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
    LeadSnoozed,
    ReceiptOwed,
    RungDue,
    Step,
)
from domain.lead.notices import Reason, address, is_stale, knows_the_lead, record, try_again, why_not
from domain.lead.standing import LeadUnknown
from domain.lead.state import Lead, replay
from domain.notice import (
    About,
    Fate,
    NoticeAddressed,
    NoticeDelivered,
    NoticeFailed,
    NoticeIsNotDead,
    NoticeRetried,
    NoticeSent,
    NoticeSuppressed,
    WhyNot,
)
from tests.domain.lead.clockwork import BY_DORA
from tests.domain.lead.told import NORTH, assigned, contacted, created, lost
from tests.support.story import (
    ANNA,
    BEN,
    BY_ANNA,
    BY_MANAGER,
    BY_SERVICE,
    CARLA,
    DORA,
    ELEVEN,
    NINE,
    TEN,
    TWELVE,
    given,
    on,
)

STARTED = ClockStarted(
    clock="first_response", number=1, started_at=NINE, respond_by=TEN, rungs=(RungDue(TEN, "offer_to_team"),),
    policy=PolicyId("quick"), policy_version=1, at=NINE, by=BY_SERVICE,
)  # fmt: skip
STOPPED = ClockStopped(number=1, stopped_at=TEN, because="answered", at=TEN, by=BY_ANNA)
OFFERED = LeadOffered(team=NORTH, step=Step(1, 1, TEN), at=TEN, by=BY_SERVICE)
TAKEN = LeadReleased(owner=ANNA, team=NORTH, reason="not_attended", at=ELEVEN, by=BY_SERVICE)
CALLED_BY_BEN = contacted(at=TEN, made_by=BEN)
SNOOZED = LeadSnoozed(until=TWELVE, reason="other", at=TEN, by=BY_ANNA)
ACKNOWLEDGED = EscalationAcknowledged(escalation=1, clock=1, act_by=TWELVE, at=TEN, by=BY_DORA)
ARRIVED = NoticeDelivered(notice="offer carla", about="offer", medium="sms", to=CARLA, at=TEN, by=BY_SERVICE)
SENT = NoticeSent(notice="n", about="offer", medium="email", to=BEN, tries=1, at=TEN, by=BY_SERVICE)
FAILED = NoticeFailed(
    notice="n", about="offer", medium="email", to=BEN, reason="gave_up", tries=9, at=TEN, by=BY_SERVICE
)


def reason(about: About, to: str | None = ANNA, clock: int | None = None) -> Reason:
    return Reason(about, PersonId(to) if to else None, "email", clock)


def escalated_to(who: PersonId, clock: int | None = 1) -> LeadEscalated:
    step = Step(clock, 1, TEN) if clock else None
    return LeadEscalated(told=who, rung=1, reason="no_contact", step=step, at=TEN, by=BY_SERVICE)


def told_of(about: About, who: PersonId) -> NoticeSent:
    return NoticeSent(notice=f"{about} {who}", about=about, medium="sms", to=who, tries=1, at=TEN, by=BY_SERVICE)


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
        ([assigned(ANNA, at=TEN), contacted(at=ELEVEN)], reason("assignment"), "moot"),
        (
            [assigned(BEN, at=NINE), CALLED_BY_BEN, assigned(ANNA, at=ELEVEN)],
            reason("assignment"),
            None,
        ),
        ([assigned(ANNA, at=TEN), contacted(at=TEN)], reason("assignment"), "moot"),
        ([assigned(ANNA, at=NINE), CALLED_BY_BEN], reason("assignment"), None),
        ([assigned(ANNA), STARTED], reason("reminder", clock=1), None),
        ([STARTED, STOPPED], reason("reminder", clock=1), "moot"),
        ([assigned(ANNA), STARTED, assigned(BEN)], reason("reminder", clock=1), "moot"),
        ([assigned(ANNA), STARTED], reason("reminder", CARLA, clock=1), None),
        ([assigned(ANNA), STARTED, SNOOZED], reason("reminder", clock=1), "moot"),
        ([STARTED, escalated_to(CARLA), STOPPED], reason("escalation", CARLA, clock=1), "moot"),
        ([STARTED, escalated_to(CARLA), lost()], reason("escalation", CARLA, clock=1), "moot"),
        ([STARTED, escalated_to(CARLA)], reason("escalation", CARLA, clock=1), None),
        ([STARTED, escalated_to(CARLA), SNOOZED], reason("escalation", CARLA, clock=1), "moot"),
        ([STARTED, escalated_to(CARLA), ACKNOWLEDGED], reason("escalation", CARLA, clock=1), "moot"),
        ([STARTED, escalated_to(CARLA), assigned(BEN, at=ELEVEN)], reason("escalation", CARLA, clock=1), "moot"),
        ([escalated_to(CARLA, clock=None)], reason("escalation", CARLA), None),
        ([lost()], reason("escalation", CARLA), "moot"),
        ([STARTED, OFFERED], reason("offer", BEN, clock=1), None),
        ([STARTED, OFFERED, SNOOZED], reason("offer", BEN, clock=1), "moot"),
        ([STARTED], reason("offer", BEN, clock=1), "moot"),
        ([STARTED, OFFERED, lost()], reason("offer", BEN, clock=1), "moot"),
        ([assigned(BEN, at=NINE), STARTED, OFFERED], reason("offer", BEN, clock=1), "moot"),
        ([assigned(ANNA), TAKEN, STARTED, OFFERED], reason("offer", ANNA, clock=1), "moot"),
        ([assigned(ANNA), TAKEN, STARTED, OFFERED], reason("offer", BEN, clock=1), None),
        ([], reason("receipt", None), None),
        ([assigned(ANNA), contacted()], reason("receipt", None), "moot"),
        ([lost()], reason("receipt", None), "moot"),
        ([assigned(ANNA), assigned(BEN)], reason("claim"), None),
        ([assigned(ANNA), assigned(BEN)], reason("claim", BEN), "moot"),
        ([assigned(ANNA), assigned(BEN)], reason("claim", CARLA), "moot"),
        ([told_of("offer", CARLA), assigned(BEN)], reason("claim", CARLA), None),
        ([told_of("escalation", CARLA), assigned(BEN)], reason("claim", CARLA), None),
        ([told_of("offer", CARLA), ARRIVED, assigned(BEN)], reason("claim", CARLA), None),
        ([told_of("reminder", CARLA), assigned(BEN)], reason("claim", CARLA), "moot"),
        ([told_of("offer", DORA), assigned(BEN)], reason("claim", CARLA), "moot"),
        ([FAILED, assigned(ANNA)], reason("claim", BEN), "moot"),
        ([assigned(ANNA), assigned(BEN), lost()], reason("claim"), "moot"),
        ([assigned(ANNA), TAKEN], reason("release"), None),
        ([assigned(ANNA), TAKEN, assigned(ANNA)], reason("release"), "moot"),
        ([assigned(ANNA)], reason("acknowledgement"), None),
        ([assigned(BEN)], reason("acknowledgement"), "moot"),
        ([], reason("digest"), None),
    ],
)
def test_a_notice_is_sent_only_while_there_is_a_reason(
    told: list[LeadEvent], asked: Reason, expected: WhyNot | None
) -> None:
    assert why_not(replay([created(), *told]), asked, ELEVEN) == expected


def test_another_clock_that_was_stopped_is_another_matter() -> None:
    second = replace(STARTED, number=2, clock="follow_up", started_at=TEN)
    lead = replay([created(), assigned(ANNA), STARTED, STOPPED, second])
    assert why_not(lead, reason("reminder", clock=1), ELEVEN) == "moot"
    assert why_not(lead, reason("reminder", clock=2), ELEVEN) is None


def test_what_waits_is_called_for_again_when_it_waits_no_longer() -> None:
    lead = replay([created(), assigned(ANNA), STARTED, SNOOZED])
    assert why_not(lead, reason("reminder", clock=1), TEN) == "moot"
    assert why_not(lead, reason("reminder", clock=1), TWELVE - timedelta(microseconds=1)) == "moot"
    assert why_not(lead, reason("reminder", clock=1), TWELVE) is None
    assert why_not(lead, reason("reminder", clock=1), TEN - timedelta(microseconds=1)) is None


def test_after_three_days_it_helps_nobody() -> None:
    assert not is_stale(NINE, NINE + timedelta(days=3))
    assert is_stale(NINE, NINE + timedelta(days=3, microseconds=1))


def test_whose_it_is_or_was_and_who_was_told_may_know_whom_it_is_about() -> None:
    lead = replay([created(), assigned(ANNA), assigned(BEN), escalated_to(CARLA, clock=None)])
    assert [knows_the_lead(lead, who) for who in (ANNA, BEN, CARLA, DORA)] == [True, True, True, False]


def test_nothing_is_about_what_nobody_knows() -> None:
    with pytest.raises(AssertionError, match="gossip"):
        why_not(replay([created()]), Reason("gossip", ANNA, "email"), ELEVEN)  # type: ignore[arg-type]


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
    unasked = Reason("receipt", None, "sms")
    assert why_not(replay([created()]), unasked, ELEVEN) == "no_consent"
    assert why_not(replay([created(), yes_sms]), unasked, ELEVEN) is None
    assert why_not(replay([created(), no_mail, assigned(ANNA)]), reason("acknowledgement", ANNA), ELEVEN) is None


def test_what_the_lead_said_last_counts_whenever_we_learned_of_it() -> None:
    no = ConsentWithdrawn(medium="sms", at=TEN, by=BY_ANNA)
    earlier_yes = ConsentGiven(medium="sms", at=NINE, by=BY_ANNA)
    yes_at_once = ConsentGiven(medium="sms", at=TEN, by=BY_ANNA)
    later_yes = ConsentGiven(medium="sms", at=ELEVEN, by=BY_ANNA)
    stories: list[tuple[list[LeadEvent], bool]] = [
        ([no, earlier_yes], False),
        ([no, yes_at_once], False),
        ([yes_at_once, no], False),
        ([later_yes, no], True),
    ]
    for told, expected in stories:
        assert consent.allows(replay([created(), *told]), "sms") is expected
    given(created(), no).when(consent.give, "sms", on(NINE)).then(earlier_yes)
    given(created(), later_yes).when(consent.withdraw, "sms", on(TEN)).then(no)


def test_consent_is_given_and_withdrawn_once() -> None:
    given_ = ConsentGiven(medium="sms", at=TEN, by=BY_ANNA)
    withdrawn = ConsentWithdrawn(medium="sms", at=TEN, by=BY_ANNA)
    given(created()).when(consent.give, "sms", on(TEN)).then(given_)
    given(created(), given_).when(consent.give, "sms", on(ELEVEN)).then_nothing()
    given(created(), withdrawn).when(consent.withdraw, "sms", on(ELEVEN)).then_nothing()
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
