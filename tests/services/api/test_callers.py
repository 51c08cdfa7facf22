"""Nobody is anonymous, and whoever may no longer come in is out within two seconds."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.credentials import ApiKey
from domain.identity import PersonId, TeamId
from services.callers import REMEMBERED_SECONDS, Callers, Standing
from tests.services.api.world import World

KEY = "lk_0123456789_" + "a" * 43
OTHER = "lk_0123456789_" + "b" * 43


async def test_what_opens_nothing_looks_all_the_same(world: World) -> None:
    expired = await world.key("rep-1", "rep", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    revoked = await world.key("rep-1", "rep")
    await world.office.credentials.revoke(revoked.rpartition("_")[0][:13], by="test")
    headers = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer lk_1"},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"Basic {world.keys['rep']}"},
        {"Authorization": f"Bearer {world.keys['rep']}x"},
        {"Authorization": f"Bearer {expired}"},
        {"Authorization": f"Bearer {revoked}"},
        {"Authorization": "Bearer \xff"},
    ]
    answers = []
    for header in headers:
        sent = [(name, value.encode("latin-1")) for name, value in header.items()]
        answers.append(await world.client.get("/queues/me", headers=sent))  # type: ignore[arg-type]
    assert {answer.status_code for answer in answers} == {401}
    assert len({(answer.content, answer.headers["www-authenticate"]) for answer in answers}) == 1
    assert answers[0].json()["type"] == "/problems/key-needed"


async def test_who_is_calling_is_asked_before_anything_is_read(world: World) -> None:
    answer = await world.client.post("/leads", content=b"\xff", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 401


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Office:
    """Keys and people on paper; counts how often it was asked."""

    def __init__(self) -> None:
        self.keys = {KEY: _key("rep-1", "rep")}
        self.standing: Standing | None = Standing(True, TeamId("north"), frozenset({TeamId("north")}))
        self.asked = 0
        self.failure: Exception | None = None
        self.clock = Clock()
        self.callers = Callers(self, self.stand, self.clock)

    async def find(self, key: str) -> ApiKey | None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return self.keys.get(key)

    async def stand(self, person: PersonId) -> Standing | None:
        return self.standing


def _key(subject: str, role: str, scopes: tuple[str, ...] = ()) -> ApiKey:
    now = datetime.now(UTC)
    return ApiKey("lk_0123456789", subject, role, list(scopes), now, "test", None, None, None, None)  # type: ignore[arg-type]


async def test_a_caller_stands_where_the_record_says() -> None:
    caller = await Office().callers.who(KEY)
    assert caller is not None
    assert (caller.id, caller.role, caller.via) == ("rep-1", "rep", "key:lk_0123456789")
    assert caller.team == "north"
    assert caller.answers_for == {"north"}


async def test_for_two_seconds_nobody_is_asked_again() -> None:
    office = Office()
    for seconds, asked in [(0.0, 1), (1.9, 1), (REMEMBERED_SECONDS, 2)]:
        office.clock.seconds = 100.0 + seconds
        await office.callers.who(KEY)
        assert office.asked == asked


async def test_a_revoked_key_opens_nothing_after_two_seconds() -> None:
    office = Office()
    assert await office.callers.who(KEY) is not None
    office.keys.clear()
    office.clock.seconds += REMEMBERED_SECONDS
    assert await office.callers.who(KEY) is None


async def test_many_at_once_ask_once() -> None:
    office = Office()
    assert None not in await asyncio.gather(*(office.callers.who(KEY) for _ in range(50)))
    assert office.asked == 1


async def test_one_who_gives_up_waiting_takes_nobody_with_them() -> None:
    office = Office()
    impatient = asyncio.create_task(office.callers.who(KEY))
    patient = asyncio.create_task(office.callers.who(KEY))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient is not None


async def test_what_opens_nothing_is_not_remembered() -> None:
    office = Office()
    assert await office.callers.who(OTHER) is None
    office.keys[OTHER] = _key("rep-2", "rep")
    assert await office.callers.who(OTHER) is not None


async def test_a_failure_is_not_remembered() -> None:
    office = Office()
    office.failure = ConnectionError()
    with pytest.raises(ConnectionError):
        await office.callers.who(KEY)
    office.failure = None
    assert await office.callers.who(KEY) is not None


async def test_the_key_of_somebody_who_has_left_opens_nothing() -> None:
    office = Office()
    office.standing = Standing(False, None, frozenset())
    assert await office.callers.who(KEY) is None


async def test_somebody_who_is_on_no_record_is_in_no_team() -> None:
    office = Office()
    office.standing = None
    caller = await office.callers.who(KEY)
    assert caller is not None
    assert (caller.team, caller.answers_for) == (None, frozenset())


async def test_a_service_has_its_scopes_and_is_nobody() -> None:
    office = Office()
    office.keys[OTHER] = _key("telephony", "service", ("lead.reach_out",))
    caller = await office.callers.who(OTHER)
    assert caller is not None
    assert (caller.role, caller.team) == ("service", None)
    assert caller.scopes == {"lead.reach_out"}


async def test_somebody_who_leaves_is_out(world: World) -> None:
    await world.done("admin", "/people/departures", {"person": "rep-1"})
    await world.see("admin", "/people")
    async with asyncio.timeout(10):
        while (await world.get("rep", "/queues/me")).status_code != 401:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.02)


async def test_a_manager_answers_for_the_teams_below(world: World) -> None:
    world.keys["head"] = await world.key("head-1", "manager")
    await world.done("admin", "/people", {"person": "head-1", "team": "germany"})
    await world.done("admin", "/teams/entrustments", {"team": "germany", "to": "head-1"})
    await world.see("admin", "/teams")
    lead = await world.lead(to="rep-1")
    assert (await world.see("head", f"/leads/{lead}")).status_code == 200
    assert (await world.see("admin", "/people/head-1")).json()["answers_for"] == ["germany", "north", "south"]
