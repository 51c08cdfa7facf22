"""The daily digest: at the beginning of their day each person learns what it holds, in one letter.

A digest is about no lead, so what became of it stands in the person's own stream. Who has nothing to do gets none.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from adapters.delivery import Never, NotNow
from adapters.postbox import Claim, Postbox, next_try
from commands.command import PERSON
from commands.notices import SettleDigest
from domain.business_time import BusinessTime, Hours, NothingIsWorked
from domain.identity import CalendarId, PersonId, lead_stream, person_stream
from domain.notice import WhyFailed, notice_id
from projections import notices, organisation, queues
from projections.organisation import Person
from projections.queues import Queued
from services.letters import TemplateTrouble
from services.notifier.rounds import LEASE, NOTIFIER, PAUSE_AFTER_SURPRISE, TROUBLE
from services.notifier.whom import Whom
from services.notifier.words import Words, digest_facts
from services.outside import Outside
from services.wiring import Office

FROM_EIGHT = (Hours(8 * 60, 17 * 60),)
WITHOUT_A_CALENDAR = BusinessTime("UTC", (FROM_EIGHT, FROM_EIGHT, FROM_EIGHT, FROM_EIGHT, FROM_EIGHT, (), ()))
"""When the day begins for who works by no calendar that we know of."""
NOT_LATER_THAN = timedelta(hours=4)
"""A digest of the morning helps nobody in the evening."""
EARLIEST = time(6, 0)
AT_ONCE = 4
"""As many as the mail server is told at once."""
MOST_LINES = 10
MOST_COUNTED = 200
PAGE, MOST_PAGES = 500, 200

logger = logging.getLogger(__name__)


class Due(NamedTuple):
    """Somebody whose day has begun."""

    person: Person
    notice: UUID


class Digests:
    """Looks who has begun their day and has not heard what it holds."""

    def __init__(self, office: Office, outside: Outside, words: Words) -> None:
        self._office, self._outside, self._words = office, outside, words
        self._whom = Whom(office.desk, office.vault)
        self._postbox = Postbox(office.questions)
        self.sent = 0

    async def look(self, now: datetime) -> None:
        """Once a minute is often enough."""
        if "email" not in self._outside.media:
            return
        due = await self._due(now)
        async with self._office.questions.connection() as connection:
            settled = await notices.settled(connection, [one.notice for one in due])
        waiting = {one.notice: one.person for one in due if one.notice not in settled}
        for first in range(0, len(waiting), AT_ONCE):
            # A few at a time: whoever claims many would not be done with them before the claims run out.
            claims = await self._postbox.claim([*waiting][first : first + AT_ONCE], now, LEASE)
            await asyncio.gather(*(self._see_to(waiting[claim.notice], claim, now) for claim in claims))

    async def _due(self, now: datetime) -> list[Due]:
        hours: dict[CalendarId | None, BusinessTime] = {None: WITHOUT_A_CALENDAR}
        due = []
        for person in await self._people():
            if person.calendar not in hours:
                hours[person.calendar] = await self._whom.hours(person.calendar, now)
            begins_at = day_begins_at(hours[person.calendar], now)
            if begins_at is None or not begins_at <= now < begins_at + NOT_LATER_THAN:
                continue
            day = begins_at.astimezone(ZoneInfo(hours[person.calendar].zone)).date()
            stream = person_stream(person.person)
            due.append(Due(person, notice_id(stream, day.isoformat(), person.person, "email")))
        return due

    async def _people(self) -> list[Person]:
        found: list[Person] = []
        async with self._office.questions.connection() as connection:
            for _ in range(MOST_PAGES):
                page = await organisation.everybody(connection, after=found[-1].person if found else None, limit=PAGE)
                found += page
                if len(page) < PAGE:
                    break
        return [one for one in found if one.here]

    async def _see_to(self, person: Person, claim: Claim, now: datetime) -> None:
        """Whatever is wrong with one digest, the others go out."""
        try:
            await self._decide(person, claim, now)
        except TROUBLE as trouble:
            logger.warning("digest %s waits for the database: %s", claim.notice, type(trouble).__name__)
        except Exception as surprise:  # its words may repeat an address, so only its kind is told
            logger.error("digest %s cannot be sent: %s", claim.notice, type(surprise).__name__)
            await self._postbox.put_off(claim.notice, now + PAUSE_AFTER_SURPRISE, "not_understood")

    async def _decide(self, person: Person, claim: Claim, now: datetime) -> None:
        state, _ = await self._office.desk.state(PERSON, person_stream(person.person))
        if str(claim.notice) in state.fates:
            # The read model does not know yet.
            await self._postbox.settle(claim.notice)
            return
        to = await self._whom.person(person.person, now, person.calendar)
        mine, help_needed = await self._plate(person.person)
        if to is None or to.email is None or not (mine or help_needed):
            # Not today: what comes up later is no matter of this morning.
            await self._postbox.put_off(claim.notice, now + NOT_LATER_THAN, None)
            return
        try:
            names = await self._names([*mine[:MOST_LINES], *help_needed[:MOST_LINES]])
            facts = digest_facts(to, mine, help_needed, names, self._outside.public_url, now)
            await self._outside.write(claim.notice, to.email, to.name, self._words.letter("digest", person.team, facts))
        except TemplateTrouble as broken:
            logger.error("digest %s: %s", claim.notice, broken)
            await self._settle(person, claim, "failed", "template_broken")
        except Never as refused:
            await self._settle(person, claim, "failed", refused.reason)
        except NotNow as trouble:
            if claim.is_last:
                await self._settle(person, claim, "failed", "gave_up")
                return
            await self._postbox.put_off(claim.notice, now + next_try(claim.tries, claim.notice), trouble.reason)
        else:
            self.sent += 1
            await self._settle(person, claim, "sent")

    async def _plate(self, person: PersonId) -> tuple[list[Queued], list[Queued]]:
        async with self._office.questions.connection() as connection:
            mine = await queues.plate_of(connection, person, limit=MOST_COUNTED)
            teams = sorted(await organisation.line_below(connection, person))
            needing = await queues.escalations(
                connection, person=person, teams=teams, everybodys=False, limit=MOST_COUNTED
            )
        return mine, [one for one in needing if one.owner != person]

    async def _names(self, lines: list[Queued]) -> dict[str, str | None]:
        leads = {lead_stream(line.lead): str(line.lead) for line in lines}
        found = await self._office.vault.latest([*leads], "contact") if leads else {}
        return {leads[stream]: json.loads(contact).get("name") for stream, contact in found.items()}

    async def _settle(
        self, person: Person, claim: Claim, became: Literal["sent", "failed"], why: WhyFailed | None = None
    ) -> None:
        told = SettleDigest(
            person=person.person,
            notice=claim.notice,
            about="digest",
            medium="email",
            to=person.person,
            became=became,
            tries=claim.tries,
            why_failed=why,
        )
        await self._office.desk.handle(person_stream(person.person), told, by=NOTIFIER)
        await self._postbox.settle(claim.notice)


def day_begins_at(hours: BusinessTime, now: datetime) -> datetime | None:
    """When work begins today, where these hours hold, and not at night where it never ends; None on a day off."""
    zone = ZoneInfo(hours.zone)
    today = now.astimezone(zone).date()
    try:
        begins_at = hours.opens_at(datetime.combine(today, EARLIEST, tzinfo=zone))
    except NothingIsWorked:
        return None
    return begins_at if begins_at.astimezone(zone).date() == today else None
