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
from services.letters import Letters
from services.notifier.digests import Digests
from services.notifier.rounds import Notifier
from services.notifier.words import Words
from services.outside import open_outside
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


def friday(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 3, 6, hour, minute, second, tzinfo=VIENNA)


def monday(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 3, 9, hour, minute, second, tzinfo=VIENNA)


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
        timekeeper = Timekeeper(self.world.office, self.world.app.state.freshness, WallClock())
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
                Notifier(office, outside, words, world.app.state.freshness, there),
                Digests(office, outside, words),
                clock,
            )


async def test_a_lead_that_nobody_called_on_friday_is_saved_on_monday(story: Story) -> None:
    await _it_arrives_and_is_given_to_somebody(story)
    await _nobody_calls_and_the_weekend_is_quiet(story)
    await _it_becomes_overdue_and_somebody_else_saves_it(story)
    await _every_minute_was_somebodys(story)
    await _the_record_tells_it(story)


async def _it_arrives_and_is_given_to_somebody(story: Story) -> None:
    await story.at(friday(16, 50))
    contact = {"name": "Ada Lovelace", "email": ADA, "phone": "+15005550009", "zone": "Europe/Vienna"}
    story.lead = (await story.world.done("manager", "/leads", {"source": "website", "contact": contact}))["lead"]
    await story.at(friday(16, 50))
    assert story.mail() == [(ADA, "Thank you, we have your inquiry")]
    await story.at(friday(16, 52))
    await story.does("manager", "assignments", to="rep-1")
    assert story.mail() == [(ANNA, "Ada Lovelace is yours: first contact due Mon 9 Mar, 09:50 CET")]
    assert "The first contact is due Mon 9 Mar, 09:50 CET." in story.post.letters[-1].part("plain")


async def _nobody_calls_and_the_weekend_is_quiet(story: Story) -> None:
    await story.at(friday(16, 54, 59))
    assert (story.mail(), story.texts()) == ([], [])
    await story.at(friday(16, 55, 1))
    assert story.mail() == [(ANNA, "Ada Lovelace: first contact due Mon 9 Mar, 09:50 CET")]
    [(number, text)] = story.texts()
    assert (number, "Ada Lovelace" in text, story.lead in text) == (PEOPLE["rep-1"][2], True, True)
    for quiet in (friday(20, 0), datetime(2026, 3, 7, 11, 0, tzinfo=VIENNA), monday(8, 59)):
        await story.at(quiet)
        assert (story.mail(), story.texts()) == ([], [])
    await story.at(monday(9, 0))
    assert story.mail() == [(ANNA, "Your day: 1 due today, 1 open")]


async def _it_becomes_overdue_and_somebody_else_saves_it(story: Story) -> None:
    await story.at(monday(9, 49, 59))
    assert (story.mail(), story.texts()) == ([], [])
    await story.at(monday(9, 50, 1))
    assert story.mail() == [(CARLA, "Ada Lovelace needs you: first contact was due today, 09:50 CET")]
    assert [number for number, _ in story.texts()] == [PEOPLE["lead-1"][2]]

    await story.at(monday(10, 20, 1))
    assert story.mail() == [(BEN, f"Can you take Lead {story.lead[:8]}?")]
    assert [number for number, _ in story.texts()] == [PEOPLE["rep-2"][2]]

    await story.at(monday(10, 25))
    await story.does("team-mate", "claims")
    lost = await story.world.post("rep", f"/leads/{story.lead}/claims", {})
    assert lost.status_code == 409
    await story.at(monday(10, 25))
    assert story.mail() == [(ANNA, "Ben Birch has taken Ada Lovelace"), (CARLA, "Ben Birch has taken Ada Lovelace")]

    await story.at(monday(10, 30))
    evidence = {"provider": "twilio", "id": "CA42"}
    await story.does("team-mate", "outreach", channel="call", outcome="reached", evidence=evidence)
    await story.at(monday(15, 0))
    await story.does("team-mate", "conversion", value="4800", currency="EUR")
    await story.at(monday(18, 0))
    assert (story.mail(), story.texts()) == ([], [])


async def _every_minute_was_somebodys(story: Story) -> None:
    """100 working minutes from Friday 16:50 to Monday 10:30: the queue's, Anna's, Carla's, and Ben's."""
    answer = (await story.world.see("auditor", f"/leads/{story.lead}/ledger")).json()
    [clock] = answer["items"]
    assert (clock["elapsed_minutes"], clock["booked_minutes"]) == (100.0, 100.0)
    assert [(one["holder"], one["person"], round(one["minutes"])) for one in clock["bookings"]] == [
        ("queue", None, 2),
        ("owner", "rep-1", 58),
        ("manager", "lead-1", 35),
        ("owner", "rep-2", 5),
    ]
    assert sum(one["minutes"] for one in clock["bookings"]) == pytest.approx(100, abs=0.002)
    anna = await story.world.see("manager", "/people/rep-1/ledger", **{"from": friday(0, 0).isoformat()})
    assert [round(one["minutes"]) for one in anna.json()["items"]] == [58]


async def _the_record_tells_it(story: Story) -> None:
    """In order; what was told to whom at one instant may stand in either order."""
    answer = await story.world.see("auditor", f"/leads/{story.lead}/timeline", limit=100)
    sentences = [one["sentence"] for one in answer.json()["items"]]
    assert [one for one in sentences if " was told by " not in one] == [
        "The lead arrived from website, in the queue of team north.",
        "A machine is to tell the lead by e-mail that we have what it wrote (quick, v1).",
        (
            "Clock 1: somebody has to contact the lead by 2026-03-09 08:50 UTC "
            "(policy quick, version 1; calendar office, version 1; rulebook, version 1)."
        ),
        "lead-1 assigned the lead to rep-1 of team north; before, it was nobody's.",
        "rep-1 was reminded of the lead.",
        "Clock 1 was breached at 2026-03-09 08:50 UTC, when the lead was rep-1's.",
        "lead-1 was told about the lead: nobody had contacted it.",
        "The lead was offered to anybody of team north.",
        "Looked up whom to tell that they may take the lead over: rep-2.",
        "rep-2 of team north took the lead over when it was offered to the team; before, it was rep-1's.",
        "rep-1 claimed the lead too; rep-2 had been first.",
        "rep-2 called the lead and reached them (verified).",
        "Clock 1 stopped at 2026-03-09 09:30 UTC: the lead was answered.",
        "The lead became a customer, worth 4800 EUR; it was rep-2's.",
    ]
    assert sorted(one for one in sentences if " was told by " in one) == [
        "The lead was told by e-mail that we have what it wrote.",
        "lead-1 was told by e-mail that the lead needs help.",
        "lead-1 was told by e-mail who took the lead over.",
        "lead-1 was told by text message that the lead needs help.",
        "rep-1 was told by e-mail that the lead is theirs.",
        "rep-1 was told by e-mail that the lead waits.",
        "rep-1 was told by e-mail who took the lead over.",
        "rep-1 was told by text message that the lead waits.",
        "rep-2 was told by e-mail that they may take the lead over.",
        "rep-2 was told by text message that they may take the lead over.",
    ]
