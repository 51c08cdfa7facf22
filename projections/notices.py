"""The notifier's to-do list: who is to be told what, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, cast
from uuid import UUID

from domain.event import Recorded
from domain.identity import PersonId, StreamId, TeamId
from domain.lead.events import (
    EscalationAcknowledged,
    LeadAssigned,
    LeadEscalated,
    LeadOffered,
    LeadReleased,
    ReceiptOwed,
    SomebodyReminded,
)
from domain.notice import (
    BECAME,
    About,
    AboutNotice,
    Medium,
    NoticeAddressed,
    NoticeDelivered,
    NoticeFailed,
    NoticeRetried,
    NoticeSent,
    NoticeSuppressed,
    Settled,
    State,
    notice_id,
)
from projections.projector import SeveralRows, Table
from projections.projector.several_rows import Rows
from projections.projector.tables import Connection

BY_TEXT_TOO: frozenset[About] = frozenset({"reminder", "escalation", "offer"})
"""What cannot wait until somebody reads their mail."""
COPIED = frozenset({"import"})
"""Who only copies what happened elsewhere long ago: nobody is told of that."""
Standing = Literal["to_address", "to_send"] | State


class Notice(NamedTuple):
    """One message to one person about one event."""

    stream: UUID
    """The lead, or the person whose digest it is."""
    notice: UUID
    about: About
    medium: Medium
    addressee: PersonId | None
    """None is the lead itself, or whoever has yet to be looked up."""
    standing: Standing
    reason: str | None
    """Why it was not sent, or failed."""
    cause: int
    """The version of the event that it is about; 0 for a digest."""
    clock: int | None
    done_by: str
    team: TeamId | None
    """Of what failed: whose business that is."""
    made_at: datetime
    """When we learned what it is about."""
    settled_at: datetime | None


notices = SeveralRows(
    name="notices",
    version=1,
    table=Table(
        name="notices",
        columns="""
            stream uuid,
            notice uuid,
            about text NOT NULL,
            medium text NOT NULL,
            addressee text,
            standing text NOT NULL,
            reason text,
            cause integer NOT NULL,
            clock integer,
            done_by text NOT NULL,
            team text,
            made_at timestamptz NOT NULL,
            settled_at timestamptz,
            PRIMARY KEY (stream, notice)
        """,
        indexes=(
            "(made_at, notice) WHERE standing IN ('to_address', 'to_send')",
            "(settled_at, notice) WHERE standing = 'failed'",
            "(addressee, medium, settled_at) WHERE standing IN ('sent', 'delivered')",
        ),
        told_apart_by=2,
    ),
    row=Notice,
)


@notices.when(LeadAssigned)
def tell_who_has_it_now(rows: Rows[Notice], recorded: Recorded[LeadAssigned]) -> Rows[Notice]:
    """Who took it knows; whoever had it, or was asked to help since it went to somebody last, learns who did."""
    event = recorded.event
    if event.because == "imported":
        return rows
    handed_on = max((row.cause for row in rows.values() if row.about == "claim"), default=0)
    asked = [row for row in rows.values() if row.about in ("offer", "escalation") and row.cause > handed_on]
    concerned = dict.fromkeys([event.previous, *(row.addressee for row in asked)])
    whom = [who for who in concerned if who not in (None, event.to, event.by.id)]
    told = _to(recorded, "claim", whom, done_by=event.to)
    return rows | told if event.by.id == event.to else rows | told | _to(recorded, "assignment", [event.to])


@notices.when(LeadReleased)
def tell_from_whom_it_was_taken(rows: Rows[Notice], recorded: Recorded[LeadReleased]) -> Rows[Notice]:
    """Who gave it back knows."""
    return rows if recorded.event.step is None else rows | _to(recorded, "release", [recorded.event.owner])


@notices.when(SomebodyReminded)
def remind(rows: Rows[Notice], recorded: Recorded[SomebodyReminded]) -> Rows[Notice]:
    """Whoever the rung names, if there is somebody."""
    told = recorded.event.told
    return rows if told is None else rows | _to(recorded, "reminder", [told], clock=recorded.event.step.clock)


@notices.when(LeadEscalated)
def tell_who_answers_for_it(rows: Rows[Notice], recorded: Recorded[LeadEscalated]) -> Rows[Notice]:
    """Where it reached nobody, GET /escalations shows it to the whole desk."""
    event = recorded.event
    clock = event.step.clock if event.step else None
    return rows if event.told is None else rows | _to(recorded, "escalation", [event.told], clock=clock)


@notices.when(LeadOffered)
def tell_the_team(rows: Rows[Notice], recorded: Recorded[LeadOffered]) -> Rows[Notice]:
    """Who is in it has yet to be looked up."""
    return rows | _to_be_addressed(recorded, "offer", clock=recorded.event.step.clock)


@notices.when(EscalationAcknowledged)
def tell_the_owner_that_help_comes(rows: Rows[Notice], recorded: Recorded[EscalationAcknowledged]) -> Rows[Notice]:
    """Whose the lead is has yet to be looked up."""
    return rows | _to_be_addressed(recorded, "acknowledgement", clock=recorded.event.clock)


@notices.when(NoticeAddressed)
def tell_each_of_them(rows: Rows[Notice], recorded: Recorded[NoticeAddressed]) -> Rows[Notice]:
    """One notice each, in the place of the one that was to be addressed."""
    event = recorded.event
    asked = rows.get(_unaddressed(recorded.stream, event.cause))
    if asked is None:
        return rows
    others = {notice: row for notice, row in rows.items() if notice != asked.notice}
    return others | _notices(asked, event.to)


@notices.when(ReceiptOwed)
def tell_the_lead(rows: Rows[Notice], recorded: Recorded[ReceiptOwed]) -> Rows[Notice]:
    """That we have what it wrote."""
    row = _first(recorded, "receipt", clock=None)
    return rows | {
        notice: row._replace(notice=notice, medium=medium)
        for medium in recorded.event.media
        for notice in [notice_id(recorded.stream, recorded.version, None, medium)]
    }


@notices.when(NoticeSent, NoticeDelivered, NoticeFailed, NoticeSuppressed)
def note_what_became_of_it(rows: Rows[Notice], recorded: Recorded[Any]) -> Rows[Notice]:
    """A digest is first heard of when something has become of it."""
    event: Settled = recorded.event
    notice = UUID(event.notice)
    row = rows.get(notice) or _unheard_of(recorded)
    reason = event.reason if isinstance(event, NoticeFailed | NoticeSuppressed) else None
    return rows | {
        notice: row._replace(
            standing=BECAME[type(event)],
            reason=reason,
            team=event.team if isinstance(event, NoticeFailed) else None,
            settled_at=recorded.recorded_at,
        )
    }


@notices.when(NoticeRetried)
def put_it_back(rows: Rows[Notice], recorded: Recorded[NoticeRetried]) -> Rows[Notice]:
    """It is as if it were made now, or it would be stale at once."""
    notice = UUID(recorded.event.notice)
    row = rows[notice]._replace(
        standing="to_send", reason=None, team=None, made_at=recorded.recorded_at, settled_at=None
    )
    return rows | {notice: row}


@dataclass(frozen=True)
class Cursor:
    """A place in the list of dead letters: after this one."""

    settled_at: datetime
    notice: UUID


COLUMNS = "stream, notice, about, medium, addressee, standing, reason, cause, clock, done_by, team, made_at, settled_at"


async def to_do(
    connection: Connection, *, media: Sequence[Medium], since: datetime, now: datetime, limit: int
) -> list[Notice]:
    """What may be sent now by these media, the oldest first; what is older than `since` is left to lie.

    What is somebody's turn, or is put off, or was settled a moment ago, stands in the postbox.
    """
    found = await connection.execute(
        f"""
        SELECT {COLUMNS}
        FROM read.notices AS notices
        WHERE standing IN ('to_address', 'to_send')
          AND (medium = ANY(%(media)s) OR standing = 'to_address')
          AND made_at > %(since)s
          AND NOT EXISTS (
              SELECT 1
              FROM post.attempts
              WHERE attempts.notice = notices.notice
                AND (attempts.settled_at IS NOT NULL OR attempts.next_try_at > %(now)s)
          )
        ORDER BY made_at, notice
        LIMIT %(limit)s
        """,  # noqa: S608 - the names of columns
        {"media": list(media), "since": since, "now": now, "limit": limit},
    )
    return [Notice._make(row) for row in await found.fetchall()]


async def sent_to(connection: Connection, addressee: PersonId, medium: Medium, since: datetime) -> int:
    """How many notices somebody was sent this way."""
    found = await connection.execute(
        """
        SELECT count(*)
        FROM read.notices
        WHERE addressee = %s
          AND medium = %s
          AND standing IN ('sent', 'delivered')
          AND settled_at > %s
        """,
        [addressee, medium, since],
    )
    return int(cast("tuple[int]", await found.fetchone())[0])


async def told_already(connection: Connection, notice: Notice, within: timedelta) -> bool:
    """Whether the same person was just told the same about the same clock of the same lead, the same way."""
    found = await connection.execute(
        """
        SELECT 1
        FROM read.notices
        WHERE stream = %(stream)s
          AND addressee = %(addressee)s
          AND medium = %(medium)s
          AND about = %(about)s
          AND clock IS NOT DISTINCT FROM %(clock)s
          AND notice <> %(notice)s
          AND standing IN ('sent', 'delivered')
          AND made_at BETWEEN %(made_at)s - %(within)s AND %(made_at)s + %(within)s
        LIMIT 1
        """,
        {**notice._asdict(), "within": within},
    )
    return await found.fetchone() is not None


async def of(connection: Connection, stream: StreamId, *, limit: int = 500) -> list[Notice]:
    """All that there are about one lead, or to one person about none, the oldest first."""
    found = await connection.execute(
        f"SELECT {COLUMNS} FROM read.notices WHERE stream = %s ORDER BY made_at, notice LIMIT %s",  # noqa: S608 - names
        [stream, limit],
    )
    return [Notice._make(row) for row in await found.fetchall()]


async def settled(connection: Connection, asked: Sequence[UUID]) -> set[UUID]:
    """Those of which something has become."""
    found = await connection.execute(
        "SELECT notice FROM read.notices WHERE notice = ANY(%s) AND settled_at IS NOT NULL", [list(asked)]
    )
    return {notice for (notice,) in await found.fetchall()}


async def dead_letters(
    connection: Connection,
    *,
    teams: Sequence[TeamId] | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> list[Notice]:
    """What failed, the latest first; with teams, only what is about the leads of these or of none."""
    found = await connection.execute(
        f"""
        SELECT {COLUMNS}
        FROM read.notices
        WHERE standing = 'failed'
          AND (%(teams)s::text[] IS NULL OR team IS NULL OR team = ANY(%(teams)s))
          AND (%(settled_at)s::timestamptz IS NULL OR (settled_at, notice) < (%(settled_at)s, %(after)s::uuid))
        ORDER BY settled_at DESC, notice DESC
        LIMIT %(limit)s
        """,  # noqa: S608 - the names of columns
        {
            "teams": None if teams is None else list(teams),
            "settled_at": after and after.settled_at,
            "after": after and after.notice,
            "limit": limit,
        },
    )
    return [Notice._make(row) for row in await found.fetchall()]


def _first(recorded: Recorded[Any], about: About, clock: int | None) -> Notice:
    return Notice(
        stream=recorded.stream,
        notice=_unaddressed(recorded.stream, recorded.version),
        about=about,
        medium="email",
        addressee=None,
        standing="to_send",
        reason=None,
        cause=recorded.version,
        clock=clock,
        done_by=recorded.event.by.id,
        team=None,
        made_at=recorded.recorded_at,
        settled_at=None,
    )


def _to(
    recorded: Recorded[Any],
    about: About,
    whom: Sequence[PersonId],
    clock: int | None = None,
    done_by: str | None = None,
) -> dict[UUID, Notice]:
    if recorded.event.by.id in COPIED:
        return {}
    row = _first(recorded, about, clock)
    return _notices(row if done_by is None else row._replace(done_by=done_by), whom)


def _to_be_addressed(recorded: Recorded[Any], about: About, clock: int | None) -> dict[UUID, Notice]:
    row = _first(recorded, about, clock)._replace(standing="to_address")
    return {row.notice: row}


def _notices(like: Notice, whom: Sequence[PersonId]) -> dict[UUID, Notice]:
    media: tuple[Medium, ...] = ("email", "sms") if like.about in BY_TEXT_TOO else ("email",)
    made = [
        like._replace(
            notice=notice_id(StreamId(like.stream), like.cause, who, medium),
            medium=medium,
            addressee=who,
            standing="to_send",
        )
        for who in whom
        for medium in media
    ]
    return {row.notice: row for row in made}


def _unaddressed(stream: StreamId, cause: int) -> UUID:
    return notice_id(stream, f"{cause}, to be addressed", None, "email")


def _unheard_of(recorded: Recorded[AboutNotice]) -> Notice:
    event = recorded.event
    row = _first(recorded, event.about, clock=None)
    return row._replace(notice=UUID(event.notice), medium=event.medium, addressee=event.to, cause=0)
