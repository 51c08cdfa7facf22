"""A projection that remembers: one row a stream for now, and for the past a row for each range in which something held.

A range has two pairs of instants. It held from `valid_from` to `valid_to`; we knew so from `known_from`, we learned of
its end at `end_known_from`, and since `known_to` we know better. What happens in order only ends the last range and
opens the next; what comes to be known late tells the stream's whole story anew, and the story as it was known stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from domain.event import Recorded
from domain.identity import StreamId
from projections.projector.log import Log
from projections.projector.projection import E, Projection, Told, fit
from projections.projector.story import Story
from projections.projector.tables import Connection, Table

Facts = TypeVar("Facts", bound=NamedTuple)

NOW = ("version", "position", "valid_from", "known_from")
PAST = ("version", "position", "valid_from", "known_from", "valid_to", "end_known_from", "known_to")


class Ranges(Projection, Generic[Facts]):
    """`facts | None -> facts`, a function an event, folded in the order in which things happened."""

    def __init__(
        self,
        *,
        name: str,
        version: int,
        now: Table,
        past: Table,
        facts: type[Facts],
        begins_at: Callable[[Facts], datetime],
    ) -> None:
        super().__init__(name=name, version=version, tables=[now, past])
        key = next(iter(now.types))
        fit(now, [key, *NOW, *facts._fields])
        fit(past, [key, *PAST, *facts._fields])
        self.now, self.past, self.facts, self.begins_at = now, past, facts, begins_at

    def when(
        self, *kinds: type[E]
    ) -> Callable[[Callable[[Facts | None, Recorded[E]], Facts]], Callable[[Facts | None, Recorded[E]], Facts]]:
        """The function below tells what these events do to the facts."""

        def remember(
            function: Callable[[Facts | None, Recorded[E]], Facts],
        ) -> Callable[[Facts | None, Recorded[E]], Facts]:
            self.learn(kinds, function)
            return function

        return remember

    async def load(self, connection: Connection, generation: int, told: Told, log: Log) -> StoriesInHand[Facts]:
        """One SELECT for the whole batch; and from the log, the streams about which we learn something late."""
        rows = await self.now.load(connection, generation, list(told))
        stories: dict[UUID, Story[Facts]] = {row[0]: self.story().resumed(row, self.facts) for row in rows}
        late = [(stream, 0) for stream, events in told.items() if _comes_late(events, stories.get(stream))]
        if late:
            for stream, events in (await log.load(late)).items():
                stories[stream] = story = self.story().with_memory()
                for recorded in events:
                    if recorded.position < told[stream][0].position and self.concerns(recorded.event):
                        story.tell(recorded)
        return StoriesInHand(self, generation, stories)

    def story(self) -> Story[Facts]:
        """A stream of which nothing is known yet."""
        return Story(self.functions, self.begins_at)


class StoriesInHand(Generic[Facts]):
    """The streams that a batch touches."""

    def __init__(self, projection: Ranges[Facts], generation: int, stories: dict[UUID, Story[Facts]]) -> None:
        self.projection, self.generation, self.stories = projection, generation, stories

    def fold(self, stream: StreamId, told: Iterator[Recorded[Any]]) -> None:
        """Go on with the story."""
        story = self.stories.get(stream)
        if story is None:
            story = self.stories[stream] = self.projection.story()
        tell = story.tell
        for recorded in told:
            tell(recorded)

    async def write(self, connection: Connection) -> None:
        """Keep what ended, and what holds now; a story told anew takes the place of the old one."""
        told = [story for story in self.stories.values() if story.changed]
        retold = [story.stream for story in told if story.memory is not None and story.stream is not None]
        await self.projection.past.forget(connection, self.generation, retold)
        await self.projection.past.append(connection, self.generation, [row for story in told for row in story.past])
        await self.projection.now.upsert(connection, self.generation, [story.now() for story in told])


def _comes_late(told: Sequence[Recorded[Any]], story: Story[Any] | None) -> bool:
    """Whether one of these is dated before something that is already known."""
    began, latest = (story.began, story.valid_from) if story else (told[0].event.at, told[0].event.at)
    for recorded in told:
        at = recorded.event.at
        if at >= latest:
            latest = at
        elif began < latest:
            return True
    return False
