"""How a story is told: whichever stream it is of, page by page, as of and as known at any instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from domain.identity import Position, StreamId
from projections import timeline
from projections.timeline import Order
from services.api.answers import Timeline, TimelineLine
from services.api.asking import Asks, Question
from services.api.reading import APage, AsKnown, AsOf, Page


@dataclass(frozen=True)
class Story:
    """In which order, how much of it, and as of when."""

    ask: Asks
    page: Page
    order: Order
    as_of: datetime | None
    as_known: datetime | None

    async def __call__(self, stream: StreamId, position: Position) -> Timeline:
        """The page that was asked for."""
        found = await self.ask(
            timeline.page,
            stream,
            order=self.order,
            as_of=self.as_of,
            as_known=self.as_known,
            after=self.page.after(timeline.Cursor),
            limit=self.page.limit,
        )
        return Timeline(
            position=position,
            next=self.page.next(found, timeline.Cursor, lambda last: last.cursor),
            items=[TimelineLine(late_seconds=one.lateness.total_seconds(), **one.__dict__) for one in found],
        )


async def a_story(
    ask: Question,
    page: APage,
    order: Annotated[Order, Query(description="As it happened, or as it was recorded.")] = "happened",
    as_of: AsOf = None,
    as_known: AsKnown = None,
) -> Story:
    """Stories are told alike."""
    return Story(ask, page, order, as_of, as_known)


AStory = Annotated[Story, Depends(a_story)]
