"""The notifier's rounds: what is to be sent, whether there is still a reason, whether it is time, and what came of it.

What a person is told is decided anew at the last moment. The order is always the same: claim, look, send, put on
record, settle. Who dies in between leaves a claim behind that runs out, and somebody sends it again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from adapters.delivery import Never, NotNow
from adapters.postbox import Claim, Postbox, next_try
from adapters.schema import SchemaTrouble
from adapters.vault import SealBroken, VaultKeyMissing
from commands.command import LEAD
from commands.notices import AddressNotice, SettleNotice
from domain.access import Principal
from domain.business_time import NothingIsWorked
from domain.identity import PersonId, StreamId
from domain.lead.clocks import running
from domain.lead.notices import Reason, why_not
from domain.lead.state import Clock, Lead
from domain.log import LogUnavailable
from domain.notice import Medium, WhyFailed, WhyNot
from domain.refusal import Refusal
from projections import notices, organisation
from projections.notices import Notice
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
LEFT_TO_LIE = timedelta(days=7)
"""What is older was never to be sent: the notifier was not there, or was told of no mail server."""
A_DAY = timedelta(days=1)
JUST_NOW = timedelta(minutes=10)
PAUSE_AFTER_TROUBLE = timedelta(minutes=1)
RECORD_AGAIN_SECONDS = 1.0
SWEEP_AFTER = timedelta(minutes=10)
NOTIFIER = Principal(id="notifier", role="service", via="notifier", scopes=frozenset({"lead.notify"}))

TROUBLE = (LogUnavailable, psycopg.OperationalError, PoolTimeout, TimeoutError, SchemaTrouble)
"""The database is away, for a moment or for longer."""

logger = logging.getLogger(__name__)


@dataclass
class Tally:
    """What came of the notices of this process so far."""

    sent: int = 0
    failed: int = 0
    suppressed: int = 0
    put_off: int = 0


class Notifier:
    """Goes over what is to be sent, round after round."""

    def __init__(self, office: Office, outside: Outside, words: Words, settings: Settings) -> None:
        self._office, self._outside, self._words = office, outside, words
        self._desk = office.desk
        self._whom = Whom(office.desk, office.vault)
        self.postbox = Postbox(office.questions)
        self._most_a_day: dict[Medium, int] = {"email": settings.emails_a_day, "sms": settings.texts_a_day}
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)
        self.tally = Tally()

    async def look(self, now: datetime) -> bool:
        """One round; whether there may be more to send at once."""
        without = sorted(await self.postbox.not_now(now))
        async with self._office.questions.connection() as connection:
            to_do = await notices.to_do(
                connection, media=self._outside.media, since=now - LEFT_TO_LIE, without=without, limit=AT_ONCE
            )
        begin_by = time.monotonic() + LEASE.total_seconds() / 2
        claims = {claim.notice: claim for claim in await self.postbox.claim([one.notice for one in to_do], now, LEASE)}
        ours = [one for one in to_do if one.notice in claims]
        # Of two in one round that say the same to the same person, the later one is enough.
        latest = {_twin(one): one.notice for one in ours}
        await asyncio.gather(
            *(
                self._see_to(one, claims[one.notice], now, begin_by, twin=latest[_twin(one)] != one.notice)
                for one in ours
            )
        )
        await self.postbox.sweep(now - SWEEP_AFTER)
        return len(to_do) == AT_ONCE

    async def now(self) -> datetime:
        """By the database's clock, which is the one that everybody shares."""
        async with self._office.questions.connection() as connection:
            found = await connection.execute("SELECT clock_timestamp()")
            told = await found.fetchone()
            assert told is not None  # noqa: S101 - a SELECT without FROM has one row
            now: datetime = told[0]
            return now

    async def _see_to(self, notice: Notice, claim: Claim, now: datetime, begin_by: float, *, twin: bool) -> None:
        """One notice stops no other one, whatever is wrong with it."""
        try:
            async with self._in_flight:
                if time.monotonic() > begin_by:
                    # Before it is done somebody else might have it, and do it too.
                    await self._put_off(notice, now)
                elif notice.standing == "to_address":
                    await self._address(notice)
                elif twin:
                    await self._suppress(notice, "told_already")
                else:
                    await self._send(notice, claim, now)
        except TROUBLE as trouble:
            # Nothing can be put down now; the claim runs out by itself.
            logger.warning("notice %s waits for the database: %s", notice.notice, type(trouble).__name__)
        except (Refusal, SealBroken, VaultKeyMissing) as trouble:
            logger.error("notice %s cannot be sent: %s", notice.notice, type(trouble).__name__)
            await self._put_off(notice, now + PAUSE_AFTER_TROUBLE)

    async def _address(self, notice: Notice) -> None:
        """Look up who is meant; each of them gets a notice of their own."""
        stream = StreamId(notice.stream)
        lead: Lead
        lead, _ = await self._desk.state(LEAD, stream)
        whom: Sequence[PersonId]
        if notice.about == "offer":
            async with self._office.questions.connection() as connection:
                team = await organisation.members(connection, lead.team)
            # Who was told that it needs help knows already.
            knows = {lead.owner, *lead.excluded, *(one.told for one in lead.escalations if one.clock == notice.clock)}
            whom = [one for one in team if one not in knows]
        else:
            whom = [lead.owner] if lead.owner is not None and lead.owner != notice.done_by else []
        address = AddressNotice(cause=notice.cause, about=notice.about, to=tuple(whom))
        await self._desk.handle(stream, address, by=NOTIFIER)
        await self.postbox.settle(notice.notice)

    async def _send(self, notice: Notice, claim: Claim, now: datetime) -> None:
        lead: Lead
        lead, _ = await self._desk.state(LEAD, StreamId(notice.stream))
        clock = _clock(lead, notice)
        to = await self._recipient(notice, lead, clock, now)
        address = to.address(notice.medium) if to is not None else None
        if str(notice.notice) in lead.fates:
            # Whoever had it before us put that down just before, and the read model does not know.
            await self.postbox.settle(notice.notice)
        elif claim.is_one_too_many:
            await self._fail(notice, "gave_up", claim.tries - 1)
        elif because := await self._why_not(notice, lead, now):
            await self._suppress(notice, because)
        elif to is None:
            await self._suppress(notice, "has_left")
        elif address is None:
            await self._suppress(notice, "no_address")
        elif (opens_at := _opens_at(to, now)) > now:
            await self._put_off(notice, opens_at)
        else:
            await self._hand_out(notice, claim, lead, clock, to, address, now)

    async def _hand_out(
        self, notice: Notice, claim: Claim, lead: Lead, clock: Clock | None, to: Recipient, address: str, now: datetime
    ) -> None:
        try:
            facts = await self._words.facts(notice, lead, clock, to, now)
            provider_id = None
            if notice.medium == "email":
                written = self._words.letter(notice.about, lead.team, facts)
                await self._outside.write(notice.notice, address, to.name, written)
            else:
                said = self._words.text(notice.about, lead.team, facts)
                provider_id = await self._outside.text(notice.notice, StreamId(notice.stream), address, said)
        except TemplateTrouble as broken:
            logger.error("notice %s: %s", notice.notice, broken)
            await self._fail(notice, "template_broken", claim.tries)
        except Never as refused:
            await self._fail(notice, refused.reason, claim.tries)
        except NotNow as trouble:
            await self._try_later(notice, claim, trouble, now)
        else:
            await self._record(notice, SettleNotice(**_of(notice), became="sent", tries=claim.tries,
                                                    provider_id=provider_id))  # fmt: skip
            self.tally.sent += 1

    async def _recipient(self, notice: Notice, lead: Lead, clock: Clock | None, now: datetime) -> Recipient | None:
        calendar = await self._whom.calendar_of(clock or (lead.clocks[-1] if lead.clocks else None))
        if notice.addressee is None:
            return await self._whom.lead(lead, now, calendar)
        return await self._whom.person(notice.addressee, now, calendar)

    async def _why_not(self, notice: Notice, lead: Lead, now: datetime) -> WhyNot | None:
        reason = Reason(notice.about, notice.addressee, notice.medium, notice.made_at, notice.clock)
        if (because := why_not(lead, reason, now)) or notice.addressee is None:
            return because
        async with self._office.questions.connection() as connection:
            if await notices.told_already(connection, notice, JUST_NOW):
                return "told_already"
            had = await notices.sent_to(connection, notice.addressee, notice.medium, now - A_DAY)
        return "over_budget" if had >= self._most_a_day[notice.medium] else None

    async def _try_later(self, notice: Notice, claim: Claim, trouble: NotNow, now: datetime) -> None:
        """Only what was refused for itself is given up; while nobody can be reached, all of them wait."""
        refused = trouble.reason == "refused_for_now"
        if refused and claim.is_last:
            await self._fail(notice, "gave_up", claim.tries)
            return
        wait = next_try(claim.tries, notice.notice)
        if trouble.retry_after_seconds is not None:
            wait = max(wait, timedelta(seconds=trouble.retry_after_seconds))
        logger.warning("notice %s by %s: %s, again in %d s", notice.notice, notice.medium, trouble.reason, wait.seconds)
        self.tally.put_off += 1
        await self.postbox.put_off(notice.notice, now + wait, trouble.reason if refused or not claim.is_last else None)

    async def _suppress(self, notice: Notice, because: WhyNot) -> None:
        self.tally.suppressed += 1
        await self._record(notice, SettleNotice(**_of(notice), became="suppressed", why_not=because))

    async def _fail(self, notice: Notice, because: WhyFailed, tries: int) -> None:
        self.tally.failed += 1
        await self._record(notice, SettleNotice(**_of(notice), became="failed", why_failed=because, tries=tries))

    async def _record(self, notice: Notice, what: SettleNotice) -> None:
        """It went out, so nothing matters more than saying so, as long as the claim lasts."""
        async with asyncio.timeout(LEASE.total_seconds() / 2):
            while True:
                try:
                    await self._desk.handle(StreamId(notice.stream), what, by=NOTIFIER)
                    break
                except LogUnavailable:
                    await asyncio.sleep(RECORD_AGAIN_SECONDS)
        await self.postbox.settle(notice.notice)

    async def _put_off(self, notice: Notice, until: datetime) -> None:
        self.tally.put_off += 1
        await self.postbox.put_off(notice.notice, until, None)


def _twin(notice: Notice) -> tuple[object, ...]:
    """What is never said twice at once; what has yet to be addressed has none."""
    if notice.standing == "to_address":
        return (notice.notice,)
    return (notice.stream, notice.about, notice.medium, notice.addressee)


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
