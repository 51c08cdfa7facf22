"""The notifier's to-do list: who is told what about which event, and what became of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from domain.event import Actor, Event
from domain.identity import PersonId, TeamId, lead_stream, person_stream
from domain.lead.events import (
    EscalationAcknowledged,
    LeadAssigned,
    LeadCreated,
    LeadEscalated,
    LeadOffered,
    LeadReleased,
    ReceiptOwed,
    SomebodyReminded,
    Step,
)
from domain.notice import (
    Medium,
    NoticeAddressed,
    NoticeDelivered,
    NoticeFailed,
    NoticeRetried,
    NoticeSent,
    NoticeSuppressed,
    notice_id,
)
from projections import notices
from projections.notices import Cursor, Notice
from tests.projections.scripted_log import LEAD, OTHER, ScriptedLog, caught_up, minutes
from tests.support.examples import (
    BY_MACHINE,
    BY_MANAGER,
    BY_NOTIFIER,
    BY_REP,
    BY_TIMEKEEPER,
    COLLEAGUE,
    MANAGER,
    NINE,
    NORTH,
    QUICK,
    REP,
)

STREAM = lead_stream(LEAD)
CREATED = LeadCreated(at=NINE, by=BY_MACHINE, team=NORTH)
GIVEN = LeadAssigned(at=NINE + minutes(1), by=BY_MANAGER, to=REP, team=NORTH)
EIGHT = NINE - timedelta(hours=1)
BOTH: tuple[Medium, ...] = ("email", "sms")


def step(rung: int) -> Step:
    return Step(1, rung, NINE)


def said(minute: int, kind: type[Any], by: Actor = BY_TIMEKEEPER, **what: Any) -> Event:
    event: Event = kind(at=NINE + minutes(minute), by=by, **what)
    return event


async def told(dsn: str, log: ScriptedLog) -> list[Notice]:
    await caught_up(dsn, notices.notices, log)
    async with await AsyncConnection.connect(dsn) as connection:
        return await notices.of(connection, STREAM)


async def to_do(
    dsn: str, log: ScriptedLog, *, media: Sequence[Medium] = BOTH, since: datetime = EIGHT, limit: int = 50
) -> set[tuple[str, Medium, PersonId | None]]:
    await caught_up(dsn, notices.notices, log)
    async with await AsyncConnection.connect(dsn) as connection:
        found = await notices.to_do(connection, media=media, since=since, now=NINE, limit=limit)
    return {(one.about, one.medium, one.addressee) for one in found}


async def test_who_is_given_a_lead_is_told_and_who_takes_one_knows(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, GIVEN, LeadAssigned(at=NINE, by=BY_REP, to=REP, previous=None, because="claimed"))
    copied = Actor("import", "service", "import")
    log.tell(LeadAssigned(at=NINE, by=copied, to=REP, because="imported"))
    [notice] = await told(database, log)
    assert notice == Notice(
        stream=STREAM,
        notice=notice_id(STREAM, 2, REP, "email"),
        about="assignment",
        medium="email",
        addressee=REP,
        standing="to_send",
        reason=None,
        cause=2,
        clock=None,
        done_by=MANAGER,
        team=None,
        made_at=NINE + minutes(1),
        settled_at=None,
    )


async def test_what_cannot_wait_goes_by_text_message_too(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, said(2, SomebodyReminded, told=REP, step=step(1)))
    log.tell(said(3, LeadEscalated, told=MANAGER, rung=1, reason="no_contact", step=step(2)))
    log.tell(said(4, LeadEscalated, by=BY_REP, told=MANAGER, rung=1, reason="help_needed"))
    log.tell(said(5, LeadReleased, owner=REP, team=NORTH, reason="not_attended", step=step(3)))
    found = await told(database, log)
    assert [(one.about, one.medium, one.addressee, one.clock, one.cause) for one in found] == sorted(
        [
            ("reminder", "email", REP, 1, 2),
            ("reminder", "sms", REP, 1, 2),
            ("escalation", "email", MANAGER, 1, 3),
            ("escalation", "sms", MANAGER, 1, 3),
            ("escalation", "email", MANAGER, None, 4),
            ("escalation", "sms", MANAGER, None, 4),
            ("release", "email", REP, None, 5),
        ],
        key=lambda one: (one[4], notice_id(STREAM, one[4], one[2], one[1])),  # type: ignore[arg-type]
    )


async def test_where_nobody_is_there_nobody_is_told(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, said(2, SomebodyReminded, told=None, step=step(1)))
    log.tell(said(3, LeadEscalated, told=None, rung=2, reason="no_contact", step=step(2)))
    log.tell(said(4, LeadReleased, by=BY_REP, owner=REP, reason="workload"))
    assert await told(database, log) == []


async def test_an_offer_goes_to_whoever_is_in_the_team_when_it_is_looked_up(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, GIVEN, said(3, LeadOffered, team=NORTH, step=step(3)))
    assert ("offer", "email", None) in await to_do(database, log, media=["sms"])
    log.tell(said(4, NoticeAddressed, by=BY_NOTIFIER, cause=3, about="offer", to=(REP, COLLEAGUE)))
    assert await to_do(database, log) == {
        ("assignment", "email", REP),
        ("offer", "email", REP),
        ("offer", "sms", REP),
        ("offer", "email", COLLEAGUE),
        ("offer", "sms", COLLEAGUE),
    }
    again = said(5, NoticeAddressed, by=BY_NOTIFIER, cause=3, about="offer", to=(MANAGER,))
    log.tell(again)
    assert ("offer", "email", MANAGER) not in await to_do(database, log)
    by_id = {one.notice: one for one in await told(database, log)}
    offered = by_id[notice_id(STREAM, 3, COLLEAGUE, "sms")]
    assert (offered.made_at, offered.done_by, offered.clock) == (NINE + minutes(3), "timekeeper", 1)


async def test_who_had_it_or_was_asked_to_help_learns_who_has_it_now(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, GIVEN, said(3, LeadEscalated, told=MANAGER, rung=1, reason="no_contact", step=step(2)))
    log.tell(said(3, LeadOffered, team=NORTH, step=step(3)))
    log.tell(said(4, NoticeAddressed, by=BY_NOTIFIER, cause=4, about="offer", to=(REP, COLLEAGUE, PersonId("rep-9"))))
    taken = Actor(COLLEAGUE, "rep", "key:lk_9")
    log.tell(said(5, LeadAssigned, by=taken, to=COLLEAGUE, team=NORTH, previous=REP, because="rescued"))
    claims = [one for one in await told(database, log) if one.about == "claim"]
    assert {(one.addressee, one.done_by, one.medium) for one in claims} == {
        (REP, COLLEAGUE, "email"), (MANAGER, COLLEAGUE, "email"), ("rep-9", COLLEAGUE, "email")
    }  # fmt: skip
    log.tell(said(6, LeadAssigned, by=BY_MANAGER, to=REP, team=NORTH, previous=COLLEAGUE))
    later = [one for one in await told(database, log) if one.cause == 7]
    assert {(one.about, one.addressee, one.done_by) for one in later} == {
        ("claim", COLLEAGUE, REP), ("assignment", REP, MANAGER)
    }  # fmt: skip


async def test_who_was_asked_about_a_lead_that_was_nobodys_learns_who_has_it_now(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, said(2, LeadEscalated, told=MANAGER, rung=1, reason="no_contact", step=step(2)))
    taken = Actor(COLLEAGUE, "rep", "key:lk_9")
    log.tell(said(3, LeadAssigned, by=taken, to=COLLEAGUE, team=NORTH, because="claimed"))
    assert [one.addressee for one in await told(database, log) if one.about == "claim"] == [MANAGER]


async def test_whose_the_lead_is_learns_who_sees_to_it(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, said(3, EscalationAcknowledged, by=BY_MANAGER, escalation=1, clock=1, act_by=NINE + minutes(60)))
    assert await to_do(database, log) == {("acknowledgement", "email", None)}
    log.tell(said(4, NoticeAddressed, by=BY_NOTIFIER, cause=2, about="acknowledgement", to=(REP,)))
    [notice] = await told(database, log)
    assert (notice.addressee, notice.standing, notice.done_by) == (REP, "to_send", MANAGER)
    log.tell(said(5, NoticeAddressed, by=BY_NOTIFIER, cause=9, about="acknowledgement", to=(REP,)))
    assert await told(database, log) == [notice]


async def test_the_lead_hears_by_the_media_that_the_policy_names(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, ReceiptOwed(at=NINE, by=BY_MACHINE, media=BOTH, policy=QUICK, policy_version=1))
    assert {one.notice: one.medium for one in await told(database, log)} == {
        notice_id(STREAM, 2, None, medium): medium for medium in BOTH
    }


def fate(kind: type[Any], minute: int, **what: Any) -> Event:
    notice = str(notice_id(STREAM, 2, REP, "email"))
    return said(minute, kind, by=BY_NOTIFIER, notice=notice, about="assignment", medium="email", to=REP, **what)


async def test_what_became_of_a_notice_is_seen_and_it_is_to_do_no_more(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, GIVEN)
    for outcome, standing, reason, team in (
        (fate(NoticeSent, 3, tries=1), "sent", None, None),
        (fate(NoticeDelivered, 4), "delivered", None, None),
        (fate(NoticeFailed, 5, reason="undelivered", tries=1, team=NORTH), "failed", "undelivered", NORTH),
        (fate(NoticeSuppressed, 6, reason="moot"), "suppressed", "moot", None),
    ):
        log.tell(outcome)
        [notice] = await told(database, log)
        assert (notice.standing, notice.reason, notice.team) == (standing, reason, team)
        assert notice.settled_at == outcome.at
        assert await to_do(database, log) == set()
    log.tell(fate(NoticeRetried, 7))
    [notice] = await told(database, log)
    assert (notice.standing, notice.reason, notice.team, notice.settled_at) == ("to_send", None, None, None)
    assert notice.made_at == NINE + minutes(7)


async def test_a_digest_is_heard_of_when_it_was_sent(database: str) -> None:
    log, stream = ScriptedLog(), person_stream(REP)
    digest = UUID(int=5)
    log.tell(
        said(1, NoticeSent, by=BY_NOTIFIER, notice=str(digest), about="digest", medium="email", to=REP, tries=1),
        of=stream,
    )
    await caught_up(database, notices.notices, log)
    async with await AsyncConnection.connect(database) as connection:
        [row] = await notices.of(connection, stream)
        assert (row.addressee, row.about, row.standing, row.cause) == (REP, "digest", "sent", 0)
        assert await notices.settled(connection, [digest, UUID(int=6)]) == {digest}


async def test_budgets_and_repetitions_are_counted_by_what_was_sent(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, GIVEN, fate(NoticeSent, 3, tries=1))
    again = LeadAssigned(at=NINE + minutes(9), by=BY_MANAGER, to=REP, team=NORTH)
    log.tell(again)
    await caught_up(database, notices.notices, log)
    async with await AsyncConnection.connect(database) as connection:
        assert await notices.sent_to(connection, REP, "email", NINE) == 1
        assert await notices.sent_to(connection, REP, "email", NINE + minutes(3)) == 0
        assert await notices.sent_to(connection, REP, "sms", NINE) == 0
        assert await notices.sent_to(connection, COLLEAGUE, "email", NINE) == 0
        first, second = await notices.of(connection, STREAM)
        assert second.standing == "to_send"
        assert await notices.told_already(connection, second, timedelta(minutes=8))
        assert not await notices.told_already(connection, second._replace(clock=1), timedelta(minutes=8))
        assert not await notices.told_already(connection, second, timedelta(minutes=7))
        assert not await notices.told_already(connection, first, timedelta(minutes=8))


async def test_dead_letters_are_listed_the_latest_first_for_those_whose_business_they_are(database: str) -> None:
    log = ScriptedLog()
    for lead, team, minute in ((LEAD, NORTH, 3), (OTHER, TeamId("south"), 4)):
        stream = lead_stream(lead)
        log.tell(CREATED, GIVEN, of=lead)
        notice = str(notice_id(stream, 2, REP, "email"))
        failed = said(minute, NoticeFailed, by=BY_NOTIFIER, notice=notice, about="assignment", medium="email", to=REP,
                      reason="gave_up", tries=9, team=team)  # fmt: skip
        log.tell(failed, of=lead)
    await caught_up(database, notices.notices, log)
    async with await AsyncConnection.connect(database) as connection:
        south, north = await notices.dead_letters(connection)
        assert (south.team, north.team) == ("south", NORTH)
        assert await notices.dead_letters(connection, teams=[NORTH]) == [north]
        assert await notices.dead_letters(connection, teams=[]) == []
        assert south.settled_at is not None
        after = Cursor(south.settled_at, south.notice)
        assert await notices.dead_letters(connection, after=after) == [north]
        assert await notices.dead_letters(connection, limit=1) == [south]


async def test_what_is_somebodys_turn_or_put_off_is_not_asked_for(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, GIVEN)
    assert await to_do(database, log) == {("assignment", "email", REP)}
    notice = notice_id(STREAM, 2, REP, "email")
    async with await AsyncConnection.connect(database, autocommit=True) as connection:
        for next_try_at, settled_at, expected in (
            (NINE + minutes(1), None, set()),
            (NINE, None, {("assignment", "email", REP)}),
            (NINE, NINE, set()),
        ):
            await connection.execute("DELETE FROM post.attempts")
            await connection.execute(
                "INSERT INTO post.attempts (notice, tries, next_try_at, settled_at) VALUES (%s, 1, %s, %s)",
                [notice, next_try_at, settled_at],
            )
            assert await to_do(database, log) == expected


async def test_what_is_too_old_is_left_to_lie(database: str) -> None:
    log = ScriptedLog()
    log.tell(CREATED, GIVEN)
    assert await to_do(database, log, since=NINE + minutes(1)) == set()
    assert await to_do(database, log, since=NINE) == {("assignment", "email", REP)}
    assert await to_do(database, log, media=["sms"]) == set()
