"""What the log answers to a request: the same in memory and in PostgreSQL."""

import asyncio
from uuid import uuid4

import pytest

from adapters.event_store import EventStore
from domain.identity import Position, StreamId
from domain.lead.events import LeadCreated, LeadRouted
from domain.log import Appended, CommandIdReused, Conflict
from tests.support.examples import EXAMPLES
from tests.support.logs import an_append, grown, store

__all__ = ["store"]


async def test_events_get_the_next_versions_and_positions(store: EventStore) -> None:
    lead = uuid4()
    first = await store.append(an_append(lead, 0, EXAMPLES[LeadCreated], EXAMPLES[LeadRouted]))
    second = await store.append(an_append(lead, 2))
    assert first == Appended(2, Position(2), ("LeadCreated.v1", "LeadRouted.v1"))
    assert second == Appended(3, Position(3), ("LeadAssigned.v1",))
    stored = await store.read(Position(0))
    assert [(one.stream, one.version, one.position) for one in stored] == [(lead, 1, 1), (lead, 2, 2), (lead, 3, 3)]


async def test_events_come_back_as_they_were_with_who_asked_and_why(store: EventStore) -> None:
    because = uuid4()
    for example in EXAMPLES.values():
        request = an_append(None, 0, example, caused_by=because)
        await store.append(request)
        [stored] = (await store.load([(request.stream, 0)]))[request.stream]
        assert stored.event == example
        assert stored.command_id == request.command_id
        assert stored.caused_by == because


async def test_who_decided_on_an_older_version_learns_what_was_missing(store: EventStore) -> None:
    lead = uuid4()
    await grown(store, lead, 3)
    answer = await store.append(an_append(lead, 1))
    assert isinstance(answer, Conflict)
    assert [(missing.version, missing.position) for missing in answer.missing] == [(2, 2), (3, 3)]
    assert await store.head() == 3


async def test_who_decided_on_a_version_that_never_was_is_refused_with_nothing_missing(store: EventStore) -> None:
    lead = uuid4()
    await grown(store, lead, 1)
    assert await store.append(an_append(lead, 5)) == Conflict(())


async def test_of_two_who_decided_on_the_same_version_one_wins(store: EventStore) -> None:
    lead = uuid4()
    answers = await asyncio.gather(*[store.append(an_append(lead)) for _ in range(20)])
    assert sum(isinstance(answer, Appended) for answer in answers) == 1
    assert all(len(answer.missing) == 1 for answer in answers if isinstance(answer, Conflict))
    assert await store.head() == 1


async def test_requests_on_one_stream_sent_together_are_judged_in_the_order_they_came(store: EventStore) -> None:
    lead = uuid4()
    answers = await asyncio.gather(*[store.append(an_append(lead, version)) for version in range(10)])
    assert [answer.version for answer in answers if isinstance(answer, Appended)] == list(range(1, 11))


async def test_a_conflict_leaves_its_neighbours_alone(store: EventStore) -> None:
    taken = uuid4()
    await grown(store, taken, 1)
    requests = [an_append(taken) if number % 3 == 0 else an_append() for number in range(30)]
    answers = await asyncio.gather(*[store.append(request) for request in requests])
    assert [isinstance(answer, Conflict) for answer in answers] == [number % 3 == 0 for number in range(30)]
    stored = await store.read(Position(0))
    assert [one.position for one in stored] == list(range(1, 22))
    # Each answer names the position of its own event.
    for request, answer in zip(requests, answers, strict=True):
        if isinstance(answer, Appended):
            assert stored[answer.position - 1].command_id == request.command_id


async def test_the_same_command_again_is_answered_as_the_first_time(store: EventStore) -> None:
    request = an_append(None, 0, EXAMPLES[LeadCreated], EXAMPLES[LeadRouted])
    first = await store.append(request)
    await grown(store, uuid4(), 1)
    again = await store.append(request)
    assert isinstance(first, Appended)
    assert again == Appended(first.version, first.position, first.topics, repeated=True)
    assert await store.find_command(request.command_id, request.fingerprint) == again
    assert await store.head() == 3


async def test_the_same_command_sent_twice_at_once_is_stored_once(store: EventStore) -> None:
    request = an_append()
    answers = await asyncio.gather(*[store.append(request) for _ in range(5)])
    assert sorted(answer.repeated for answer in answers if isinstance(answer, Appended)) == [False, *[True] * 4]
    assert await store.head() == 1


async def test_a_command_id_used_for_another_wish_is_refused(store: EventStore) -> None:
    request = an_append()
    await store.append(request)
    other = an_append(command_id=request.command_id, fingerprint=b"o" * 32)
    neighbour = an_append()
    refused, stored = await asyncio.gather(store.append(other), store.append(neighbour), return_exceptions=True)
    assert isinstance(refused, CommandIdReused)
    assert isinstance(stored, Appended)
    with pytest.raises(CommandIdReused):
        await store.find_command(request.command_id, b"o" * 32)


async def test_a_command_that_changed_nothing_is_remembered_too(store: EventStore) -> None:
    lead = uuid4()
    await grown(store, lead, 2)
    nothing = an_append(lead, 2, events=())
    assert await store.append(nothing) == Appended(2, Position(2), ())
    assert await store.append(an_append(lead, 2)) == Appended(3, Position(3), ("LeadAssigned.v1",))
    assert await store.append(nothing) == Appended(2, Position(2), (), repeated=True)


async def test_an_unknown_command_is_not_found(store: EventStore) -> None:
    assert await store.find_command(uuid4(), b"f" * 32) is None


async def test_a_guard_refuses_when_what_was_looked_at_has_changed(store: EventStore) -> None:
    person, team, lead = uuid4(), uuid4(), uuid4()
    await grown(store, person, 2)
    await grown(store, team, 1)
    answer = await store.append(an_append(lead, guards=((person, 1), (team, 1))))
    assert isinstance(answer, Conflict)
    assert [(missing.stream, missing.version) for missing in answer.missing] == [(person, 2)]
    assert isinstance(await store.append(an_append(lead, guards=((person, 2), (team, 1)))), Appended)


async def test_a_guard_sees_what_was_appended_just_before_it(store: EventStore) -> None:
    person = uuid4()
    leaving, assigning = await asyncio.gather(
        store.append(an_append(person)), store.append(an_append(guards=((person, 0),)))
    )
    assert isinstance(leaving, Appended)
    assert isinstance(assigning, Conflict)
    assert [missing.stream for missing in assigning.missing] == [person]


async def test_a_guard_is_not_troubled_by_what_comes_after_it(store: EventStore) -> None:
    person = uuid4()
    answers = await asyncio.gather(store.append(an_append(guards=((person, 0),))), store.append(an_append(person)))
    assert all(isinstance(answer, Appended) for answer in answers)


async def test_when_we_learned_of_something_never_runs_backwards(store: EventStore) -> None:
    for _ in range(5):
        await asyncio.gather(*[store.append(an_append()) for _ in range(5)])
    stored = await store.read(Position(0))
    assert [one.recorded_at for one in stored] == sorted(one.recorded_at for one in stored)
    for one in stored:
        known = await store.position_known_by(one.recorded_at)
        assert known >= one.position
        assert known == 25 or stored[known].recorded_at > one.recorded_at
    assert await store.position_known_by(EXAMPLES[LeadCreated].at.replace(year=2020)) == 0


async def test_reading_goes_on_where_it_stopped(store: EventStore) -> None:
    await asyncio.gather(*[store.append(an_append()) for _ in range(25)])
    seen: list[int] = []
    while page := await store.read(Position(seen[-1] if seen else 0), limit=10):
        seen += [one.position for one in page]
    assert seen == list(range(1, 26))


async def test_each_stream_is_loaded_from_its_own_version(store: EventStore) -> None:
    leads = [StreamId(uuid4()) for _ in range(3)]
    for lead in leads:
        await grown(store, lead, 4)
    wanted = [(leads[0], 0), (leads[1], 3), (leads[2], 4)]
    loaded, others = await asyncio.gather(store.load(wanted), store.load([(leads[2], 1)]))
    assert [[one.version for one in events] for events in loaded.values()] == [[1, 2, 3, 4], [4], []]
    assert [one.version for one in others[leads[2]]] == [2, 3, 4]
    assert await store.load([]) == {}


async def test_who_waits_for_the_log_to_grow_is_woken(store: EventStore) -> None:
    assert not await store.wait(Position(0), timeout_seconds=0.01)
    waiting = asyncio.create_task(store.wait(Position(0), timeout_seconds=10))
    await store.append(an_append())
    assert await waiting
    assert await store.wait(Position(0), timeout_seconds=0)
    assert not await store.wait(Position(1), timeout_seconds=0)
