"""Notices through the desk: what a machine, a person and the lead itself want of them."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from commands.calendars import HoursGiven, SetCalendar, WeekGiven
from commands.command import LEAD, PERSON
from commands.lead import Contact, CreateLead
from commands.notices import AddressNotice, GiveConsent, RetryNotice, SettleDigest, SettleNotice, WithdrawConsent
from commands.people import CorrectProfile, Profile, SetHours
from commands.policies import ClocksGiven, OrderRules, RuleGiven, SetPolicy
from domain.access import Principal
from domain.calendar import CalendarUnknown
from domain.identity import CalendarId, PolicyId, StreamId, person_stream
from domain.lead.events import ReceiptOwed
from domain.lead.standing import LeadUnknown
from domain.notice import (
    Fate,
    NoticeAddressed,
    NoticeDelivered,
    NoticeFailed,
    NoticeIsNotDead,
    NoticeRetried,
    NoticeSent,
    NoticeSuppressed,
)
from domain.person import PersonHoursSet, ProfileCorrected
from tests.commands.story import (
    ADMIN,
    BY_AUDITOR,
    BY_MANAGER,
    BY_OTHER_REP,
    BY_REP,
    NINE,
    NORTH,
    OTHER_REP,
    REP,
    Office,
    new_lead,
)

NOTICE = UUID(int=5)
NOTIFIER = Principal(id="notifier", role="service", via="notifier", scopes=frozenset({"lead.notify"}))
WHAT: dict[str, Any] = {"notice": NOTICE, "about": "reminder", "medium": "email", "to": REP}
SAID: dict[str, Any] = {"notice": str(NOTICE), "about": "reminder", "medium": "email", "to": REP, "at": NINE,
                        "by": NOTIFIER.actor}  # fmt: skip


async def a_lead(office: Office) -> StreamId:
    lead = new_lead()
    await office.do(lead, CreateLead(team=NORTH))
    return lead


@pytest.mark.parametrize(
    ("became", "event"),
    [
        ({"became": "sent", "tries": 3, "provider_id": "SM1"}, NoticeSent(**SAID, tries=3, provider_id="SM1")),
        ({"became": "failed", "why_failed": "opted_out", "tries": 2},
         NoticeFailed(**SAID, reason="opted_out", tries=2, team=NORTH)),
        ({"became": "suppressed", "why_not": "moot"}, NoticeSuppressed(**SAID, reason="moot")),
    ],
)  # fmt: skip
async def test_what_became_of_a_notice_is_put_on_record_once(became: dict[str, Any], event: Any) -> None:
    office = await Office().staffed()
    lead = await a_lead(office)
    await office.do(lead, SettleNotice(**WHAT, **became), NOTIFIER)
    assert (await office.told(lead))[1:] == [event]
    assert (await office.do(lead, SettleNotice(**WHAT, became="sent"), NOTIFIER)).events == ()


async def test_what_was_sent_arrives() -> None:
    office = await Office().staffed()
    lead = await a_lead(office)
    await office.do(lead, SettleNotice(**WHAT, became="sent"), NOTIFIER)
    await office.do(lead, SettleNotice(**WHAT, became="delivered"), NOTIFIER)
    assert (await office.told(lead))[1:] == [NoticeSent(**SAID, tries=1), NoticeDelivered(**SAID)]
    state, _ = await office.desk.state(LEAD, lead)
    assert state.fates[str(NOTICE)].state == "delivered"


@pytest.mark.parametrize(
    "wrong",
    [
        {"became": "failed"},
        {"became": "suppressed"},
        {"became": "sent", "why_failed": "gave_up"},
        {"became": "delivered", "why_not": "moot"},
        {"became": "failed", "why_failed": "gave_up", "why_not": "moot"},
    ],
)
def test_what_did_not_go_out_has_a_reason_and_only_that(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="and only that"):
        SettleNotice(**WHAT, **wrong)


async def test_a_notice_to_several_is_addressed_once() -> None:
    office = await Office().staffed()
    lead = await a_lead(office)
    address = AddressNotice(cause=1, about="offer", to=(REP, OTHER_REP))
    await office.do(lead, address, NOTIFIER)
    assert (await office.do(lead, AddressNotice(cause=1, about="offer", to=(REP,)), NOTIFIER)).events == ()
    assert (await office.told(lead))[1:] == [
        NoticeAddressed(cause=1, about="offer", to=(REP, OTHER_REP), at=NINE, by=NOTIFIER.actor)
    ]


async def test_only_a_manager_has_a_dead_letter_tried_again_and_only_the_notifier_says_what_became_of_it() -> None:
    office = await Office().staffed()
    lead = await a_lead(office)
    with pytest.raises(NoticeIsNotDead):
        await office.do(lead, RetryNotice(notice=NOTICE), BY_MANAGER)
    await office.do(lead, SettleNotice(**WHAT, became="failed", why_failed="gave_up", tries=9), NOTIFIER)
    for nobody in (BY_REP, BY_AUDITOR):
        with pytest.raises(LeadUnknown):
            await office.do(lead, RetryNotice(notice=NOTICE), nobody)
    with pytest.raises(LeadUnknown):
        await office.do(lead, SettleNotice(**WHAT, became="sent"), BY_MANAGER)
    await office.do(lead, RetryNotice(notice=NOTICE), BY_MANAGER)
    retried = NoticeRetried(**SAID | {"by": BY_MANAGER.actor})
    assert (await office.told(lead))[2:] == [retried]


async def test_a_lead_says_how_it_may_be_written_to() -> None:
    office = await Office().staffed()
    lead = await a_lead(office)
    await office.do(lead, GiveConsent(medium="sms"), BY_MANAGER)
    await office.do(lead, WithdrawConsent(medium="email"), BY_MANAGER)
    state, _ = await office.desk.state(LEAD, lead)
    assert (state.said_of("sms"), state.said_of("email")) == (True, False)
    assert (await office.do(lead, GiveConsent(medium="sms"), BY_MANAGER)).events == ()
    assert (await office.do(lead, WithdrawConsent(medium="email"), BY_MANAGER)).events == ()
    with pytest.raises(LeadUnknown):
        await office.do(lead, GiveConsent(medium="sms"), BY_AUDITOR)


async def test_a_digest_stands_in_the_stream_of_whom_it_was_for() -> None:
    office = await Office().staffed()
    settle = SettleDigest(person=REP, notice=NOTICE, about="digest", medium="email", to=REP, became="sent")
    await office.do(settle.stream, settle, NOTIFIER)
    state, _ = await office.desk.state(PERSON, person_stream(REP))
    assert state.fates == {str(NOTICE): Fate("sent", "digest", "email", REP)}
    assert (await office.do(settle.stream, settle, NOTIFIER)).events == ()


async def test_how_and_when_somebody_is_reached_is_put_right() -> None:
    office = await Office().staffed()
    day = (HoursGiven(opens="09:00", closes="17:00"),)
    calendar = SetCalendar(calendar=CalendarId("office"), zone="UTC", week=WeekGiven(monday=day))
    with pytest.raises(CalendarUnknown):
        await office.do(person_stream(REP), SetHours(person=REP, calendar=CalendarId("office")), ADMIN)
    await office.do(calendar.stream, calendar, ADMIN)
    await office.do(person_stream(REP), SetHours(person=REP, calendar=CalendarId("office")), ADMIN)
    wish = CorrectProfile(person=REP, profile=Profile(name="Ines Canary", email="ines@example.com"))
    await office.do(wish.stream, wish, ADMIN)
    _, hours, corrected = await office.told(person_stream(REP))
    assert hours == PersonHoursSet(person=REP, calendar=CalendarId("office"), at=NINE, by=ADMIN.actor)
    assert isinstance(corrected, ProfileCorrected)
    assert b"ines@example.com" in office.vault.plaintexts[corrected.profile.ref]
    with pytest.raises(Exception, match="nothing here"):
        await office.do(wish.stream, wish, BY_OTHER_REP)


async def test_a_policy_has_new_leads_told_that_we_have_what_they_wrote() -> None:
    office = await Office().staffed()
    policy = SetPolicy(policy=PolicyId("quick"), clocks=ClocksGiven(), receipt=("email",))
    rules = OrderRules(rules=(RuleGiven(policy=PolicyId("quick")),))
    for wish in (policy, rules):
        await office.do(wish.stream, wish, ADMIN)
    lead = await a_lead(office)
    owed = ReceiptOwed(media=("email",), policy=PolicyId("quick"), policy_version=1, at=NINE, by=BY_MANAGER.actor)
    assert (await office.told(lead))[1:] == [owed]


def test_where_a_lead_is_has_a_name_of_the_database() -> None:
    assert Contact(zone="America/New_York").zone == "America/New_York"
    for wrong in ("Mars/Olympus", "localtime", "../etc/passwd", ""):
        with pytest.raises(ValidationError, match="no time zone"):
            Contact(zone=wrong)
