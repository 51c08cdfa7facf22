"""A lead is offered to the team and everybody wants it: one has it, the others are told who, and all is on record."""

from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from uuid import uuid4

from commands.clocks import KeepTime
from commands.lead import AssignLead, CreateLead
from commands.people import AddPerson
from commands.policies import ClockGiven, ClocksGiven, OrderRules, RuleGiven, RungGiven, SetPolicy
from commands.teams import FormTeam
from domain.access import Principal
from domain.event import Event
from domain.identity import PersonId, PolicyId, StreamId, TeamId
from domain.lead.events import ClaimLost, LeadAssigned, LeadOffered
from services.settings import Settings
from services.timekeeper import TIMEKEEPER
from services.wiring import Office, open_office
from tests.support import claimants

ADMIN = Principal(id="admin-1", role="admin", via="key:lk_0")
NORTH, OWNER, QUICK = TeamId("north"), PersonId("owner"), PolicyId("quick")
BOSS = Principal(id="boss", role="manager", via="key:lk_2", answers_for=frozenset({NORTH}))
PEOPLE = [PersonId(f"rep-{number}") for number in range(1, 9)]
PROCESSES = 4
OFFER = RungGiven(offset_minutes=0, deed="offer_to_team")
SETTING_UP: tuple[FormTeam | AddPerson | SetPolicy | OrderRules, ...] = (
    FormTeam(team=NORTH),
    *(AddPerson(person=person, team=NORTH) for person in (OWNER, *PEOPLE)),
    SetPolicy(
        policy=QUICK,
        effective_from=datetime(2020, 1, 1, tzinfo=UTC),
        clocks=ClocksGiven(first_response=ClockGiven(target_minutes=5, unit="elapsed_minutes", rungs=(OFFER,))),
    ),
    OrderRules(rules=(RuleGiven(policy=QUICK),), effective_from=datetime(2020, 1, 1, tzinfo=UTC)),
)


async def offered_lead(office: Office) -> StreamId:
    for wish in SETTING_UP:
        await office.desk.handle(wish.stream, wish, by=ADMIN)
    lead, at = StreamId(uuid4()), datetime.now(UTC) - timedelta(hours=1)
    await office.desk.handle(lead, CreateLead(team=NORTH, at=at), by=BOSS)
    await office.desk.handle(lead, AssignLead(to=OWNER, at=at), by=BOSS)
    await office.desk.handle(lead, KeepTime(), by=TIMEKEEPER)
    assert any(isinstance(event, LeadOffered) for event in await told(office, lead))
    return lead


async def told(office: Office, lead: StreamId) -> list[Event]:
    return [recorded.event for recorded in (await office.log.load([(lead, 0)]))[lead]]


def claimed_at_once(settings: Settings, lead: StreamId) -> dict[str, str]:
    context = get_context("spawn")
    start = context.Barrier(PROCESSES)
    with ProcessPoolExecutor(PROCESSES, context, initializer=claimants.ready, initargs=(start,)) as processes:
        answers = [
            processes.submit(
                claimants.claim, settings.dsn or "", str(settings.vault_key), lead, NORTH, PEOPLE[number::PROCESSES]
            )
            for number in range(PROCESSES)
        ]
        return {person: answer for one in answers for person, answer in one.result().items()}


async def test_of_eight_who_claim_an_offered_lead_at_once_one_has_it_and_seven_have_lost_it_on_record(
    settings: Settings,
) -> None:
    async with open_office(settings) as office:
        lead = await offered_lead(office)
        before = len(await told(office, lead))

        answers = claimed_at_once(settings, lead)

        since = (await told(office, lead))[before:]
        [won] = [event for event in since if isinstance(event, LeadAssigned)]
        lost = [event for event in since if isinstance(event, ClaimLost)]
        assert (won.previous, won.because, won.to in PEOPLE) == (OWNER, "rescued", True)
        assert len(since) == 1 + len(lost)
        assert sorted((one.who, one.to, one.by.id) for one in lost) == [
            (person, won.to, person) for person in PEOPLE if person != won.to
        ]
        sentence = f"Somebody was first: the lead is {won.to}'s."
        assert answers == dict.fromkeys(PEOPLE, sentence) | {won.to: "LeadAssigned.v1"}

        again = claimed_at_once(settings, lead)
        assert again == answers
        assert (await told(office, lead))[before:] == since
