"""The notifier's rounds: what is to be sent, whether there is still a reason, whether it is time, and what came of it.

What a person is told is decided anew at the last moment. The order is always the same: claim, look, send, put on
record, settle. Who dies in between leaves a claim behind that runs out, and somebody sends it again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from psycopg_pool import PoolTimeout

from adapters.delivery import Never, NotNow
from adapters.postbox import MOST_TRIES, Claim, Postbox, next_try
from adapters.schema import SchemaTrouble
from commands.command import LEAD
from commands.desk import TooManyAtOnce
from commands.notices import MOST_ADDRESSEES, AddressNotice, SettleNotice
from domain.access import Principal
from domain.business_time import NothingIsWorked
from domain.identity import PersonId, Position, StreamId
from domain.lead.clocks import running
from domain.lead.notices import Reason, is_stale, why_not
from domain.lead.state import Clock, Lead
from domain.log import LogUnavailable
from domain.notice import Medium, WhyFailed, WhyNot
from domain.refusal import Refusal
from projections import notices, organisation
from projections.notices import Notice
from projections.projector import Freshness
from services.letters import TemplateTrouble
from services.notifier.whom import Recipient, Whom
from services.notifier.words import Words
from services.outside import Outside
from services.settings import Settings
from services.wiring import Office

AT_ONCE = 100
"""So many notices are claimed together."""
IN_FLIGHT = 20
LEASE = timedelta(minutes=2)
"""Longer than any message takes; so long after a crash it is sent again."""
LEFT_TO_LIE = timedelta(days=30)
"""What is older was never to be sent: the notifier was not there, or was told of no mail server."""
A_DAY = timedelta(days=1)
JUST_NOW, AT_ONCE_FOR_CLOCKS = timedelta(minutes=10), timedelta(minutes=1)
"""So long nobody is told the same again; where it is a clock's ladder that tells them, the policy knows how often."""
RECEIPTS_A_DAY = 3
"""To one address, however many leads give it."""
PAUSE_AFTER_SURPRISE = timedelta(minutes=10)
KNOWN_WITHIN_SECONDS = 5.0
RECORD_AGAIN_SECONDS = 1.0
SWEEP_AFTER = timedelta(minutes=10)
NOTIFIER = Principal(id="notifier", role="service", via="notifier", scopes=frozenset({"lead.notify"}))

TROUBLE = (LogUnavailable, psycopg.OperationalError, PoolTimeout, TimeoutError, SchemaTrouble)
"""The database is away, for a moment or for longer."""

logger = logging.getLogger(__name__)


class Turn(NamedTuple):
    """A notice that is ours to send."""

    notice: Notice
    claim: Claim
    now: datetime
    begin_by: float
    """By the monotonic clock; later it might not be done before the claim runs out."""


@dataclass
class Tally:
    """What came of the notices of this process so far."""

    sent: int = 0
    failed: int = 0
    suppressed: int = 0
    put_off: int = 0


class Notifier:
    """Goes over what is to be sent, round after round."""

    def __init__(
        self, office: Office, outside: Outside, words: Words, freshness: Freshness, settings: Settings
    ) -> None:
        self._office, self._outside, self._words, self._freshness = office, outside, words, freshness
        self._desk = office.desk
        self._whom = Whom(office.desk, office.vault)
        self._postbox = Postbox(office.questions)
        self._most_a_day: dict[Medium, int] = {"email": settings.emails_a_day, "sms": settings.texts_a_day}
        self._in_flight = {medium: asyncio.Semaphore(IN_FLIGHT) for medium in ("email", "sms")}
        self._turns: defaultdict[tuple[PersonId | None, Medium], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._recorded = Position(0)
        self.tally = Tally()

    async def look(self, now: datetime) -> bool:
        """One round; whether there may be more to send at once."""
        async with self._office.questions.connection() as connection:
            to_do = await notices.to_do(
                connection, media=self._outside.media, since=now - LEFT_TO_LIE, now=now, limit=AT_ONCE
            )
        begin_by = time.monotonic() + LEASE.total_seconds() / 2
        claims = {claim.notice: claim for claim in await self._postbox.claim([one.notice for one in to_do], now, LEASE)}
        twins: defaultdict[tuple[object, ...], list[Turn]] = defaultdict(list)
        for one in reversed(to_do):
            if one.notice in claims:
                twins[_twin(one)].append(Turn(one, claims[one.notice], now, begin_by))
        self._turns.clear()
        await asyncio.gather(*(self._see_to_one_of(turns) for turns in twins.values()))
        await self._postbox.sweep(now - SWEEP_AFTER)
        return len(to_do) == AT_ONCE

    async def now(self) -> datetime:
        """By the database's clock, which is the one that everybody shares."""
        async with self._office.questions.connection() as connection:
            found = await connection.execute("SELECT clock_timestamp()")
            told = await found.fetchone()
            assert told is not None  # noqa: S101 - a SELECT without FROM has one row
            now: datetime = told[0]
            return now

    async def _see_to_one_of(self, twins: Sequence[Turn]) -> None:
        """Of those that say the same to the same person, the latest that there is still a reason for is enough."""
        said = False
        for turn in twins:
            said = await self._see_to(turn, said_already=said) or said

    async def _see_to(self, turn: Turn, *, said_already: bool) -> bool:
        """Whether it was sent. One notice stops no other one, whatever is wrong with it."""
        notice = turn.notice
        try:
            # Whoever gets several gets one after the other, so that they can be counted.
            async with self._turns[notice.addressee, notice.medium], self._in_flight[notice.medium]:
                if time.monotonic() > turn.begin_by:
                    # Before it is done somebody else might have it, and do it too.
                    await self._put_off(turn, turn.now)
                    return False
                if notice.standing == "to_address":
                    await self._address(turn)
                    return False
                return await self._decide(turn, said_already=said_already)
        except TROUBLE as trouble:
            # Nothing can be put down now; the claim runs out by itself.
            logger.warning("notice %s waits for the database: %s", notice.notice, type(trouble).__name__)
        except Exception as surprise:  # whatever is wrong with one notice, the others go out
            # Only its kind: its words may repeat an address.
            logger.error("notice %s cannot be sent: %s", notice.notice, type(surprise).__name__)
            await self._after_a_surprise(turn)
        return False

    async def _address(self, turn: Turn) -> None:
        """Look up who is meant; each of them gets a notice of their own."""
        notice = turn.notice
        lead = await self._lead(notice)
        whom: Sequence[PersonId] = []
        if notice.about != "offer":
            whom = [lead.owner] if lead.owner is not None and lead.owner != notice.done_by else []
        elif await self._freshness.wait_for("people", await self._office.log.head(), KNOWN_WITHIN_SECONDS):
            async with self._office.questions.connection() as connection:
                team = await organisation.members(connection, lead.team, limit=MOST_ADDRESSEES)
            # Who was told that it needs help knows already.
            knows = {lead.owner, *lead.excluded, *(one.told for one in lead.escalations if one.clock == notice.clock)}
            whom = [one for one in team if one not in knows]
        else:
            # Who is in the team is not known well enough to be put on record.
            await self._put_off(turn, turn.now)
            return
        address = AddressNotice(cause=notice.cause, about=notice.about, to=tuple(whom))
        await self._desk.handle(StreamId(notice.stream), address, by=NOTIFIER)
        await self._postbox.settle(notice.notice)

    async def _decide(self, turn: Turn, *, said_already: bool) -> bool:
        notice, now = turn.notice, turn.now
        lead = await self._lead(notice)
        clock = _clock(lead, notice)
        to = await self._recipient(notice, lead, clock, now)
        address = to.address(notice.medium) if to is not None else None
        if str(notice.notice) in lead.fates:
            # Whoever had it before us put that down just before, and the read model does not know.
            await self._postbox.settle(notice.notice)
        elif turn.claim.is_one_too_many:
            await self._fail(turn, "gave_up")
        elif to is None:
            await self._suppress(turn, "has_left")
        elif because := why_not(lead, Reason(notice.about, notice.addressee, notice.medium, notice.clock), now):
            await self._suppress(turn, because)
        elif is_stale(_opens_at(to, notice.made_at), now):
            await self._fail(turn, "stale")
        elif address is None and notice.medium == "email" and notice.addressee is not None and not to.made_up:
            await self._fail(turn, "no_address")
        elif address is None:
            await self._suppress(turn, "no_address")
        elif (opens_at := _opens_at(to, now)) > now:
            await self._put_off(turn, opens_at)
        elif said_already or await self._told_already(notice):
            await self._suppress(turn, "told_already")
        elif await self._too_many(notice, address, now):
            await self._suppress(turn, "over_budget")
        else:
            return await self._hand_out(turn, lead, clock, to, address)
        return False

    async def _hand_out(self, turn: Turn, lead: Lead, clock: Clock | None, to: Recipient, address: str) -> bool:
        notice = turn.notice
        try:
            facts = await self._words.facts(notice, lead, clock, to, turn.now)
            provider_id = None
            if notice.medium == "email":
                written = self._words.letter(notice.about, lead.team, facts)
                await self._outside.write(notice.notice, address, to.name, written)
            else:
                said = self._words.text(notice.about, lead.team, facts)
                provider_id = await self._outside.text(notice.notice, StreamId(notice.stream), address, said)
        except TemplateTrouble as broken:
            logger.error("notice %s: %s", notice.notice, broken)
            await self._fail(turn, "template_broken")
        except Never as refused:
            await self._fail(turn, refused.reason)
        except NotNow as trouble:
            await self._try_later(turn, trouble)
        else:
            sent = SettleNotice(**_of(notice), became="sent", tries=turn.claim.tries, provider_id=provider_id)
            await self._record(notice, sent)
            self.tally.sent += 1
            return True
        return False

    async def _lead(self, notice: Notice) -> Lead:
        lead: Lead
        lead, _ = await self._desk.state(LEAD, StreamId(notice.stream))
        return lead

    async def _recipient(self, notice: Notice, lead: Lead, clock: Clock | None, now: datetime) -> Recipient | None:
        calendar = await self._whom.calendar_of(clock or (lead.clocks[-1] if lead.clocks else None))
        if notice.addressee is None:
            return await self._whom.lead(lead, now, calendar)
        return await self._whom.person(notice.addressee, now, calendar)

    async def _told_already(self, notice: Notice) -> bool:
        if notice.addressee is None:
            return False
        # What this process sent a moment ago counts, too.
        await self._freshness.wait_for("notices", self._recorded, KNOWN_WITHIN_SECONDS)
        async with self._office.questions.connection() as connection:
            within = JUST_NOW if notice.clock is None else AT_ONCE_FOR_CLOCKS
            return await notices.told_already(connection, notice, within)

    async def _too_many(self, notice: Notice, address: str, now: datetime) -> bool:
        """More than a person can bear in a day; or to one address, more receipts than an honest sender asks for."""
        if notice.addressee is None:
            hashed = self._office.vault.fingerprint(f"receipt\0{address.lower()}".encode())
            return not await self._postbox.may_write_to(hashed, now, most=RECEIPTS_A_DAY, within=A_DAY)
        async with self._office.questions.connection() as connection:
            had = await notices.sent_to(connection, notice.addressee, notice.medium, now - A_DAY)
        return had >= self._most_a_day[notice.medium]

    async def _try_later(self, turn: Turn, trouble: NotNow) -> None:
        """Only what was refused for itself is given up; while nobody can be reached, all of them wait."""
        notice, claim = turn.notice, turn.claim
        refused = trouble.reason == "refused_for_now"
        if refused and claim.is_last:
            await self._fail(turn, "gave_up")
            return
        wait = next_try(claim.tries, notice.notice)
        if trouble.retry_after_seconds is not None:
            wait = max(wait, timedelta(seconds=trouble.retry_after_seconds))
        logger.warning("notice %s by %s: %s, again in %d s", notice.notice, notice.medium, trouble.reason, wait.seconds)
        counts = trouble.reason if refused or not claim.is_last else None
        self.tally.put_off += 1
        await self._postbox.put_off(notice.notice, turn.now + wait, counts)

    async def _after_a_surprise(self, turn: Turn) -> None:
        """It is tried again like anything else that failed, and in the end the record says that it did."""
        try:
            if turn.claim.is_last:
                await self._fail(turn, "gave_up")
            else:
                await self._postbox.put_off(turn.notice.notice, turn.now + PAUSE_AFTER_SURPRISE, "not_understood")
        except (Refusal, *TROUBLE) as trouble:
            logger.warning("notice %s is left to whoever comes next: %s", turn.notice.notice, type(trouble).__name__)

    async def _suppress(self, turn: Turn, because: WhyNot) -> None:
        self.tally.suppressed += 1
        await self._record(turn.notice, SettleNotice(**_of(turn.notice), became="suppressed", why_not=because))

    async def _fail(self, turn: Turn, because: WhyFailed) -> None:
        self.tally.failed += 1
        tries = min(turn.claim.tries, MOST_TRIES)
        await self._record(
            turn.notice, SettleNotice(**_of(turn.notice), became="failed", why_failed=because, tries=tries)
        )

    async def _record(self, notice: Notice, what: SettleNotice) -> None:
        """It went out, so nothing matters more than saying so, as long as the claim lasts."""
        async with asyncio.timeout(LEASE.total_seconds() / 2):
            while True:
                try:
                    receipt = await self._desk.handle(StreamId(notice.stream), what, by=NOTIFIER)
                    break
                except (LogUnavailable, TooManyAtOnce):
                    await asyncio.sleep(RECORD_AGAIN_SECONDS)
        self._recorded = max(self._recorded, receipt.position)
        await self._postbox.settle(notice.notice)

    async def _put_off(self, turn: Turn, until: datetime) -> None:
        self.tally.put_off += 1
        await self._postbox.put_off(turn.notice.notice, until, None)


def _twin(notice: Notice) -> tuple[object, ...]:
    """What is never said twice at once; what has yet to be addressed has none."""
    if notice.standing == "to_address":
        return (notice.notice,)
    return (notice.stream, notice.about, notice.medium, notice.addressee, notice.clock)


def _clock(lead: Lead, notice: Notice) -> Clock | None:
    """The clock that it is about; of an assignment, what is owed to the lead first."""
    if notice.clock is not None:
        return lead.clocks[notice.clock - 1]
    owed = [clock for clock in running(lead) if clock.name != "acknowledgement"]
    return min(owed, key=lambda clock: clock.respond_by) if owed and notice.about == "assignment" else None


def _of(notice: Notice) -> dict[str, Any]:
    return {"notice": notice.notice, "about": notice.about, "medium": notice.medium, "to": notice.addressee}


def _opens_at(to: Recipient, now: datetime) -> datetime:
    """Where somebody's calendar has no hours any more, they are told at any hour rather than never."""
    try:
        return to.may_be_told_from(now)
    except NothingIsWorked:
        return now
