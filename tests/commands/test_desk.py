"""The desk: what was asked is done once, whoever is first, whatever is lost on the way."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from adapters.event_store import EventStore
from commands.command import LEAD, PERSON
from commands.desk import TRIES, Desk, RecordIsUnreadable, TooManyAtOnce, VersionHasMoved
from commands.lead import AssignLead, ClaimLead, Contact, CreateLead, EscalateLead, RecordOutreach, ReleaseLead
from commands.people import AddPerson, RemovePerson
from commands.teams import EntrustTeam
from domain.event import Event, Recorded, Unreadable
from domain.identity import PersonId, Position, SourceId, StreamId, lead_stream, person_stream
from domain.lead.events import (
    ClaimLost,
    LeadAssigned,
    LeadContacted,
    LeadCreated,
    LeadEscalated,
    LeadFollowedUp,
    LeadIsAlreadyClaimed,
)
from domain.lead.standing import LeadUnknown
from domain.log import Append, Appended, CommandIdReused, Conflict
from domain.occasion import AtIsInTheFuture
from domain.person import PersonHasLeft, PersonUnknown
from tests.commands.story import (
    ADMIN,
    BY_AUDITOR,
    BY_MANAGER,
    BY_OTHER_REP,
    BY_REP,
    MANAGER,
    NINE,
    NORTH,
    OTHER_REP,
    REP,
    SOUTH,
    Office,
    new_lead,
)

CALL = RecordOutreach(channel="call", outcome="reached")


async def assigned_lead(office: Office) -> StreamId:
    lead = new_lead()
    await office.do(lead, CreateLead(team=NORTH))
    await office.do(lead, AssignLead(to=REP))
    return lead


async def test_a_wish_becomes_an_event_and_a_receipt_tells_where_it_stands() -> None:
    office = await Office().staffed()
    lead = new_lead()

    receipt = await office.do(lead, CreateLead(source=SourceId("web")))

    assert await office.told(lead) == [LeadCreated(source=SourceId("web"), team=NORTH, at=NINE, by=BY_MANAGER.actor)]
    assert (receipt.stream, receipt.version, receipt.events) == (lead, 1, ("LeadCreated.v1",))
    assert receipt.position == await office.head()
    assert not receipt.repeated


async def test_the_desk_says_first_contact_or_follow_up_and_the_caller_does_not() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    await office.do(lead, CALL, BY_REP)
    office.clock.pass_minutes(5)
    await office.do(lead, CALL, BY_REP)
    assert [type(event) for event in await office.told(lead)][-2:] == [LeadContacted, LeadFollowedUp]


async def test_already_so_is_nothing() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    head = await office.head()

    receipt = await office.do(lead, AssignLead(to=REP))

    assert (receipt.events, receipt.version, receipt.position) == ((), 2, head)
    assert await office.head() == head


async def test_the_same_key_is_answered_as_the_first_time() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)

    first = await office.do(lead, CALL, BY_REP, key="call-1")
    office.clock.pass_minutes(1)
    again = await office.do(lead, CALL, BY_REP, key="call-1")

    assert again.repeated
    assert (again.version, again.position, again.events) == (first.version, first.position, first.events)
    assert len(await office.told(lead)) == 3


async def test_the_same_key_is_answered_also_by_another_desk_and_after_the_lead_moved_on() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    first = await office.do(lead, ReleaseLead(reason="workload"), BY_REP, key="give-back")
    await office.do(lead, AssignLead(to=OTHER_REP))

    again = await office.another_desk().handle(lead, ReleaseLead(reason="workload"), by=BY_REP, key="give-back")

    assert again.repeated
    assert again.position == first.position


async def test_a_key_stands_for_one_wish() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    await office.do(lead, CALL, BY_REP, key="call-1")
    with pytest.raises(CommandIdReused):
        await office.do(lead, RecordOutreach(channel="email", outcome="sent"), BY_REP, key="call-1")
    with pytest.raises(CommandIdReused):
        await office.do(lead, AssignLead(to=PersonId("nobody")), BY_REP, key="call-1")


async def test_two_callers_may_use_one_key_for_different_wishes() -> None:
    office = await Office().staffed()
    one, two = await assigned_lead(office), new_lead()
    await office.do(one, CALL, BY_REP, key="1")
    receipt = await office.do(two, CreateLead(), BY_MANAGER, key="1")
    assert not receipt.repeated


async def test_nothing_done_under_a_key_stays_nothing() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    await office.do(lead, AssignLead(to=REP), key="to-rep-1")
    await office.do(lead, AssignLead(to=OTHER_REP))

    again = await office.do(lead, AssignLead(to=REP), key="to-rep-1")

    assert again.repeated
    assert again.events == ()
    assert (await office.desk.state(LEAD, lead))[0].owner == OTHER_REP


async def test_a_refused_wish_may_be_sent_again_with_its_key() -> None:
    office = await Office().staffed()
    lead = new_lead()
    with pytest.raises(LeadUnknown):
        await office.do(lead, AssignLead(to=REP), key="early")
    await office.do(lead, CreateLead(team=NORTH))
    assert (await office.do(lead, AssignLead(to=REP), key="early")).events == ("LeadAssigned.v1",)


async def test_a_desk_that_remembers_an_old_state_decides_again() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    stale = office.another_desk()
    await stale.state(LEAD, lead)
    await office.do(lead, CALL, BY_REP)
    office.clock.pass_minutes(1)

    await stale.handle(lead, CALL, by=BY_REP)

    assert [type(event) for event in await office.told(lead)][-2:] == [LeadContacted, LeadFollowedUp]


async def test_already_so_is_asked_of_the_log_and_not_of_memory() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    stale = office.another_desk()
    await stale.state(LEAD, lead)
    await office.do(lead, AssignLead(to=OTHER_REP))

    receipt = await stale.handle(lead, AssignLead(to=REP), by=BY_MANAGER)

    assert (receipt.events, receipt.version) == (("LeadAssigned.v1",), 4)


async def test_nobody_is_refused_for_what_was_so_once() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    stale = office.another_desk()
    await stale.state(LEAD, lead)
    await office.do(lead, AssignLead(to=OTHER_REP))

    assert (await stale.handle(lead, CALL, by=BY_OTHER_REP)).version == 4
    office.clock.pass_minutes(1)
    await office.do(lead, CALL, BY_OTHER_REP)
    assert (await stale.handle(lead, CALL, by=BY_OTHER_REP, expected_version=5)).events == ()


async def test_somebody_who_came_back_is_not_refused_as_gone() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    stale = office.another_desk()
    leave, back = RemovePerson(person=OTHER_REP), AddPerson(person=OTHER_REP, team=NORTH)
    await stale.handle(leave.stream, leave, by=ADMIN)
    await office.do(back.stream, back, ADMIN)

    assert (await stale.handle(lead, AssignLead(to=OTHER_REP), by=BY_MANAGER)).events == ("LeadAssigned.v1",)


async def test_an_expected_version_that_moved_is_refused() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    with pytest.raises(VersionHasMoved, match="at version 2, not at 1"):
        await office.do(lead, CALL, BY_REP, expected_version=1)
    assert (await office.do(lead, CALL, BY_REP, expected_version=2)).version == 3


async def test_an_expected_version_that_moves_between_deciding_and_appending_is_refused() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    stale = office.another_desk()
    await stale.state(LEAD, lead)
    await office.do(lead, CALL, BY_REP)
    with pytest.raises(VersionHasMoved, match="at version 3, not at 2"):
        await stale.handle(lead, CALL, by=BY_REP, expected_version=2)


async def test_of_many_claims_at_once_one_wins_and_the_others_are_told_who() -> None:
    office = await Office().staffed()
    lead = new_lead()
    await office.do(lead, CreateLead(team=NORTH))
    callers = [BY_REP, BY_OTHER_REP] * 4

    answers = await asyncio.gather(
        *(office.another_desk().handle(lead, ClaimLead(), by=by) for by in callers), return_exceptions=True
    )

    owners = [event.to for event in await office.told(lead) if isinstance(event, LeadAssigned)]
    assert len(owners) == 1
    losers = [answer for answer in answers if isinstance(answer, LeadIsAlreadyClaimed | LeadUnknown)]
    assert len(losers) == 4
    [lost] = [event for event in await office.told(lead) if isinstance(event, ClaimLost)]
    assert {lost.to, lost.who} == {*owners, *({REP, OTHER_REP} - {*owners})}


async def claimed_by_another(office: Office) -> StreamId:
    lead = new_lead()
    await office.do(lead, CreateLead(team=NORTH))
    await office.do(lead, ClaimLead(), BY_REP)
    return lead


async def test_a_claim_that_is_lost_is_on_record_once() -> None:
    office = await Office().staffed()
    lead = await claimed_by_another(office)
    for _ in range(2):
        with pytest.raises(LeadIsAlreadyClaimed, match="the lead is rep-1's"):
            await office.do(lead, ClaimLead(), BY_OTHER_REP)
    assert (await office.told(lead))[2:] == [ClaimLost(who=OTHER_REP, to=REP, at=NINE, by=BY_OTHER_REP.actor)]


async def test_what_was_refused_on_record_is_refused_again_under_its_key_whatever_happened_since() -> None:
    office = await Office().staffed()
    lead = await claimed_by_another(office)
    with pytest.raises(LeadIsAlreadyClaimed) as first:
        await office.do(lead, ClaimLead(), BY_OTHER_REP, key="mine")
    assert first.value.on_record is not None
    for since in (None, ReleaseLead(reason="workload"), AssignLead(to=MANAGER)):
        if since is not None:
            await office.do(lead, since)
        count = len(await office.told(lead))
        for desk in (office.desk, office.another_desk()):
            with pytest.raises(LeadIsAlreadyClaimed, match="the lead is rep-1's") as again:
                await desk.handle(lead, ClaimLead(), by=BY_OTHER_REP, key="mine")
            assert (again.value.on_record, again.value.about) == (None, first.value.about)
        assert len(await office.told(lead)) == count
    with pytest.raises(CommandIdReused):
        await office.do(lead, ReleaseLead(reason="workload"), BY_OTHER_REP, key="mine")


async def test_a_claim_is_lost_by_what_the_log_says_and_not_by_memory() -> None:
    office = await Office().staffed()
    lead = await claimed_by_another(office)
    stale = office.another_desk()
    await stale.state(LEAD, lead)
    await office.do(lead, ReleaseLead(reason="workload"), BY_REP)
    assert (await stale.handle(lead, ClaimLead(), by=BY_OTHER_REP)).events == ("LeadAssigned.v1",)


async def test_nobody_is_assigned_to_who_left_at_the_same_moment() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    stale = office.another_desk()
    await stale.handle(lead, AssignLead(to=OTHER_REP), by=BY_MANAGER)
    await stale.handle(lead, AssignLead(to=REP), by=BY_MANAGER)
    leave = RemovePerson(person=OTHER_REP)
    await office.do(leave.stream, leave, ADMIN)

    with pytest.raises(PersonHasLeft):
        await stale.handle(lead, AssignLead(to=OTHER_REP), by=BY_MANAGER)


async def test_an_escalation_reaches_up_the_line() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    await office.do(lead, EscalateLead(reason="help_needed"), BY_REP)
    last = (await office.told(lead))[-1]
    assert isinstance(last, LeadEscalated)
    assert last.told == MANAGER


async def test_an_escalation_passes_over_whoever_has_left() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    above, leave = EntrustTeam(team=SOUTH, to=OTHER_REP), RemovePerson(person=MANAGER)
    for command in (above, leave):
        await office.do(command.stream, command, ADMIN)

    await office.do(lead, EscalateLead(reason="help_needed"), BY_REP)

    last = (await office.told(lead))[-1]
    assert isinstance(last, LeadEscalated)
    assert last.told == OTHER_REP


async def test_a_former_owner_tells_late_what_they_did_while_the_lead_was_theirs() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    office.clock.pass_minutes(10)
    await office.do(lead, AssignLead(to=OTHER_REP))

    told_late = CALL.model_copy(update={"at": NINE + timedelta(minutes=5)})
    assert (await office.do(lead, told_late, BY_REP)).events == ("LeadContacted.v1",)
    with pytest.raises(LeadUnknown):
        await office.do(lead, CALL, BY_REP)


async def test_who_may_not_is_told_that_there_is_nothing() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    for_real = pytest.raises(LeadUnknown)
    with for_real as denied:
        await office.do(lead, CALL, BY_OTHER_REP)
    with pytest.raises(LeadUnknown) as missing:
        await office.do(new_lead(), CALL, BY_OTHER_REP)
    with pytest.raises(LeadUnknown):
        await office.do(lead, CALL, BY_AUDITOR)
    assert denied.value.sentence == missing.value.sentence


async def test_nothing_is_dated_in_the_future() -> None:
    office = await Office().staffed()
    with pytest.raises(AtIsInTheFuture):
        await office.do(new_lead(), CreateLead(at=NINE + timedelta(seconds=1)))


async def test_what_is_personal_goes_to_the_vault_and_its_hash_to_the_log() -> None:
    office = await Office().staffed()
    lead = new_lead()
    await office.do(lead, CreateLead(contact=Contact(name="Ines Canary", email="ines@canary.example")))
    (event,) = await office.told(lead)
    assert isinstance(event, LeadCreated)
    assert event.contact is not None
    assert b"Ines Canary" in office.vault.plaintexts[event.contact.ref]
    assert "Canary" not in repr(event)


async def test_a_forgotten_state_is_read_again() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    office.desk.forget()
    assert (await office.do(lead, CALL, BY_REP)).version == 3


async def test_a_person_nobody_knows_is_named_in_the_refusal() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    with pytest.raises(PersonUnknown, match="Nobody called rep-9"):
        await office.do(lead, AssignLead(to=PersonId("rep-9")))


async def test_the_desk_remembers_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.desk.REMEMBERED_STREAMS", 2)
    office = await Office().staffed()
    lead = await assigned_lead(office)
    for _ in range(3):
        await office.do(new_lead(), CreateLead())
    assert len(office.desk._remembered) == 2
    assert (await office.do(lead, CALL, BY_REP)).version == 3


async def test_a_state_of_another_kind_is_read_the_same_way() -> None:
    office = await Office().staffed()
    person, version = await office.desk.state(PERSON, person_stream(REP))
    assert (person.id, person.team, version) == (REP, NORTH, 1)
    assert (await office.desk.state(LEAD, lead_stream("00000000-0000-0000-0000-000000000000")))[1] == 0  # type: ignore[arg-type]


class Contested:
    """A log in which somebody else is always first."""

    async def append(self, request: Append) -> Appended | Conflict:
        return Conflict(())

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> Mapping[StreamId, Sequence[Recorded[Event]]]:
        return {}

    async def find_command(self, command_id: UUID, fingerprint: bytes) -> Appended | None:
        return None


async def test_a_desk_that_is_never_first_gives_up_and_says_so() -> None:
    contested = Contested()
    tried: list[Any] = []
    original = contested.append

    async def counting(request: Append) -> Appended | Conflict:
        tried.append(request)
        return await original(request)

    contested.append = counting  # type: ignore[method-assign]
    with pytest.raises(TooManyAtOnce):
        await Desk(contested, Office().vault).handle(new_lead(), CreateLead(), by=BY_MANAGER, key="k")
    assert len(tried) == TRIES


async def test_a_desk_whose_clock_is_behind_dates_nothing_before_what_is_on_record() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    ahead = Desk(office.log, office.vault, lambda: office.clock() + timedelta(seconds=5))
    await ahead.handle(lead, AssignLead(to=OTHER_REP), by=BY_MANAGER)
    await ahead.handle(lead, ReleaseLead(reason="workload"), by=BY_OTHER_REP)

    await office.do(lead, AssignLead(to=REP))
    await ahead.handle(lead, CALL, by=BY_REP)
    await office.do(lead, CALL, BY_REP)

    told = [(type(event), event.at - NINE) for event in await office.told(lead)]
    assert told[-3:] == [
        (LeadAssigned, timedelta(seconds=5, microseconds=1)),
        (LeadContacted, timedelta(seconds=5, microseconds=2)),
        (LeadFollowedUp, timedelta(seconds=5, microseconds=3)),
    ]


class Changing:
    """A log that somebody can put another one in the place of."""

    def __init__(self, log: EventStore) -> None:
        self.log = log

    async def append(self, request: Append) -> Appended | Conflict:
        return await self.log.append(request)

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> Mapping[StreamId, Sequence[Recorded[Event]]]:
        return await self.log.load(streams)

    async def find_command(self, command_id: UUID, fingerprint: bytes) -> Appended | None:
        return await self.log.find_command(command_id, fingerprint)


async def test_a_desk_that_remembers_more_than_the_log_kept_believes_the_log() -> None:
    office, restored = await Office().staffed(), await Office().staffed()
    lead = new_lead()
    for log in (office, restored):
        await log.do(lead, CreateLead(team=NORTH))
    changing = Changing(office.log)
    desk = Desk(changing, office.vault, office.clock)
    await desk.handle(lead, AssignLead(to=REP), by=BY_MANAGER)
    await desk.handle(lead, CALL, by=BY_REP)
    changing.log = restored.log

    receipt = await desk.handle(lead, AssignLead(to=OTHER_REP), by=BY_MANAGER)

    assert receipt.version == 2


async def test_about_what_this_program_cannot_read_nothing_is_decided() -> None:
    lead = new_lead()
    strange = Unreadable(topic="LeadSang.v7", problem="UnknownForm", at=NINE, by=BY_MANAGER.actor)

    class FromTheFuture(Contested):
        async def load(self, streams: Sequence[tuple[StreamId, int]]) -> Mapping[StreamId, Sequence[Recorded[Event]]]:
            return {lead: [Recorded(strange, lead, 1, Position(1), NINE, UUID(int=1))]}

    with pytest.raises(RecordIsUnreadable, match=r"LeadSang\.v7"):
        await Desk(FromTheFuture(), Office().vault).handle(lead, CALL, by=BY_MANAGER)


async def test_a_new_lead_is_put_on_record_without_looking_whether_it_is_there() -> None:
    class NeverAsked(Contested):
        async def append(self, request: Append) -> Appended | Conflict:
            return Appended(1, Position(1), ("LeadCreated.v1",))

        async def load(self, streams: Sequence[tuple[StreamId, int]]) -> Mapping[StreamId, Sequence[Recorded[Event]]]:
            raise AssertionError

    receipt = await Desk(NeverAsked(), Office().vault).handle(new_lead(), CreateLead(), by=BY_MANAGER)
    assert receipt.version == 1


async def test_a_lead_that_was_there_after_all_is_decided_about_as_it_is() -> None:
    office = await Office().staffed()
    lead = await assigned_lead(office)
    receipt = await office.another_desk().handle(lead, CreateLead(team=NORTH), by=BY_MANAGER)
    assert (receipt.version, receipt.events) == (2, ())
    with pytest.raises(VersionHasMoved):
        await office.another_desk().handle(lead, CreateLead(team=NORTH), by=BY_MANAGER, expected_version=0)
