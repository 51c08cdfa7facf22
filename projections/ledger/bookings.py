"""The rows of the ledger, and beside them the book of each lead from which they are told anew when it changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from domain.business_time import Pause
from domain.event import Recorded
from domain.identity import CalendarId, PersonId, StreamId, TeamId
from domain.lead import ledger as rules
from domain.lead.ledger import Account, Book, Booking, Handover, Holder, booked
from domain.policy import ClockName
from projections.projector import Log, Projection, Table
from projections.projector.projection import Told, fit
from projections.projector.tables import Connection


class Row(NamedTuple):
    """From one instant to another a clock of a lead was one holder's."""

    lead: UUID
    clock: int
    nth: int
    """1 for the clock's first booking."""
    name: ClockName
    started_at: datetime
    """When the clock did."""
    respond_by: datetime
    calendar: CalendarId | None
    calendar_version: int | None
    began_at: datetime
    ended_at: datetime | None
    """None while it goes on."""
    holder: Holder
    person: PersonId | None
    team: TeamId | None


ROWS = Table(
    name="ledger",
    columns="""
        lead uuid NOT NULL,
        clock integer NOT NULL,
        nth integer NOT NULL,
        name text NOT NULL,
        started_at timestamptz NOT NULL,
        respond_by timestamptz NOT NULL,
        calendar text,
        calendar_version integer,
        began_at timestamptz NOT NULL,
        ended_at timestamptz,
        holder text NOT NULL,
        person text,
        team text,
        PRIMARY KEY (lead, clock, nth)
    """,
    # Whatever touches a period ended after it began, and began before it ended: both are seen in the index.
    indexes=(
        "(person, coalesce(ended_at, 'infinity'), began_at) WHERE person IS NOT NULL",
        "(team, coalesce(ended_at, 'infinity'), began_at) WHERE team IS NOT NULL",
    ),
    told_apart_by=3,
)

BOOKS = Table(
    name="ledger_books",
    columns="""
        lead uuid PRIMARY KEY,
        book text NOT NULL
    """,
)


class Ledger(Projection):
    """Each event changes the book of its lead; the rows are what the book then says."""

    def __init__(self, *, name: str, version: int) -> None:
        super().__init__(name=name, version=version, tables=[ROWS, BOOKS])
        fit(ROWS, Row._fields)
        self.learn(rules.MATTERS, tell)

    async def load(self, connection: Connection, generation: int, told: Told, log: Log) -> BooksInHand:
        """One SELECT for the whole batch; the rows follow from the books."""
        stored = await BOOKS.load(connection, generation, list(told))
        return BooksInHand(self, generation, {lead: read(book) for lead, book in stored})


class BooksInHand:
    """The books of the leads that a batch touches."""

    def __init__(self, projection: Ledger, generation: int, stored: dict[UUID, Book]) -> None:
        self.projection, self.generation = projection, generation
        self.books = dict(stored)
        self.stored = stored

    def fold(self, stream: StreamId, told: Iterator[Recorded[Any]]) -> None:
        """From event to event the book becomes another one."""
        functions = self.projection.functions
        book = before = self.books.get(stream, Book())
        try:
            for recorded in told:
                book = functions[type(recorded.event)](book, recorded)
        finally:
            if book is not before:
                self.books[stream] = book

    async def write(self, connection: Connection) -> None:
        """Upsert what changed; where a row is gone, the lead's are written anew."""
        changed: list[Row] = []
        anew: list[UUID] = []
        books: list[tuple[UUID, str]] = []
        for lead, book in self.books.items():
            stored = self.stored.get(lead, Book())
            if book is stored:
                continue
            books.append((lead, written(book)))
            before, after = rows(lead, stored), rows(lead, book)
            if before.keys() <= after.keys():
                changed += [row for key, row in after.items() if row != before.get(key)]
            else:
                anew.append(lead)
                changed += after.values()
        await ROWS.forget(connection, self.generation, anew)
        await ROWS.upsert(connection, self.generation, changed)
        await BOOKS.upsert(connection, self.generation, books)


def tell(book: Book, recorded: Recorded[Any]) -> Book:
    """See domain/lead/ledger.py."""
    return rules.tell(book, recorded.event)


def rows(lead: UUID, book: Book) -> dict[tuple[int, int], Row]:
    """What a book says, each row by its clock and its place among the clock's."""
    return {
        (account, nth): _row(lead, nth, booking)
        for account, bookings in groupby(booked(book), key=lambda booking: booking.account.number)
        for nth, booking in enumerate(bookings, start=1)
    }


def _row(lead: UUID, nth: int, booking: Booking) -> Row:
    account = booking.account
    return Row(
        lead,
        account.number,
        nth,
        account.clock,
        account.started_at,
        account.respond_by,
        account.calendar,
        account.calendar_version,
        booking.began_at,
        booking.ended_at,
        booking.holder,
        booking.person,
        booking.team,
    )


def written(book: Book) -> str:
    """A book as it stands in its column: lists in JSON, instants spelled out."""
    return json.dumps(book, default=datetime.isoformat, separators=(",", ":"))


def read(book: str) -> Book:
    """What was written."""
    handovers, accounts, snoozes = json.loads(book)
    return Book(
        tuple([Handover(_instant(at), *rest) for at, *rest in handovers]),
        tuple([_account(*account) for account in accounts]),
        tuple([Pause(_instant(begins_at), _instant(ends_at)) for begins_at, ends_at in snoozes]),
    )


_instant = datetime.fromisoformat


def _account(number: int, clock: ClockName, started_at: str, respond_by: str, *rest: Any) -> Account:
    calendar, calendar_version, told, about, stopped_at = rest
    ended = None if stopped_at is None else _instant(stopped_at)
    return Account(
        number, clock, _instant(started_at), _instant(respond_by), calendar, calendar_version, told, about, ended
    )


ledger = Ledger(name="ledger", version=1)
