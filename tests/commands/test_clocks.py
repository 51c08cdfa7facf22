"""Clocks through the desk: what a policy says becomes deadlines on the record, and the timekeeper keeps them."""

from datetime import timedelta

import pytest

from commands.calendars import ExceptDays, ExceptedDayGiven, HoursGiven, SetCalendar, WeekGiven
from commands.clocks import AcknowledgeEscalation, KeepTime, SnoozeLead, WakeLead
from commands.lead import AssignLead, ClaimLead, CreateLead, EscalateLead, RecordOutreach, RecordReply
from commands.policies import ClockGiven, ClocksGiven, OrderRules, RuleGiven, RungGiven, SetPolicy
from commands.seat import EntrustDesk
from commands.teams import EntrustTeam
from domain.access import Principal
from domain.event import Event
from domain.identity import DESK, CalendarId, PolicyId, StreamId
from domain.lead.clocks import SnoozedTooLong
from domain.lead.events import ClockMoved, ClockStarted, LeadAssigned, LeadEscalated
from domain.lead.ownership import HadItBefore, LeadIsNotOnOffer
from domain.lead.standing import LeadUnknown
from tests.commands.story import (
    ADMIN,
    BY_MANAGER,
    BY_OTHER_REP,
    BY_REP,
    NINE,
    NORTH,
    OTHER_REP,
    REP,
    SOUTH,
    Office,
    new_lead,
)

OFFICE, QUICK, VIP = CalendarId("office"), PolicyId("quick"), PolicyId("vip")
DAY = (HoursGiven(opens="09:00", closes="17:00"),)
CALENDAR = SetCalendar(
    calendar=OFFICE, zone="UTC", week=WeekGiven(monday=DAY, tuesday=DAY, wednesday=DAY, thursday=DAY, friday=DAY)
)
LADDER = (
    RungGiven(offset_minutes=-15, deed="remind", whom="owner"),
    RungGiven(offset_minutes=0, deed="escalate", whom="accountable"),
    RungGiven(offset_minutes=30, deed="offer_to_team"),
    RungGiven(offset_minutes=60, deed="release"),
)
POLICIES = (
    SetPolicy(
        policy=QUICK,
        calendar=OFFICE,
        clocks=ClocksGiven(first_response=ClockGiven(target_minutes=60, unit="business_minutes", rungs=LADDER)),
        snooze_at_most_minutes=240,
    ),
    SetPolicy(policy=VIP, clocks=ClocksGiven(first_response=ClockGiven(target_minutes=5, unit="elapsed_minutes"))),
    OrderRules(rules=(RuleGiven(policy=VIP, priority="high"), RuleGiven(policy=QUICK))),
)
TIMEKEEPER = Principal(id="timekeeper", role="service", via="timekeeper", scopes=frozenset({"lead.keep_time"}))
BY_OTHER_REP_ABOVE = Principal(
    id=OTHER_REP, role="manager", via="key:lk_2", team=NORTH, answers_for=frozenset({NORTH, SOUTH})
)
CALL = RecordOutreach(channel="call", outcome="reached")
MINUTE = timedelta(minutes=1)


async def governed() -> Office:
    office = await Office().staffed()
    await office.do(CALENDAR.stream, CALENDAR, ADMIN)
    for wish in POLICIES:
        await office.do(wish.stream, wish, ADMIN)
    return office


async def assigned_lead(office: Office) -> StreamId:
    lead = new_lead()
    await office.do(lead, CreateLead(team=NORTH))
    await office.do(lead, AssignLead(to=REP))
    return lead


async def the_timekeeper_comes(office: Office, lead: StreamId, minutes: int) -> tuple[str, ...]:
    office.clock.pass_minutes(minutes)
    told = (await office.do(lead, KeepTime(), TIMEKEEPER)).events
    assert (await office.do(lead, KeepTime(), TIMEKEEPER)).events == ()
    return tuple(topic.removesuffix(".v1") for topic in told)


async def last(office: Office, lead: StreamId) -> Event:
    return (await office.told(lead))[-1]


async def test_a_lead_that_arrives_starts_its_clock_in_the_same_breath() -> None:
    office, lead = await governed(), new_lead()
    receipt = await office.do(lead, CreateLead(team=NORTH))
    assert receipt.events == ("LeadCreated.v1", "ClockStarted.v1")
    started = await last(office, lead)
    assert isinstance(started, ClockStarted)
    assert (started.policy, started.policy_version, started.calendar, started.calendar_version) == (QUICK, 1, OFFICE, 1)
    assert started.respond_by == NINE + 60 * MINUTE


async def test_the_first_rule_that_covers_the_lead_tells_the_policy() -> None:
    office, lead = await governed(), new_lead()
    await office.do(lead, CreateLead(team=NORTH, priority="high"))
    started = await last(office, lead)
    assert isinstance(started, ClockStarted)
    assert (started.policy, started.calendar, started.respond_by) == (VIP, None, NINE + 5 * MINUTE)
    assert started.rulebook_version == 1


async def test_a_clock_cites_the_version_of_the_rulebook_that_held_when_it_started() -> None:
    office = await governed()
    only_quick = OrderRules(rules=(RuleGiven(policy=QUICK),))
    await office.do(only_quick.stream, only_quick, ADMIN)
    await office.do(lead := new_lead(), CreateLead(team=NORTH, priority="high"))
    started = await last(office, lead)
    assert isinstance(started, ClockStarted)
    assert (started.policy, started.rulebook_version) == (QUICK, 2)


async def test_without_rules_there_are_no_clocks() -> None:
    office = await Office().staffed()
    assert (await office.do(new_lead(), CreateLead(team=NORTH))).events == ("LeadCreated.v1",)


async def test_a_lead_that_no_rule_covers_has_no_clock() -> None:
    office = await governed()
    only_high = OrderRules(rules=(RuleGiven(policy=VIP, priority="high"),))
    await office.do(only_high.stream, only_high, ADMIN)
    assert (await office.do(new_lead(), CreateLead(team=NORTH))).events == ("LeadCreated.v1",)


async def test_a_policy_that_takes_effect_tomorrow_governs_nothing_today() -> None:
    office = await Office().staffed()
    tomorrow = SetPolicy(
        policy=VIP,
        clocks=ClocksGiven(first_response=ClockGiven(target_minutes=5, unit="elapsed_minutes")),
        effective_from=NINE + timedelta(days=1),
    )
    rules = OrderRules(rules=(RuleGiven(policy=VIP),))
    for wish in (tomorrow, rules):
        await office.do(wish.stream, wish, ADMIN)
    assert (await office.do(new_lead(), CreateLead())).events == ("LeadCreated.v1",)
    office.clock.pass_minutes(24 * 60)
    assert (await office.do(new_lead(), CreateLead())).events == ("LeadCreated.v1", "ClockStarted.v1")


async def test_a_breach_with_nobody_to_tell_reaches_the_desks_seat_once() -> None:
    office, lead = await governed(), new_lead()
    await office.do(DESK, EntrustDesk(to=OTHER_REP), ADMIN)
    await office.do(lead, CreateLead())
    assert await the_timekeeper_comes(office, lead, 60) == ("SomebodyReminded", "ClockBreached", "LeadEscalated")
    escalated = await last(office, lead)
    assert isinstance(escalated, LeadEscalated)
    assert (escalated.told, escalated.rung) == (OTHER_REP, 1)
    assert await the_timekeeper_comes(office, lead, 20) == ()
    assert (await office.do(lead, EscalateLead(reason="help_needed"))).events == ("LeadEscalated.v1",)


async def test_a_lead_that_nobody_attends_climbs_the_ladder_and_is_saved_by_somebody_else() -> None:
    office = await governed()
    lead = await assigned_lead(office)
    with pytest.raises(LeadUnknown):
        await office.do(lead, ClaimLead(), Principal(id="x", role="rep", via="key:x", team=SOUTH))
    with pytest.raises(LeadIsNotOnOffer):
        await office.do(lead, ClaimLead(), BY_OTHER_REP)
    assert await the_timekeeper_comes(office, lead, 44) == ()
    assert await the_timekeeper_comes(office, lead, 1) == ("SomebodyReminded",)
    assert await the_timekeeper_comes(office, lead, 15) == ("ClockBreached", "LeadEscalated")
    assert await the_timekeeper_comes(office, lead, 30) == ("LeadOffered",)

    await office.do(lead, ClaimLead(), BY_OTHER_REP)

    saved = await last(office, lead)
    assert isinstance(saved, LeadAssigned)
    assert (saved.to, saved.previous, saved.because) == (OTHER_REP, REP, "rescued")
    office.clock.pass_minutes(1)
    assert (await office.do(lead, CALL, BY_OTHER_REP)).events == ("LeadContacted.v1", "ClockStopped.v1")
    assert await the_timekeeper_comes(office, lead, 10_000) == ()


async def test_whoever_lost_a_lead_by_doing_nothing_does_not_claim_it_back() -> None:
    office = await governed()
    lead = await assigned_lead(office)
    assert (await the_timekeeper_comes(office, lead, 120))[-1] == "LeadReleased"
    with pytest.raises(HadItBefore, match="rep-1 had this lead"):
        await office.do(lead, ClaimLead(), BY_REP)
    assert (await office.do(lead, ClaimLead(), BY_OTHER_REP)).events == ("LeadAssigned.v1",)


async def test_a_lead_may_wait_for_a_known_reason_within_bounds() -> None:
    office = await governed()
    lead = await assigned_lead(office)
    until = NINE + 180 * MINUTE
    receipt = await office.do(lead, SnoozeLead(until=until, reason="asked_to_wait", note="Call after lunch"), BY_REP)
    assert receipt.events == ("LeadSnoozed.v1", "ClockMoved.v1")
    moved = await last(office, lead)
    assert isinstance(moved, ClockMoved)
    assert moved.respond_by == until + 60 * MINUTE
    with pytest.raises(SnoozedTooLong):
        await office.do(lead, SnoozeLead(until=NINE + 241 * MINUTE, reason="other"), BY_REP)
    office.clock.pass_minutes(60)
    assert (await office.do(lead, WakeLead(), BY_REP)).events == ("LeadWoken.v1", "ClockMoved.v1")


async def test_what_a_policy_says_anew_leaves_running_clocks_alone() -> None:
    office = await governed()
    lead = await assigned_lead(office)
    office.clock.pass_minutes(1)
    clocks = ClocksGiven(first_response=ClockGiven(target_minutes=5, unit="elapsed_minutes"))
    stricter = SetPolicy(policy=QUICK, calendar=OFFICE, clocks=clocks, snooze_at_most_minutes=600)
    await office.do(stricter.stream, stricter, ADMIN)
    snoozed = SnoozeLead(until=NINE + 180 * MINUTE, reason="asked_to_wait")
    await office.do(lead, snoozed, BY_REP)
    moved = await last(office, lead)
    assert isinstance(moved, ClockMoved)
    assert moved.respond_by == NINE + (180 + 59) * MINUTE


async def test_a_clock_without_a_calendar_stands_still_minute_by_minute() -> None:
    office, lead = await governed(), new_lead()
    vip = POLICIES[1].model_copy(update={"snooze_at_most_minutes": 60})
    await office.do(vip.stream, vip, ADMIN)
    await office.do(lead, CreateLead(team=NORTH, priority="high"))
    await office.do(lead, SnoozeLead(until=NINE + 30 * MINUTE, reason="asked_to_wait"))
    moved = await last(office, lead)
    assert isinstance(moved, ClockMoved)
    assert moved.respond_by == NINE + 35 * MINUTE


async def test_what_a_calendar_says_anew_leaves_deadlines_that_stand_alone() -> None:
    office = await governed()
    lead = await assigned_lead(office)
    await office.do(lead, SnoozeLead(until=NINE + 30 * MINUTE, reason="asked_to_wait"), BY_REP)
    office.clock.pass_minutes(10)
    await office.do(lead, WakeLead(), BY_REP)
    holiday = ExceptDays(calendar=OFFICE, days=(ExceptedDayGiven(day=NINE.date()),))
    await office.do(holiday.stream, holiday, ADMIN)
    office.clock.pass_minutes(5)
    reply = RecordReply(channel="email")
    assert (await office.do(lead, reply, BY_REP)).events == ("LeadReplied.v1",)
    office.clock.pass_minutes(5)
    await office.do(lead, SnoozeLead(until=NINE + 30 * MINUTE, reason="asked_to_wait"), BY_REP)
    moved = await last(office, lead)
    assert isinstance(moved, ClockMoved)
    assert moved.respond_by == NINE + (60 + 10 + 10) * MINUTE
    assert (await the_timekeeper_comes(office, lead, 60))[1:] == ("ClockBreached", "LeadEscalated")
    office.clock.pass_minutes(1)
    again = RecordReply(channel="email", at=office.clock.now)
    assert (await office.do(lead, again, BY_REP)).events == ("LeadReplied.v1",)


async def test_a_desk_that_remembers_an_earlier_policy_and_calendar_asks_the_log_for_those_that_are_cited() -> None:
    office, elsewhere = await governed(), new_lead()
    await office.do(elsewhere, CreateLead(team=NORTH))
    other = office.another_desk()
    clocks = ClocksGiven(first_response=ClockGiven(target_minutes=30, unit="business_minutes"))
    shorter = SetPolicy(policy=QUICK, calendar=OFFICE, clocks=clocks, snooze_at_most_minutes=240)
    lunch = (HoursGiven(opens="09:00", closes="09:15"), HoursGiven(opens="10:00", closes="17:00"))
    closed = ExceptDays(calendar=OFFICE, days=(ExceptedDayGiven(day=NINE.date(), hours=lunch),))
    lead = new_lead()
    for stream, wish in ((closed.stream, closed), (shorter.stream, shorter), (lead, CreateLead(team=NORTH))):
        await other.handle(stream, wish, by=ADMIN if stream != lead else BY_MANAGER)
    started = await last(office, lead)
    assert isinstance(started, ClockStarted)
    assert (started.policy_version, started.calendar_version) == (2, 2)
    assert started.respond_by == NINE + 75 * MINUTE
    await office.do(lead, SnoozeLead(until=NINE + 5 * MINUTE, reason="asked_to_wait"))
    moved = await last(office, lead)
    assert isinstance(moved, ClockMoved)
    assert moved.respond_by == NINE + 80 * MINUTE


async def test_who_was_told_acknowledges() -> None:
    office = await governed()
    above = EntrustTeam(team=SOUTH, to=OTHER_REP)
    await office.do(above.stream, above, ADMIN)
    lead = await assigned_lead(office)
    await the_timekeeper_comes(office, lead, 60)
    escalated = await last(office, lead)
    assert isinstance(escalated, LeadEscalated)
    assert escalated.told == BY_MANAGER.id
    act_by = NINE + 180 * MINUTE
    receipt = await office.do(lead, AcknowledgeEscalation(act_by=act_by))
    assert receipt.events == ("EscalationAcknowledged.v1",)
    assert await the_timekeeper_comes(office, lead, 60) == ()
    assert await the_timekeeper_comes(office, lead, 60) == ("LeadOffered", "LeadReleased")
    with pytest.raises(LeadUnknown):
        await office.do(lead, AcknowledgeEscalation(act_by=act_by), BY_REP)


async def test_a_managers_own_call_for_help_goes_up_the_line_and_waits_to_be_acknowledged() -> None:
    office = await governed()
    above = EntrustTeam(team=SOUTH, to=OTHER_REP)
    patient = ClocksGiven(acknowledgement=ClockGiven(target_minutes=30, unit="elapsed_minutes"))
    policy = SetPolicy(policy=QUICK, clocks=patient)
    for wish in (above, policy):
        await office.do(wish.stream, wish, ADMIN)
    lead = await assigned_lead(office)
    receipt = await office.do(lead, EscalateLead(reason="help_needed"))
    assert receipt.events == ("LeadEscalated.v1", "ClockStarted.v1")
    escalated, _ = (await office.told(lead))[-2:]
    assert isinstance(escalated, LeadEscalated)
    assert (escalated.told, escalated.rung) == (OTHER_REP, 2)
    office.clock.pass_minutes(1)
    act_by = NINE + 60 * MINUTE
    receipt = await office.do(lead, AcknowledgeEscalation(act_by=act_by), BY_OTHER_REP_ABOVE)
    assert receipt.events == ("EscalationAcknowledged.v1", "ClockStopped.v1")


async def test_only_the_timekeeper_keeps_time() -> None:
    office = await governed()
    lead = await assigned_lead(office)
    with pytest.raises(LeadUnknown):
        await office.do(lead, KeepTime(), BY_MANAGER)
