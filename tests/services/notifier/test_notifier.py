"""Who is told what by mail and by text message, when, and what stands on record of it."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from adapters.postbox import MOST_TRIES, Postbox
from commands.calendars import ExceptDays, ExceptedDayGiven, SetCalendar
from commands.clocks import AcknowledgeEscalation, SnoozeLead
from commands.lead import AssignLead, ClaimLead, EscalateLead, LoseLead, RecordOutreach
from commands.notices import GiveConsent, RetryNotice, WithdrawConsent
from commands.people import CorrectProfile, Profile, RemovePerson, SetHours
from commands.policies import ClockGiven, ClocksGiven, OrderRules, RuleGiven, SetPolicy
from domain.identity import PolicyId
from domain.notice import NoticeFailed, NoticeRetried, NoticeSent, NoticeSuppressed
from projections import notices
from projections.notices import Notice
from services.letters import Kind, Letters, TemplateTrouble, Written
from services.notifier.rounds import LEASE, RECEIPTS_A_DAY, Turn
from services.notifier.words import Words
from services.settings import Settings
from tests.services.notifier.scene import (
    ADA,
    ALWAYS,
    ANNA,
    BEN,
    BY_ANNA,
    BY_BEN,
    BY_CARLA,
    BY_DAY,
    CARLA,
    LADDER,
    MINUTE,
    OFFICE,
    Scene,
    the_scene,
    week,
)
from tests.support.post_office import DROP, HANG
from tests.support.sms_gateway import DROP as NO_ANSWER
from tests.support.sms_gateway import HANG as SAYS_NOTHING
from tests.support.sms_gateway import TAKE_AND_DROP, TAKE_AND_HANG, Refusal

CALL = RecordOutreach(channel="call", outcome="reached")
ANNAS, BENS, CARLAS, ADAS = "anna@team.example", "ben@team.example", "carla@team.example", "ada@lead.example"


async def test_who_is_given_a_lead_is_told_by_mail_with_a_name_and_a_link(scene: Scene) -> None:
    lead = await scene.lead()
    await scene.notify()
    [letter] = scene.post.letters_to(ANNAS)
    assert "Ada Lovelace" in letter.part("plain")
    assert f"https://leads.example/leads/{lead}" in letter.part("plain")
    assert f"https://leads.example/leads/{lead}" in letter.part("html")
    [notice] = [one for key, one in (await scene.notices(lead)).items() if key[0] == "assignment"]
    assert letter.message["Message-ID"] == f"<{notice.notice}@office.example>"
    assert notice.standing == "sent"
    [sent] = [event for event in await scene.events(lead) if isinstance(event, NoticeSent) and event.to == ANNA]
    assert (sent.about, sent.medium, sent.tries, sent.by.id) == ("assignment", "email", 1, "notifier")
    assert scene.texts("+15005550001") == []


async def test_nothing_is_said_twice_however_often_the_notifier_looks(scene: Scene) -> None:
    await scene.lead()
    await scene.notify(rounds=4)
    assert len(scene.post.letters_to(ANNAS)) == 1


async def test_a_reminder_comes_by_mail_and_by_text_and_the_clock_runs_on(scene: Scene) -> None:
    lead = await scene.lead(arrived_minutes_ago=56)
    assert await scene.time_passes(lead) == ("SomebodyReminded.v1",)
    await scene.notify()
    assert len(scene.post.letters_to(ANNAS)) == 2
    [text] = scene.texts("+15005550001")
    assert "Ada Lovelace" in text
    assert len(text) <= 160
    assert (await scene.state(lead)).clocks[0].stopped_at is None
    assert not (await scene.state(lead)).contacted


async def test_a_whole_ladder_tells_everybody_concerned_and_the_rescue_tells_them_by_whom(scene: Scene) -> None:
    lead = await scene.lead(arrived_minutes_ago=71)
    await scene.time_passes(lead)
    await scene.notify()
    notices = await scene.notices(lead)
    assert notices[("escalation", "email", CARLA)].standing == "sent"
    assert notices[("offer", "email", BEN)].standing == "sent"
    assert ("offer", "email", ANNA) not in notices
    assert len(scene.texts("+15005550002")) == 1
    await scene.do(lead, ClaimLead(), BY_BEN)
    await scene.notify()
    for address in (ANNAS, CARLAS):
        assert any("Ben Birch" in letter.part("plain") for letter in scene.post.letters_to(address))


async def test_the_owner_learns_who_sees_to_the_lead(scene: Scene) -> None:
    lead = await scene.lead(arrived_minutes_ago=61)
    await scene.time_passes(lead)
    by = datetime.now(UTC) + timedelta(minutes=30)
    await scene.do(lead, AcknowledgeEscalation(act_by=by), BY_CARLA)
    await scene.notify()
    assert (await scene.notices(lead))[("acknowledgement", "email", ANNA)].standing == "sent"
    assert any("Carla Cole" in letter.part("plain") for letter in scene.post.letters_to(ANNAS))


async def test_what_was_seen_to_meanwhile_is_not_sent(scene: Scene) -> None:
    lead = await scene.lead(arrived_minutes_ago=56)
    await scene.time_passes(lead)
    await scene.do(lead, CALL, BY_ANNA)
    await scene.notify()
    reminder = (await scene.notices(lead))[("reminder", "email", ANNA)]
    assert (reminder.standing, reminder.reason) == ("suppressed", "moot")
    assert scene.texts("+15005550001") == []


async def test_nobody_is_told_outside_of_their_hours_and_then_only_what_still_matters(scene: Scene) -> None:
    now = await scene.notifier.now()
    here = SetCalendar(calendar=OFFICE, zone=where_it_is_five(now), week=week(BY_DAY, weekend=True), effective_from=now)
    await scene.say(here, SetHours(person=ANNA, calendar=OFFICE))
    moot, matters = await scene.lead(), await scene.lead()
    await scene.notify()
    assert scene.subjects(ANNAS) == []
    await scene.do(moot, AssignLead(to=BEN))
    await scene.notify(now + timedelta(hours=2, minutes=59))
    assert scene.subjects(ANNAS) == []
    await scene.notify(now + timedelta(hours=4))
    [given] = [letter for letter in scene.post.letters_to(ANNAS) if "is yours" in letter.message["Subject"]]
    assert str(matters) in given.part("plain")
    notice = (await scene.notices(moot))[("assignment", "email", ANNA)]
    assert (notice.standing, notice.reason) == ("suppressed", "moot")


async def test_the_lead_is_told_by_day_where_it_is_and_by_text_only_with_its_consent(scene: Scene) -> None:
    lead = await scene.lead(to=None, contact=ADA.model_copy(update={"zone": "America/New_York"}))
    await scene.do(lead, GiveConsent(medium="sms"))
    now = await scene.notifier.now()
    five_in_new_york = now.replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=1)
    noon_in_new_york = five_in_new_york + timedelta(hours=7)
    await scene.known()
    await scene.notifier.look(five_in_new_york)
    assert scene.subjects(ADAS) == []
    await scene.notifier.look(noon_in_new_york)
    assert len(scene.subjects(ADAS)) == 1
    [letter] = scene.post.letters_to(ADAS)
    assert "Ada Lovelace" in letter.part("plain")
    assert "/leads/" not in letter.part("plain")
    assert len(scene.texts("+15005550009")) == 1
    assert not (await scene.state(lead)).contacted


async def test_consent_is_asked_again_when_the_message_goes_out(scene: Scene) -> None:
    lead = await scene.lead(to=None)
    await scene.do(lead, WithdrawConsent(medium="email"))
    await scene.notify(_noon(await scene.notifier.now()))
    found = await scene.notices(lead)
    assert {(one.medium, one.standing, one.reason) for one in found.values()} == {
        ("email", "suppressed", "no_consent"),
        ("sms", "suppressed", "no_consent"),
    }
    assert scene.post.letters == []
    assert scene.gateway.messages == []


async def test_one_bad_address_stops_nobody_else(scene: Scene) -> None:
    scene.post.when(ANNAS, at="rcpt", then="550 5.1.1 nobody here")
    bad, good = await scene.lead(to=ANNA), await scene.lead(to=BEN)
    await scene.notify()
    failed = (await scene.notices(bad))[("assignment", "email", ANNA)]
    assert (failed.standing, failed.reason, failed.team) == ("failed", "address_refused", "north")
    assert (await scene.notices(good))[("assignment", "email", BEN)].standing == "sent"
    [event] = [event for event in await scene.events(bad) if isinstance(event, NoticeFailed)]
    assert (event.tries, event.reason) == (1, "address_refused")
    scene.post.behave()
    await scene.say(CorrectProfile(person=ANNA, profile=Profile(name="Anna Avery", email="anna@new.example")))
    await scene.do(bad, RetryNotice(notice=failed.notice))
    await Postbox(scene.office.questions).reopen(failed.notice)
    await scene.notify()
    assert len(scene.post.letters_to("anna@new.example")) == 1
    told = [type(event) for event in await scene.events(bad)]
    assert told[told.index(NoticeRetried) + 1] is NoticeSent


async def test_who_has_no_address_or_has_left_is_told_nothing_and_the_record_says_so(scene: Scene) -> None:
    await scene.say(CorrectProfile(person=ANNA, profile=Profile(name="Anna Avery")))
    first = await scene.lead(to=ANNA)
    second = await scene.lead(to=BEN)
    await scene.say(RemovePerson(person=BEN))
    await scene.notify()
    for lead, who, became in ((first, ANNA, ("failed", "no_address")), (second, BEN, ("suppressed", "has_left"))):
        notice = (await scene.notices(lead))[("assignment", "email", who)]
        assert (notice.standing, notice.reason) == became
    reminded = await scene.lead(arrived_minutes_ago=56)
    await scene.time_passes(reminded)
    await scene.notify()
    text = (await scene.notices(reminded))[("reminder", "sms", ANNA)]
    assert (text.standing, text.reason) == ("suppressed", "no_address")


async def test_nobody_writes_to_the_made_up_people_of_the_example(scene: Scene) -> None:
    await scene.say(CorrectProfile(person=ANNA, profile=Profile(name="Anna Avery", email="anna@example.com")))
    lead = await scene.lead(to=ANNA)
    await scene.notify()
    notice = (await scene.notices(lead))[("assignment", "email", ANNA)]
    assert (notice.standing, notice.reason) == ("suppressed", "no_address")
    assert scene.subjects("anna@example.com") == []


async def test_what_is_refused_for_now_is_tried_again_later_and_given_up_in_the_end(scene: Scene) -> None:
    scene.post.when(ANNAS, at="rcpt", then="450 4.2.1 the mailbox is full")
    lead = await scene.lead()
    now = await scene.notifier.now()
    await scene.known()
    for tries in range(1, MOST_TRIES + 1):
        await scene.notifier.look(now)
        standing = (await scene.notices(lead))[("assignment", "email", ANNA)].standing
        assert standing == ("failed" if tries == MOST_TRIES else "to_send"), tries
        await scene.notifier.look(now + timedelta(seconds=1))
        now += timedelta(hours=1, seconds=1)
    [event] = [event for event in await scene.events(lead) if isinstance(event, NoticeFailed)]
    assert (event.reason, event.tries) == ("gave_up", MOST_TRIES)


async def test_while_the_server_cannot_be_reached_nothing_is_given_up_until_it_is_stale(scene: Scene) -> None:
    lead = await scene.lead()
    await scene.known()
    scene.post.shut()
    now = await scene.notifier.now()
    for _ in range(2 * MOST_TRIES):
        await scene.notifier.look(now)
        now += timedelta(hours=1, seconds=1)
    assert (await scene.notices(lead))[("assignment", "email", ANNA)].standing == "to_send"
    scene.post.open()
    await scene.notifier.look(now)
    assert len(scene.subjects(ANNAS)) == 1
    late = await scene.lead()
    await scene.known()
    await scene.notifier.look(now + timedelta(days=4))
    stale = (await scene.notices(late))[("assignment", "email", ANNA)]
    assert (stale.standing, stale.reason) == ("failed", "stale")


@pytest.mark.parametrize("trouble", [HANG, DROP])
async def test_what_was_taken_and_not_answered_goes_out_again_under_the_same_id(
    settings: Settings, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.outside.MAIL_SECONDS", 1.0)
    async with the_scene(settings) as scene:
        scene.post.when(ANNAS, at="data", then=trouble, times=1)
        await scene.lead()
        now = await scene.notifier.now()
        await scene.notify(now)
        await scene.notify(now + MINUTE)
        first, second = scene.post.letters_to(ANNAS)
        assert first.message["Message-ID"] == second.message["Message-ID"]


async def test_a_gateway_in_trouble_is_tried_again_under_the_same_key(scene: Scene) -> None:
    lead = await scene.lead(arrived_minutes_ago=56)
    await scene.time_passes(lead)
    now = await scene.notifier.now()
    scene.gateway.when("+15005550001", then=Refusal(503), times=1)
    await scene.notify(now)
    scene.gateway.when("+15005550001", then=NO_ANSWER, times=1)
    await scene.notify(now + MINUTE)
    await scene.notify(now + 5 * MINUTE)
    [message] = scene.gateway.messages
    notice = (await scene.notices(lead))[("reminder", "sms", ANNA)]
    assert message.key == str(notice.notice)
    assert message.form["StatusCallback"] == f"https://leads.example/callbacks/sms/{lead}/{notice.notice}"
    [sent] = [event for event in await scene.events(lead) if isinstance(event, NoticeSent) and event.medium == "sms"]
    assert (sent.tries, sent.provider_id) == (3, message.sid)


@pytest.mark.parametrize("trouble", [TAKE_AND_DROP, TAKE_AND_HANG, SAYS_NOTHING])
async def test_a_gateway_that_knows_keys_sends_once_whatever_becomes_of_its_answer(
    settings: Settings, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.outside.SMS_SECONDS", 1.0)
    async with the_scene(settings) as scene:
        scene.gateway.knows_keys = True
        scene.gateway.when("+15005550001", then=trouble, times=1)
        lead = await scene.lead(arrived_minutes_ago=56)
        await scene.time_passes(lead)
        now = await scene.notifier.now()
        await scene.notify(now)
        await scene.notify(now + MINUTE)
        assert len(scene.texts("+15005550001")) == 1
        assert (await scene.notices(lead))[("reminder", "sms", ANNA)].standing == "sent"


async def test_who_answered_stop_is_written_no_more_texts(scene: Scene) -> None:
    scene.gateway.when("+15005550001", then=Refusal(400, 21610))
    lead = await scene.lead(arrived_minutes_ago=56)
    await scene.time_passes(lead)
    await scene.notify()
    assert (await scene.notices(lead))[("reminder", "sms", ANNA)].reason == "opted_out"


async def test_nobody_is_told_the_same_of_the_same_lead_again_and_again(scene: Scene) -> None:
    lead = await scene.lead(to=ANNA)
    await scene.do(lead, AssignLead(to=BEN))
    await scene.do(lead, AssignLead(to=ANNA))
    await scene.notify()
    assert len(scene.subjects(ANNAS)) == 1
    await scene.do(lead, AssignLead(to=BEN))
    await scene.do(lead, AssignLead(to=ANNA))
    await scene.notify()
    assert len(scene.subjects(ANNAS)) == 1
    reasons = {event.reason for event in await scene.events(lead) if isinstance(event, NoticeSuppressed)}
    assert {"told_already", "moot"} <= reasons


async def test_a_day_brings_no_more_notices_than_a_person_can_bear(settings: Settings) -> None:
    async with the_scene(settings, emails_a_day=3) as scene:
        leads = [await scene.lead() for _ in range(3)]
        await scene.notify()
        leads.append(await scene.lead())
        await scene.notify()
        assert len(scene.subjects(ANNAS)) == 3
        last = (await scene.notices(leads[-1]))[("assignment", "email", ANNA)]
        assert (last.standing, last.reason) == ("suppressed", "over_budget")


async def test_a_team_has_its_own_words_and_where_they_are_broken_ours_go_out(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "north"
    own.mkdir()
    (own / "assignment.subject.txt").write_text("Yours: {{ who }}")
    (own / "reminder.sms.txt").write_text("{{ nothing_of_the_kind }}")
    (own / "reminder.html").write_text("{{ nothing_of_the_kind }}")
    async with the_scene(settings, templates=tmp_path) as scene:
        lead = await scene.lead(arrived_minutes_ago=56)
        await scene.time_passes(lead)
        await scene.notify()
        assert "Yours: Ada Lovelace" in scene.subjects(ANNAS)
        assert len(scene.subjects(ANNAS)) == 2
        assert len(scene.texts("+15005550001")) == 1
    for broken in ("north/reminder.sms.txt", "north/reminder.html"):
        assert any(broken in record.message for record in caplog.records), broken


async def test_where_even_our_own_words_are_broken_nobody_else_goes_untold(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = Letters.mail

    def broken(self: Letters, kind: Kind, team: str | None, facts: Mapping[str, object]) -> Written:
        if kind == "assignment":
            raise TemplateTrouble(Path("assignment.txt"), 1, "broken")
        return mail(self, kind, team, facts)

    monkeypatch.setattr(Letters, "mail", broken)
    lead = await scene.lead(arrived_minutes_ago=56)
    await scene.time_passes(lead)
    await scene.notify()
    found = await scene.notices(lead)
    assignment = found[("assignment", "email", ANNA)]
    assert (assignment.standing, assignment.reason) == ("failed", "template_broken")
    assert found[("reminder", "email", ANNA)].standing == "sent"


async def test_a_read_model_that_is_behind_has_nobody_told_twice(scene: Scene) -> None:
    lead = await scene.lead()
    await scene.known()
    now = await scene.notifier.now()
    await scene.notifier.look(now)
    await Postbox(scene.office.questions).reopen((await scene.notices(lead))[("assignment", "email", ANNA)].notice)
    async with scene.office.questions.connection() as connection:
        behind = await notices.of(connection, lead)
    waiting = [one._replace(standing="to_send", settled_at=None) for one in behind if one.about == "assignment"]
    claims = await Postbox(scene.office.questions).claim([one.notice for one in waiting], now, LEASE)
    for notice, claim in zip(waiting, claims, strict=True):
        assert not await scene.notifier._see_to(Turn(notice, claim, now, monotonic() + 60), said_already=False)
    assert len(scene.subjects(ANNAS)) == 1


async def test_what_takes_too_long_is_left_to_whoever_comes_next(scene: Scene) -> None:
    lead = await scene.lead()
    notice = (await scene.notices(lead))[("assignment", "email", ANNA)]
    now = await scene.notifier.now()
    [claim] = await Postbox(scene.office.questions).claim([notice.notice], now, LEASE)
    assert not await scene.notifier._see_to(Turn(notice, claim, now, monotonic() - 1), said_already=False)
    assert scene.subjects(ANNAS) == []
    await scene.notify(now)
    assert len(scene.subjects(ANNAS)) == 1


async def test_a_budget_holds_for_what_is_sent_at_one_time_too(settings: Settings) -> None:
    async with the_scene(settings, emails_a_day=3) as scene:
        for _ in range(8):
            await scene.lead()
        await scene.notify(rounds=1)
        assert len(scene.subjects(ANNAS)) == 3


async def test_texts_do_not_wait_for_a_mail_server_that_hangs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.outside.MAIL_SECONDS", 3.0)
    monkeypatch.setattr("services.notifier.rounds.IN_FLIGHT", 1)
    async with the_scene(settings) as scene:
        for who in (ANNA, BEN, CARLA):
            await scene.time_passes(await scene.lead(arrived_minutes_ago=56, to=who))
        scene.post.when(at="greeting", then=HANG)
        await scene.known()
        began = monotonic()
        sending = asyncio.create_task(scene.notifier.look(await scene.notifier.now()))
        while len(scene.gateway.messages) < 3:
            assert monotonic() - began < 2.5
            await asyncio.sleep(0.05)
        await sending


async def test_whatever_is_wrong_with_one_notice_the_others_go_out_and_the_record_says_so_in_the_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    facts = Words.facts

    async def surprising(self: Words, notice: Notice, *about: Any) -> dict[str, Any]:
        if notice.addressee == ANNA:
            raise RuntimeError("anna@team.example")
        return await facts(self, notice, *about)

    monkeypatch.setattr(Words, "facts", surprising)
    bad, good = await scene.lead(to=ANNA), await scene.lead(to=BEN)
    now = await scene.notifier.now()
    for _ in range(MOST_TRIES):
        await scene.notify(now, rounds=1)
        now += timedelta(hours=2)
    assert (await scene.notices(good))[("assignment", "email", BEN)].standing == "sent"
    failed = (await scene.notices(bad))[("assignment", "email", ANNA)]
    assert (failed.standing, failed.reason) == ("failed", "gave_up")
    assert ANNAS not in caplog.text
    assert "RuntimeError" in caplog.text


async def test_who_was_asked_to_help_with_a_lead_that_was_nobodys_learns_who_took_it(scene: Scene) -> None:
    lead = await scene.lead(arrived_minutes_ago=71, to=None)
    await scene.time_passes(lead)
    await scene.notify()
    assert (await scene.notices(lead))[("offer", "email", ANNA)].standing == "sent"
    await scene.do(lead, ClaimLead(), BY_BEN)
    await scene.notify()
    found = await scene.notices(lead)
    assert {who for about, _, who in found if about == "claim"} == {ANNA, CARLA}
    assert all(one.standing == "sent" for key, one in found.items() if key[0] == "claim")


async def test_whoever_may_not_see_the_lead_is_not_told_whom_it_is_about(scene: Scene) -> None:
    lead = await scene.lead(arrived_minutes_ago=71)
    await scene.time_passes(lead)
    await scene.notify()
    for letter in scene.post.letters_to(BENS):
        assert "Lovelace" not in letter.bytes.decode()
        assert str(lead)[:8] in letter.part("plain")
    assert "Lovelace" not in "".join(scene.texts("+15005550002"))
    assert any("Ada Lovelace" in letter.part("plain") for letter in scene.post.letters_to(CARLAS))


async def test_whoever_is_told_learns_whose_it_is_and_how_long_they_have(scene: Scene) -> None:
    clocks = ClocksGiven(
        first_response=ClockGiven(target_minutes=60, unit="business_minutes", rungs=LADDER),
        acknowledgement=ClockGiven(target_minutes=30, unit="elapsed_minutes"),
    )
    await scene.say(SetPolicy(policy=PolicyId("slow"), calendar=ALWAYS, clocks=clocks))
    await scene.say(OrderRules(rules=(RuleGiven(policy=PolicyId("slow")),)))
    lead = await scene.lead()
    await scene.do(lead, EscalateLead(reason="help_needed"), BY_ANNA)
    await scene.notify()
    [letter] = scene.post.letters_to(CARLAS)
    assert "The lead is with Anna Avery." in letter.part("plain")
    assert "Why you hear of it: somebody asked for help." in letter.part("plain")
    assert "If nothing happens until today" in letter.part("plain")
    assert letter.message["Subject"] == "Ada Lovelace needs you"


async def test_what_a_snoozed_lead_would_have_been_reminded_of_waits_with_it(scene: Scene) -> None:
    lead = await scene.lead(arrived_minutes_ago=56)
    await scene.time_passes(lead)
    policy = SetPolicy(
        policy=PolicyId("quick"), calendar=ALWAYS, snooze_at_most_minutes=600,
        clocks=ClocksGiven(first_response=ClockGiven(target_minutes=60, unit="business_minutes", rungs=LADDER)),
    )  # fmt: skip
    await scene.say(policy)
    until = datetime.now(UTC) + timedelta(hours=2)
    await scene.do(lead, SnoozeLead(until=until, reason="asked_to_wait"), BY_CARLA)
    await scene.notify()
    assert (await scene.notices(lead))[("reminder", "email", ANNA)].reason == "moot"


async def test_one_address_gets_only_a_few_receipts_however_many_forms_are_filled_in(scene: Scene) -> None:
    for _ in range(RECEIPTS_A_DAY + 2):
        await scene.lead(to=None)
    await scene.notify(_noon(await scene.notifier.now()))
    assert len(scene.subjects(ADAS)) == RECEIPTS_A_DAY


async def test_a_holiday_makes_nothing_stale(scene: Scene) -> None:
    now = await scene.notifier.now()
    today = now.date()
    closed = tuple(ExceptedDayGiven(day=today + timedelta(days=day)) for day in range(6))
    calendar = SetCalendar(calendar=OFFICE, zone="UTC", week=week(BY_DAY, weekend=True), effective_from=now)
    await scene.say(calendar, ExceptDays(calendar=OFFICE, days=closed), SetHours(person=ANNA, calendar=OFFICE))
    await scene.lead()
    await scene.notify(now)
    assert scene.subjects(ANNAS) == []
    first_day = datetime.combine(today + timedelta(days=6), time(9, 30), tzinfo=UTC)
    await scene.notify(first_day)
    assert len(scene.subjects(ANNAS)) == 1


async def test_a_closed_lead_is_nobodys_business_any_more(scene: Scene) -> None:
    lead = await scene.lead()
    await scene.do(lead, LoseLead(reason="price"))
    await scene.notify()
    assert scene.subjects(ANNAS) == []
    assert scene.subjects(ADAS) == []


def _noon(now: datetime) -> datetime:
    """Of tomorrow: by day in Vienna."""
    return now.replace(hour=11, minute=0, second=0, microsecond=0) + timedelta(days=1)


def where_it_is_five(now: datetime) -> str:
    """A zone in which it is between 5:00 and 6:00 in the morning; POSIX has the sign the other way round."""
    east = (5 - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}"
