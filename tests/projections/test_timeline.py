"""The timeline reads like a story, and says how far each outreach can be believed."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from psycopg import AsyncConnection

from domain.calendar import CalendarEvent, DaysRestored
from domain.event import Event
from domain.identity import lead_stream
from domain.lead.events import Evidence, LeadContacted, LeadEscalated, LeadEvent, LeadReplied, SomebodyReminded, Step
from domain.notice import NoticeAddressed, NoticeSent, NoticeSuppressed
from domain.person import PersonEvent, PersonHoursSet
from domain.policy import PolicySet
from domain.rulebook import RulesOrdered
from domain.seat import DeskEntrusted
from domain.source import SourceEvent
from domain.team import TeamEvent
from projections import timeline
from projections.timeline import Told
from tests.projections.scripted_log import LEAD, ScriptedLog, caught_up, minutes
from tests.support.examples import BY_MACHINE, BY_MANAGER, BY_REP, EXAMPLES, NINE, REP

UNIONS = (LeadEvent, PersonEvent, TeamEvent, SourceEvent, CalendarEvent)
EVERY_EVENT = [*(event for union in UNIONS for event in get_args(union)), PolicySet, RulesOrdered, DeskEntrusted]

READ_ALOUD = {
    "LeadCreated": "The lead arrived from website, in the queue of team north; only the day is known.",
    "ContactCorrected": "rep-7 put right how the lead can be reached.",
    "LeadRouted": "manager-1 sent the lead to the queue of team north.",
    "LeadAssigned": "manager-1 assigned the lead to rep-7 of team north; before, it was rep-8's.",
    "ClaimLost": "rep-8 claimed the lead too; rep-7 had been first.",
    "LeadReleased": "rep-7 gave the lead back to the queue of team north: absence.",
    "LeadContacted": "rep-7 called the lead and reached them.",
    "LeadFollowedUp": "rep-7 wrote the lead an e-mail.",
    "OutreachBounced": "rep-7 wrote the lead an e-mail, but it did not arrive; this is no contact.",
    "LeadMessagedAutomatically": (
        "mailer sent the lead an automatic message by e-mail, but it did not arrive; this is no contact."
    ),
    "LeadReplied": "The lead replied by e-mail.",
    "FollowUpPromised": "rep-7 promised to get in touch again by 2026-03-02 15:00 UTC.",
    "LeadConverted": "The lead became a customer, worth 1200.50 EUR; it was rep-7's.",
    "LeadLost": "rep-7 gave the lead up as lost: the price; it was rep-7's.",
    "LeadDisqualified": "rep-7 ruled that this is no lead: it was there already.",
    "LeadReopened": "manager-1 opened the lead again: there is new interest.",
    "LeadEscalated": "rep-7 told manager-1, on rung 1, about the lead: nobody had contacted it.",
    "ClockStarted": (
        "Clock 2: somebody has to follow up by 2026-03-02 15:00 UTC "
        "(policy quick, version 3; calendar office, version 5; rulebook, version 2)."
    ),
    "ClockMoved": "Clock 2 is due by 2026-03-02 16:00 UTC now, as it stands still while the lead waits.",
    "ClockStopped": "Clock 2 stopped at 2026-03-02 09:00 UTC: the lead was answered.",
    "ClockBreached": "Clock 2 was breached at 2026-03-02 09:00 UTC, when the lead was rep-7's.",
    "BreachRetracted": "Clock 2 was not breached after all: the lead had been answered at 2026-03-02 08:00 UTC.",
    "SomebodyReminded": "rep-7 was reminded of the lead.",
    "LeadOffered": "The lead was offered to anybody of team north, 60 min late.",
    "RungPassed": "Rung 4 of clock 2 had nothing to do: the lead was nobody's.",
    "EscalationAcknowledged": "manager-1 took it upon themselves to see to the lead by 2026-03-02 11:00 UTC.",
    "LeadSnoozed": "rep-7 let the lead wait until 2026-03-02 12:00 UTC: the lead is out of office.",
    "LeadWoken": "The lead waits no longer, as rep-7 recorded.",
    "ReceiptOwed": (
        "A machine is to tell the lead by e-mail and by text message that we have what it wrote (quick, v3)."
    ),
    "ConsentGiven": "The lead lets us write to it by text message, as rep-7 recorded.",
    "ConsentWithdrawn": "The lead wants no messages by e-mail any more, as rep-7 recorded.",
    "NoticeAddressed": "Looked up whom to tell that they may take the lead over: rep-7, rep-8.",
    "NoticeSent": "rep-7 was told by text message that the lead waits, at try 2.",
    "NoticeDelivered": "The message to the lead that we have what it wrote has arrived.",
    "NoticeFailed": "manager-1 could not be told by e-mail that the lead needs help: the address was refused.",
    "NoticeSuppressed": "rep-7 was not told by e-mail that the lead waits: it had been seen to by then.",
    "NoticeRetried": "manager-1 had it tried again to tell rep-7 by e-mail that they may take the lead over.",
    "ProfileCorrected": "How to reach rep-7 was put right.",
    "PersonHoursSet": "rep-7 works by calendar office.",
    "PersonJoined": "rep-7 joined team north.",
    "PersonMoved": "rep-7 moved from team north to team sales.",
    "PersonLeft": "rep-7 left.",
    "TeamFormed": "Team north was formed, under team sales.",
    "TeamEntrusted": "manager-1 answers for team north; before, rep-7 did.",
    "TeamPlaced": "Team north was placed under team sales.",
    "DeskEntrusted": "manager-1 answers for the whole desk; before, rep-7 did.",
    "SourceRegistered": "Source website was registered; its leads go to the queue of team north.",
    "SourceRetired": "Source website was retired.",
    "CalendarSet": (
        "Calendar office was set, from 2026-03-02 09:00 UTC on, in Europe/Vienna: "
        "Monday to Thursday 08:00-12:00 and 13:30-18:00; Friday 08:00-12:00."
    ),
    "DaysExcepted": (
        "In calendar office, these are days of their own: 2026-12-24 (christmas-eve) 08:00-12:00; "
        "2026-12-25 (christmas-day) closed; 2026-12-26 closed."
    ),
    "DaysRestored": "In calendar office, these are days like others again: 2026-12-24.",
    "PolicySet": (
        "Policy quick was set, from 2026-03-02 09:00 UTC on, by calendar office: "
        "first response within 60 business minutes, remind the owner 15 business minutes before, "
        "escalate to who answers for the team when it is due, offer the lead to the team 30 business minutes after, "
        "escalate to manager-1 2880 elapsed minutes after, release the lead 4320 elapsed minutes after; "
        "acknowledgement within 30 elapsed minutes; snoozed for at most 2880 minutes; "
        "a new lead hears from a machine by email."
    ),
    "RulesOrdered": (
        "The rules were put in order, from 2026-03-02 09:00 UTC on: "
        "policy quick for source website, team north, high priority; policy calm for every other lead."
    ),
}


@pytest.mark.parametrize("kind", EVERY_EVENT)
def test_every_event_has_its_sentence(kind: type[Event]) -> None:
    example = EXAMPLES[kind]
    assert timeline.timeline.functions[kind](example) == READ_ALOUD[kind.__name__]


def test_a_policy_without_clocks_and_a_rulebook_without_rules_are_told_as_such() -> None:
    for kind, without, said in (
        (PolicySet, {"clocks": (), "calendar": None}, "on: no clock runs; snoozed"),
        (RulesOrdered, {"rules": ()}, "on: no policy applies to any lead."),
    ):
        assert said in timeline.timeline.functions[kind](replace(EXAMPLES[kind], **without))


def test_of_many_days_the_first_ones_are_read_aloud() -> None:
    days = tuple(NINE.date() + timedelta(days=day) for day in range(12))
    told = timeline.timeline.functions[DaysRestored](replace(EXAMPLES[DaysRestored], days=days))  # type: ignore[call-arg]
    assert told.endswith("2026-03-11; and 2 more.")


def test_what_became_of_a_notice_is_told_plainly() -> None:
    for kind, other, said in (
        (
            NoticeAddressed,
            {"to": ()},
            "whom to tell that they may take the lead over: nobody, as nobody is there.",
        ),
        (NoticeSent, {"tries": 1, "to": None}, "The lead was told by text message that the lead waits."),
        (PersonHoursSet, {"previous": "shop"}, "rep-7 works by calendar office; before, by shop."),
        (PolicySet, {"receipt": None}, "snoozed for at most 2880 minutes."),
    ):
        assert timeline.timeline.functions[kind](replace(EXAMPLES[kind], **other)).endswith(said)


def test_where_nobody_is_left_to_tell_nobody_was_told() -> None:
    late = Step(2, 2, NINE - minutes(5))
    told = timeline.timeline.functions
    escalated = replace(EXAMPLES[LeadEscalated], told=None, step=late)  # type: ignore[call-arg]
    assert told[LeadEscalated](escalated) == (
        "Nobody was left to tell about the lead: nobody had contacted it, 5 min late; "
        "it stands under the escalations for the whole desk."
    )
    reminded = replace(EXAMPLES[SomebodyReminded], told=None, step=late)  # type: ignore[call-arg]
    assert told[SomebodyReminded](reminded) == "Nobody was left to remind of the lead, 5 min late."


def test_a_ladder_says_why_it_goes_further_up() -> None:
    step = Step(2, 2, NINE)
    event = replace(EXAMPLES[LeadEscalated], reason="not_acknowledged", step=step)  # type: ignore[call-arg]
    told = timeline.timeline.functions[LeadEscalated](event)
    assert told == "manager-1 was told about the lead: whoever was told before had not answered."


def test_without_consent_the_lead_is_not_written_to() -> None:
    event = replace(EXAMPLES[NoticeSuppressed], about="receipt", to=None, reason="no_consent")  # type: ignore[call-arg]
    assert timeline.timeline.functions[NoticeSuppressed](event) == (
        "The lead was not told by e-mail that we have what it wrote: the lead has not said that we may."
    )


def called(at: int, evidence: Evidence | None = None) -> Event:
    return LeadContacted(
        at=NINE + minutes(at), by=BY_REP, made_by=REP, channel="call", outcome="left_message", evidence=evidence
    )


def called_back(at: int) -> Event:
    return LeadReplied(at=NINE + minutes(at), by=BY_MACHINE, channel="call")


async def story(dsn: str, log: ScriptedLog, **asked: object) -> list[Told]:
    await caught_up(dsn, timeline.timeline, log)
    async with await AsyncConnection.connect(dsn) as connection:
        return await timeline.page(connection, lead_stream(LEAD), **asked)  # type: ignore[arg-type]


async def test_what_only_somebody_says_is_claimed(database: str) -> None:
    log = ScriptedLog()
    log.tell(called(0))
    [told] = await story(database, log)
    assert told.sentence == "rep-7 called the lead and left a message (claimed)."


async def test_what_a_provider_knows_is_verified(database: str) -> None:
    log = ScriptedLog()
    log.tell(called(0, Evidence("twilio", "CA1")), called_back(1))
    assert (await story(database, log))[0].grade == "verified"


async def test_what_the_lead_answers_later_is_corroborated(database: str) -> None:
    log = ScriptedLog()
    log.tell(called_back(0), called(1), called_back(2))
    before = NINE + minutes(1.5)
    assert [told.grade for told in await story(database, log)] == [None, "corroborated", None]
    assert [told.grade for told in await story(database, log, as_of=before)] == [None, "claimed"]
    assert [told.grade for told in await story(database, log, as_known=before)] == [None, "claimed"]


async def test_a_reply_through_another_channel_corroborates_nothing(database: str) -> None:
    log = ScriptedLog()
    log.tell(called(1), LeadReplied(at=NINE + minutes(2), by=BY_MACHINE, channel="email"))
    assert (await story(database, log))[0].grade == "claimed"


async def test_what_was_logged_late_stands_where_it_happened_and_says_how_late(database: str) -> None:
    log = ScriptedLog()
    log.tell(called(5), called(1))
    told = await story(database, log)
    assert [one.version for one in told] == [2, 1]
    assert [one.lateness for one in told] == [minutes(4), minutes(0)]
    assert [one.version for one in await story(database, log, order="recorded")] == [1, 2]


@pytest.mark.parametrize("order", ["happened", "recorded"])
async def test_pages_follow_one_another_without_gap_or_repetition(
    database: str, order: timeline.questions.Order
) -> None:
    log = ScriptedLog()
    log.tell(*(called(number % 4) for number in range(11)))
    everything = await story(database, log, order=order)
    assert len(everything) == 11
    seen: list[Told] = []
    async with await AsyncConnection.connect(database) as connection:
        while page := await timeline.page(
            connection, lead_stream(LEAD), order=order, after=seen[-1].cursor if seen else None, limit=3
        ):
            seen += page
    assert seen == everything


async def test_who_recorded_another_persons_deed_is_named(database: str) -> None:
    log = ScriptedLog()
    log.tell(LeadContacted(at=NINE, by=BY_MANAGER, made_by=REP, channel="meeting", outcome="reached"))
    [told] = await story(database, log)
    assert told.sentence == "rep-7 went to meet the lead and reached them; manager-1 recorded it (claimed)."
    assert (told.who, told.role, told.via) == ("manager-1", "manager", "key:lk_77b2d0")
