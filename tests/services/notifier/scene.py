"""A team with addresses, a mail server, an SMS gateway, and a notifier between them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from commands.calendars import HoursGiven, SetCalendar, WeekGiven
from commands.clocks import KeepTime
from commands.command import LEAD, Command
from commands.desk import Receipt
from commands.lead import AssignLead, Contact, CreateLead
from commands.people import AddPerson, Profile, SetHours
from commands.policies import ClockGiven, ClocksGiven, OrderRules, RuleGiven, RungGiven, SetPolicy
from commands.teams import EntrustTeam, FormTeam
from domain.access import Principal
from domain.event import Event
from domain.identity import CalendarId, PersonId, PolicyId, StreamId, TeamId
from domain.lead.state import Lead
from projections import notices
from projections.notices import Notice
from projections.projector import Freshness
from services.letters import Letters
from services.notifier.digests import Digests
from services.notifier.rounds import Notifier
from services.notifier.words import Words
from services.outside import Outside, open_outside
from services.settings import Settings, as_role
from services.wiring import Office, open_office
from tests.services.api.world import projectors
from tests.support.post_office import PostOffice
from tests.support.sms_gateway import TextGateway

ADMIN = Principal(id="admin-1", role="admin", via="key:lk_0")
TIMEKEEPER = Principal(id="timekeeper", role="service", via="timekeeper", scopes=frozenset({"lead.keep_time"}))
NORTH, SALES = TeamId("north"), TeamId("sales")
ANNA, BEN, CARLA = PersonId("anna"), PersonId("ben"), PersonId("carla")
ALWAYS, OFFICE = CalendarId("always"), CalendarId("office")
BY_ANNA = Principal(id=ANNA, role="rep", via="key:lk_1", team=NORTH)
BY_BEN = Principal(id=BEN, role="rep", via="key:lk_2", team=NORTH)
BY_CARLA = Principal(id=CARLA, role="manager", via="key:lk_3", team=NORTH, answers_for=frozenset({NORTH}))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALL_DAY, BY_DAY = (HoursGiven(opens="00:00", closes="24:00"),), (HoursGiven(opens="09:00", closes="17:00"),)
LADDER = (
    RungGiven(offset_minutes=-5, deed="remind", whom="owner"),
    RungGiven(offset_minutes=0, deed="escalate", whom="accountable"),
    RungGiven(offset_minutes=10, deed="offer_to_team"),
    RungGiven(offset_minutes=20, deed="release"),
)
ADDRESSES = {
    ANNA: Profile(name="Anna Avery", email="anna@team.example", phone="+15005550001"),
    BEN: Profile(name="Ben Birch", email="ben@team.example", phone="+15005550002"),
    CARLA: Profile(name="Carla Cole", email="carla@team.example", phone="+15005550003"),
}
ADA = Contact(name="Ada Lovelace", email="ada@lead.example", phone="+15005550009")


def week(day: tuple[HoursGiven, ...], *, weekend: bool) -> WeekGiven:
    rest = day if weekend else ()
    return WeekGiven(
        monday=day, tuesday=day, wednesday=day, thursday=day, friday=day, saturday=rest, sunday=rest
    )  # fmt: skip


STAFF: tuple[Any, ...] = (
    FormTeam(team=NORTH),
    *(AddPerson(person=who, team=NORTH, profile=profile) for who, profile in ADDRESSES.items()),
    EntrustTeam(team=NORTH, to=CARLA),
    SetCalendar(calendar=ALWAYS, zone="Europe/Vienna", week=week(ALL_DAY, weekend=True), effective_from=LONG_AGO),
    *(SetHours(person=who, calendar=ALWAYS) for who in ADDRESSES),
    SetPolicy(
        policy=PolicyId("quick"),
        calendar=ALWAYS,
        effective_from=LONG_AGO,
        clocks=ClocksGiven(first_response=ClockGiven(target_minutes=60, unit="business_minutes", rungs=LADDER)),
        receipt=("email", "sms"),
    ),
    OrderRules(rules=(RuleGiven(policy=PolicyId("quick")),), effective_from=LONG_AGO),
)


@dataclass
class Scene:
    """What a test says happens at once; the notifier comes when it is called."""

    office: Office
    freshness: Freshness
    post: PostOffice
    gateway: TextGateway
    outside: Outside
    notifier: Notifier
    digests: Digests
    settings: Settings

    async def do(self, stream: StreamId, wish: Command[Any], by: Principal = BY_CARLA) -> Receipt:
        return await self.office.desk.handle(stream, wish, by=by)

    async def say(self, *wishes: Any) -> None:
        for wish in wishes:
            await self.do(wish.stream, wish, ADMIN)

    async def lead(self, arrived_minutes_ago: int = 0, to: PersonId | None = ANNA, **more: Any) -> StreamId:
        """A lead that arrived so long ago and was given to somebody at once."""
        lead, at = StreamId(uuid4()), datetime.now(UTC) - arrived_minutes_ago * MINUTE
        await self.do(lead, CreateLead(team=NORTH, at=at, **{"contact": ADA, **more}))
        if to is not None:
            await self.do(lead, AssignLead(to=to, at=at))
        return lead

    async def time_passes(self, lead: StreamId) -> tuple[str, ...]:
        """What is due by now happens."""
        return (await self.do(lead, KeepTime(), TIMEKEEPER)).events

    async def notify(self, now: datetime | None = None, *, rounds: int = 2) -> None:
        """So many rounds: one looks up who is meant, the next one tells them."""
        for _ in range(rounds):
            await self.known()
            await self.notifier.look(now or await self.notifier.now())
        await self.known()

    async def known(self) -> None:
        head = await self.office.log.head()
        for projection in ("notices", "people"):
            assert await self.freshness.wait_for(projection, head, timeout_seconds=20)

    async def state(self, lead: StreamId) -> Lead:
        state: Lead
        state, _ = await self.office.desk.state(LEAD, lead)
        return state

    async def events(self, lead: StreamId) -> list[Event]:
        return [one.event for one in (await self.office.log.load([(lead, 0)]))[lead]]

    async def notices(self, lead: StreamId) -> dict[tuple[str, str, str | None], Notice]:
        """By what they are about, how they go, and to whom."""
        await self.known()
        async with self.office.questions.connection() as connection:
            found = await notices.of(connection, lead)
        return {(one.about, one.medium, one.addressee): one for one in found}

    def subjects(self, address: str) -> list[str]:
        return [str(letter.message["Subject"]) for letter in self.post.letters_to(address)]

    def texts(self, number: str) -> list[str]:
        return [message.text for message in self.gateway.messages if message.to == number]


def equipped(settings: Settings, post: PostOffice, gateway: TextGateway, **more: Any) -> Settings:
    """The settings, with a mail server and a gateway."""
    named = {
        "smtp_host": "127.0.0.1",
        "smtp_port": post.port,
        "smtp_tls": "none",
        "mail_from": "Leadledger <leadledger@office.example>",
        "sms_url": gateway.url,
        "sms_account": gateway.account_sid,
        "sms_token": SecretStr(gateway.auth_token),
        "sms_from": "+15005550006",
        "public_url": "https://leads.example",
    }
    return settings.model_copy(update=named | more)


@asynccontextmanager
async def the_scene(settings: Settings, **more: Any) -> AsyncIterator[Scene]:
    readers = as_role(settings.dsn, "leadledger_desk")
    with PostOffice() as post, TextGateway() as gateway:
        settings = equipped(settings, post, gateway, **more)
        async with (
            projectors(settings),
            open_office(settings) as office,
            Freshness(readers) as freshness,
            open_outside(settings) as outside,
        ):
            letters = Letters(settings.templates)
            words = Words(office.desk, office.vault, letters, outside.public_url)
            notifier = Notifier(office, outside, words, freshness, settings)
            scene = Scene(
                office, freshness, post, gateway, outside, notifier, Digests(office, outside, words), settings
            )
            await scene.say(*STAFF)
            await scene.known()
            yield scene
