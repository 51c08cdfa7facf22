"""At the beginning of their day each person learns what it holds, once, and only if it holds something."""

from datetime import UTC, datetime, timedelta

import pytest

from commands.calendars import SetCalendar
from commands.command import PERSON
from commands.people import SetHours
from domain.business_time import BusinessTime, Hours
from domain.identity import person_stream
from domain.notice import NoticeFailed, NoticeSent
from services.notifier.digests import NOT_LATER_THAN, WITHOUT_A_CALENDAR, day_begins_at
from tests.services.notifier.scene import ANNA, BEN, BY_DAY, CARLA, OFFICE, Scene, week
from tests.services.notifier.test_notifier import where_it_is_five

ANNAS, BENS, CARLAS = "anna@team.example", "ben@team.example", "carla@team.example"
DAY = (Hours(9 * 60, 17 * 60),)
VIENNA = BusinessTime("Europe/Vienna", (DAY, DAY, DAY, DAY, DAY, (), ()))


@pytest.fixture
async def nine(scene: Scene) -> datetime:
    """When the day begins for everybody, which is soon."""
    now = await scene.notifier.now()
    here = SetCalendar(calendar=OFFICE, zone=where_it_is_five(now), week=week(BY_DAY, weekend=True), effective_from=now)
    await scene.say(here, *(SetHours(person=who, calendar=OFFICE) for who in (ANNA, BEN, CARLA)))
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=4)


async def digest(scene: Scene, now: datetime) -> None:
    await known(scene)
    await scene.digests.look(now)
    await known(scene)


async def known(scene: Scene) -> None:
    for projection in ("people", "queues", "teams", "notices"):
        assert await scene.freshness.wait_for(projection, await scene.office.log.head(), timeout_seconds=20)


async def test_it_comes_when_the_day_begins_once_and_not_before(scene: Scene, nine: datetime) -> None:
    lead = await scene.lead(to=ANNA)
    await digest(scene, nine - timedelta(seconds=1))
    assert scene.post.letters == []
    await digest(scene, nine)
    await digest(scene, nine + timedelta(minutes=1))
    await digest(scene, nine + timedelta(hours=1))
    [letter] = scene.post.letters_to(ANNAS)
    assert "Ada Lovelace" in letter.part("plain")
    assert f"https://leads.example/leads/{lead}" in letter.part("html")
    assert "https://leads.example/queues/me" in letter.part("plain")
    state, _ = await scene.office.desk.state(PERSON, person_stream(ANNA))
    assert [(fate.state, fate.about) for fate in state.fates.values()] == [("sent", "digest")]
    await digest(scene, nine + timedelta(days=1))
    first, second = scene.post.letters_to(ANNAS)
    assert first.message["Message-ID"] != second.message["Message-ID"]


async def test_who_has_nothing_to_do_gets_none(scene: Scene, nine: datetime) -> None:
    await scene.lead(to=ANNA)
    await digest(scene, nine)
    assert scene.post.letters_to(BENS) == []
    assert await scene.events(person_stream(BEN)) != []
    state, _ = await scene.office.desk.state(PERSON, person_stream(BEN))
    assert state.fates == {}


async def test_who_answers_for_a_team_reads_what_needs_help(scene: Scene, nine: datetime) -> None:
    lead = await scene.lead(arrived_minutes_ago=61, to=ANNA)
    await scene.time_passes(lead)
    await digest(scene, nine)
    [letter] = scene.post.letters_to(CARLAS)
    assert "needs help" in letter.part("plain")
    assert str(lead) in letter.part("html")


async def test_a_digest_of_the_morning_does_not_come_in_the_evening(scene: Scene, nine: datetime) -> None:
    await scene.lead(to=ANNA)
    await digest(scene, nine + NOT_LATER_THAN)
    assert scene.post.letters == []


async def test_what_cannot_be_sent_is_tried_again_and_a_bad_address_stops_nobody_else(
    scene: Scene, nine: datetime
) -> None:
    await scene.lead(to=ANNA)
    await scene.lead(to=BEN)
    scene.post.when(ANNAS, at="rcpt", then="550 5.1.1 nobody here")
    scene.post.when(BENS, at="rcpt", then="450 4.2.1 later", times=1)
    await digest(scene, nine)
    [failed] = [event for event in await scene.events(person_stream(ANNA)) if isinstance(event, NoticeFailed)]
    assert (failed.reason, failed.about, failed.team) == ("address_refused", "digest", "north")
    await digest(scene, nine + timedelta(minutes=1))
    [sent] = [event for event in await scene.events(person_stream(BEN)) if isinstance(event, NoticeSent)]
    assert sent.tries == 2
    assert len(scene.post.letters_to(BENS)) == 1


@pytest.mark.parametrize(
    ("hours", "now", "begins"),
    [
        (VIENNA, "2026-11-23T07:59Z", "2026-11-23T08:00Z"),
        (VIENNA, "2026-11-23T22:59Z", "2026-11-23T08:00Z"),
        (VIENNA, "2026-11-23T23:00Z", "2026-11-24T08:00Z"),
        (VIENNA, "2026-11-28T12:00Z", None),
        (WITHOUT_A_CALENDAR, "2026-11-23T12:00Z", "2026-11-23T08:00Z"),
        (WITHOUT_A_CALENDAR, "2026-11-22T12:00Z", None),
        (BusinessTime("UTC", ((), (), (), (), (), (), ())), "2026-11-23T12:00Z", None),
    ],
)
def test_a_day_begins_when_work_does_where_somebody_is(hours: BusinessTime, now: str, begins: str | None) -> None:
    expected = datetime.fromisoformat(begins) if begins else None
    assert day_begins_at(hours, datetime.fromisoformat(now).astimezone(UTC)) == expected
