"""A lead arrives on Friday at ten to five. Nobody calls; on Monday somebody else saves it, and the record tells it all.

The whole system is at work, on a clock that the story sets: the API, the projectors, the timekeeper, the notifier,
a real PostgreSQL, a real mail server, and an SMS gateway that speaks as Twilio does.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from services.api import create_app
from services.notifier.digests import Digests
from services.notifier.letters import Letters
from services.notifier.outside import open_outside
from services.notifier.rounds import Notifier
from services.notifier.words import Words
from services.projector import PROJECTIONS
from services.settings import Settings
from services.timekeeper import Timekeeper, WallClock
from tests.services.api.world import CALLERS, World, projectors, ready, served
from tests.services.notifier.scene import equipped
from tests.support.post_office import PostOffice
from tests.support.sms_gateway import TextGateway

VIENNA = ZoneInfo("Europe/Vienna")
DAY = [{"opens": "09:00", "closes": "17:00"}]
WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), DAY)
LONG_AGO = {"effective_from": "2026-01-01T00:00:00Z"}
LADDER = [
    {"offset_minutes": -55, "deed": "remind", "whom": "owner"},
    {"offset_minutes": 0, "deed": "escalate", "whom": "accountable"},
    {"offset_minutes": 30, "deed": "offer_to_team"},
    {"offset_minutes": 480, "deed": "release"},
]
CLOCKS = {"first_response": {"target_minutes": 60, "unit": "business_minutes", "rungs": LADDER}}
PEOPLE = {
    "rep-1": ("Anna Avery", "anna@team.example", "+15005550001"),
    "rep-2": ("Ben Birch", "ben@team.example", "+15005550002"),
    "lead-1": ("Carla Cole", "carla@team.example", "+15005550003"),
}
ANNA, BEN, CARLA, ADA = "anna@team.example", "ben@team.example", "carla@team.example", "ada@lead.example"
THE_OFFICE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/teams", {"team": "north"}),
    *(
        ("/people", {"person": who, "team": "north", "profile": {"name": name, "email": email, "phone": phone}})
        for who, (name, email, phone) in PEOPLE.items()
    ),
    ("/teams/entrustments", {"team": "north", "to": "lead-1"}),
    ("/sources", {"source": "website", "team": "north"}),
    ("/calendars", {"calendar": "office", "zone": "Europe/Vienna", "week": WEEK, **LONG_AGO}),
    *(("/people/hours", {"person": who, "calendar": "office"}) for who in PEOPLE),
    ("/policies", {"policy": "quick", "calendar": "office", "clocks": CLOCKS, "receipt": ["email"], **LONG_AGO}),
    ("/rulebook", {"rules": [{"policy": "quick"}], **LONG_AGO}),
)
PRETENDED = """
    CREATE SCHEMA pretended;
    CREATE TABLE pretended.clock (shows timestamptz NOT NULL);
    INSERT INTO pretended.clock VALUES (now());
    CREATE FUNCTION pretended.clock_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
        RETURN (SELECT shows FROM pretended.clock);
    GRANT USAGE ON SCHEMA pretended TO PUBLIC;
    GRANT SELECT ON pretended.clock TO PUBLIC
"""


def friday(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 6, hour, minute, tzinfo=VIENNA)


def monday(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 9, hour, minute, tzinfo=VIENNA)


@dataclass
class Story:
    """Who does what when."""

    world: World
    owner_dsn: str
    settings: Settings
    post: PostOffice
    gateway: TextGateway
    notifier: Notifier
    digests: Digests
    clock: "Clock"
    lead: str = ""
    read: int = field(default=0)

    async def at(self, instant: datetime) -> None:
        """Time passes: whatever is due by then happens, and whoever is to be told is told."""
        self.clock.shows = instant
        with psycopg.connect(self.owner_dsn, autocommit=True) as connection:
            connection.execute("UPDATE pretended.clock SET shows = %s", [instant])
        await self._known()
        timekeeper = Timekeeper(self.world.office, WallClock())
        while await timekeeper.look():
            pass
        await self._known()
        await self.digests.look(instant)
        for _ in range(2):
            await self.notifier.look(instant)
            await self._known()

    async def does(self, who: str, what: str, **body: Any) -> dict[str, Any]:
        told = await self.world.done(who, f"/leads/{self.lead}/{what}", body)
        await self.at(self.clock.shows)
        return told

    async def _known(self) -> None:
        freshness, head = self.world.app.state.freshness, await self.world.head()
        for projection in PROJECTIONS:
            assert await freshness.wait_for(projection.name, head, timeout_seconds=20), projection.name

    def mail(self) -> list[tuple[str, str]]:
        """Who was written what since the last look."""
        new = self.post.letters[self.read :]
        self.read = len(self.post.letters)
        return sorted((letter.to, str(letter.message["Subject"])) for letter in new)

    def texts(self) -> list[tuple[str, str]]:
        new = [(message.to, message.text) for message in self.gateway.messages]
        self.gateway.messages.clear()
        return sorted(new)


@dataclass
class Clock:
    shows: datetime

    def __call__(self) -> datetime:
        # Each deed a little later than the one before.
        self.shows += timedelta(microseconds=1)
        return self.shows.astimezone(ZoneInfo("UTC"))


@pytest.fixture
async def story(settings: Settings) -> AsyncIterator[Story]:
    assert settings.dsn
    with psycopg.connect(settings.dsn, autocommit=True) as connection:
        connection.execute(PRETENDED)
    clock = Clock(friday(8, 0))
    dsn = make_conninfo(settings.dsn, options="-c search_path=pretended,pg_catalog")
    with PostOffice() as post, TextGateway() as gateway:
        there = equipped(settings.model_copy(update={"dsn": dsn}), post, gateway)
        async with (
            projectors(settings),
            served(create_app(there, clock)) as world,
            open_outside(there) as outside,
        ):
            for caller, (subject, role, scopes) in CALLERS.items():
                world.keys[caller] = await world.key(subject, role, scopes)
            await ready(world)
            for path, body in THE_OFFICE:
                await world.done("admin", path, body)
            letters = Letters(None)
            office = world.office
            words = Words(office.desk, office.vault, letters, outside.public_url)
            yield Story(
                world,
                settings.dsn,
                there,
                post,
                gateway,
                Notifier(office, outside, words, there),
                Digests(office, outside, letters),
                clock,
            )


async def test_a_lead_that_nobody_called_on_friday_is_saved_on_monday(story: Story) -> None:
    await story.at(friday(16, 50))
    contact = {"name": "Ada Lovelace", "email": ADA, "phone": "+15005550009", "zone": "Europe/Vienna"}
    story.lead = (await story.world.done("manager", "/leads", {"source": "website", "contact": contact}))["lead"]
    await story.at(friday(16, 50))
    assert story.mail() == [(ADA, "We have your inquiry")]

    await story.at(friday(16, 52))
    await story.does("manager", "assignments", to="rep-1")
    assert story.mail() == [(ANNA, "SUBJECT")]

    await story.at(friday(16, 54))
    assert story.mail() == []
    await story.at(friday(16, 55))
    assert story.mail() == [(ANNA, "SUBJECT")]
    [(number, text)] = story.texts()
    assert number == PEOPLE["rep-1"][2]
    assert "Ada Lovelace" in text

    for quiet in (friday(20, 0), datetime(2026, 3, 7, 11, 0, tzinfo=VIENNA), monday(8, 59)):
        await story.at(quiet)
        assert (story.mail(), story.texts()) == ([], [])
    await story.at(monday(9, 0))
    assert story.mail() == [(ANNA, "SUBJECT")]

    await story.at(monday(9, 49))
    assert (story.mail(), story.texts()) == ([], [])
    await story.at(monday(9, 50))
    assert story.mail() == [(CARLA, "SUBJECT")]
    assert [number for number, _ in story.texts()] == [PEOPLE["lead-1"][2]]

    await story.at(monday(10, 20))
    assert story.mail() == [(BEN, "SUBJECT")]
    assert [number for number, _ in story.texts()] == [PEOPLE["rep-2"][2]]

    await story.at(monday(10, 25))
    await story.does("team-mate", "claims")
    assert story.mail() == [(ANNA, "SUBJECT"), (CARLA, "SUBJECT")]

    await story.at(monday(10, 30))
    evidence = {"provider": "twilio", "id": "CA42"}
    await story.does("team-mate", "outreach", channel="call", outcome="reached", evidence=evidence)
    await story.at(monday(15, 0))
    await story.does("team-mate", "conversion", value="4800", currency="EUR")
    assert (story.mail(), story.texts()) == ([], [])

    await _the_ledger_sums(story)
    await _the_timeline_reads_like_a_story(story)


async def _the_ledger_sums(story: Story) -> None:
    """100 working minutes from Friday 16:50 to Monday 10:30, and each of them somebody's."""
    answer = await story.world.see("manager", f"/leads/{story.lead}/ledger")
    print(answer.json())
    assert 0


async def _the_timeline_reads_like_a_story(story: Story) -> None:
    answer = await story.world.see("manager", f"/leads/{story.lead}/timeline")
    print([one["sentence"] for one in answer.json()["items"]])
