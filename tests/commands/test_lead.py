"""Each wish about a lead, from the body of the request to what stands in the log."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from pydantic import EmailStr, TypeAdapter, ValidationError

from commands.command import Command
from commands.lead import (
    PLAIN_EMAIL,
    AssignLead,
    ClaimLead,
    Contact,
    ConvertLead,
    CorrectContact,
    CreateLead,
    DisqualifyLead,
    EscalateLead,
    EvidenceGiven,
    LoseLead,
    PromiseFollowUp,
    RecordAutomaticMessage,
    RecordOutreach,
    RecordReply,
    ReleaseLead,
    ReopenLead,
    RouteLead,
)
from domain.access import Principal
from domain.event import Event
from domain.identity import PersonId, StreamId
from domain.lead.events import (
    ContactCorrected,
    Evidence,
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadDisqualified,
    LeadEscalated,
    LeadLost,
    LeadMessagedAutomatically,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    Money,
)
from domain.lead.ownership import NobodyIsNamed
from domain.person import PersonUnknown
from domain.source import SourceUnknown
from domain.team import TeamUnknown
from tests.commands.story import (
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

TWILIO = EvidenceGiven(provider="twilio", id="CA123")
TELEPHONY = Principal(
    id="telephony",
    role="service",
    via="key:lk_9",
    scopes=frozenset({"lead.reach_out", "lead.promise", "lead.message_automatically"}),
)
ENDING = LoseLead(reason="price")


async def assigned() -> tuple[Office, StreamId]:
    office = await Office().staffed()
    lead = new_lead()
    await office.do(lead, CreateLead(team=NORTH))
    await office.do(lead, AssignLead(to=REP))
    return office, lead


@pytest.mark.parametrize(
    ("wish", "by", "event"),
    [
        (
            AssignLead(to=OTHER_REP),
            BY_MANAGER,
            LeadAssigned(to=OTHER_REP, team=NORTH, previous=REP, at=NINE, by=BY_MANAGER.actor),
        ),
        (
            RecordOutreach(channel="call", outcome="reached", evidence=TWILIO, duration_seconds=90),
            BY_REP,
            LeadContacted(
                made_by=REP,
                channel="call",
                outcome="reached",
                evidence=Evidence("twilio", "CA123"),
                duration_seconds=90,
                at=NINE,
                by=BY_REP.actor,
            ),
        ),
        (
            RecordOutreach(channel="call", outcome="no_answer", made_by=REP),
            TELEPHONY,
            LeadContacted(made_by=REP, channel="call", outcome="no_answer", at=NINE, by=TELEPHONY.actor),
        ),
        (
            RecordAutomaticMessage(channel="email", outcome="sent", evidence=TWILIO),
            TELEPHONY,
            LeadMessagedAutomatically(
                channel="email", outcome="sent", evidence=Evidence("twilio", "CA123"), at=NINE, by=TELEPHONY.actor
            ),
        ),
        (
            RecordAutomaticMessage(channel="email", outcome="sent"),
            TELEPHONY,
            LeadMessagedAutomatically(channel="email", outcome="sent", at=NINE, by=TELEPHONY.actor),
        ),
        (RecordReply(channel="sms"), BY_REP, LeadReplied(channel="sms", at=NINE, by=BY_REP.actor)),
        (
            RecordReply(channel="sms", evidence=TWILIO),
            BY_REP,
            LeadReplied(channel="sms", evidence=Evidence("twilio", "CA123"), at=NINE, by=BY_REP.actor),
        ),
        (
            PromiseFollowUp(follow_up_by=NINE + timedelta(days=1)),
            BY_REP,
            FollowUpPromised(promised_by=REP, follow_up_by=NINE + timedelta(days=1), at=NINE, by=BY_REP.actor),
        ),
        (
            ConvertLead(value=Decimal("1200.50"), currency="EUR"),
            BY_REP,
            LeadConverted(owner=REP, value=Money(Decimal("1200.50"), "EUR"), at=NINE, by=BY_REP.actor),
        ),
        (ConvertLead(), BY_REP, LeadConverted(owner=REP, at=NINE, by=BY_REP.actor)),
        (LoseLead(reason="price"), BY_REP, LeadLost(owner=REP, reason="price", at=NINE, by=BY_REP.actor)),
        (DisqualifyLead(reason="spam"), BY_REP, LeadDisqualified(reason="spam", at=NINE, by=BY_REP.actor)),
        (
            ReleaseLead(reason="workload"),
            BY_REP,
            LeadReleased(owner=REP, team=NORTH, reason="workload", at=NINE, by=BY_REP.actor),
        ),
        (
            EscalateLead(reason="no_contact"),
            BY_REP,
            LeadEscalated(told=MANAGER, rung=1, reason="no_contact", at=NINE, by=BY_REP.actor),
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Command | Event) else None,
)
async def test_a_wish_becomes_this_event(wish: Command[Any], by: Principal, event: Event) -> None:
    office, lead = await assigned()
    await office.do(lead, wish, by)
    assert (await office.told(lead))[-1] == event


async def test_a_lead_arrives_in_the_queue_of_its_sources_team_unless_another_is_named() -> None:
    office = await Office().staffed()
    by_source, by_name, by_nobody = new_lead(), new_lead(), new_lead()
    await office.do(by_source, CreateLead(source="web"))
    await office.do(by_name, CreateLead(source="web", team=SOUTH))
    await office.do(by_nobody, CreateLead())
    queues = [(await office.told(lead))[0] for lead in (by_source, by_name, by_nobody)]
    assert [event.team for event in queues if isinstance(event, LeadCreated)] == [NORTH, SOUTH, None]


async def test_a_source_or_a_team_that_nobody_knows_is_refused() -> None:
    office = await Office().staffed()
    with pytest.raises(SourceUnknown, match="No source called fair"):
        await office.do(new_lead(), CreateLead(source="fair"))
    with pytest.raises(TeamUnknown, match="No team called west"):
        await office.do(new_lead(), CreateLead(team="west"), BY_REP)


async def test_a_waiting_lead_is_routed_and_claimed() -> None:
    office = await Office().staffed()
    lead = new_lead()
    await office.do(lead, CreateLead())
    await office.do(lead, RouteLead(team=NORTH))
    await office.do(lead, ClaimLead(), BY_OTHER_REP)
    assert (await office.told(lead))[1:] == [
        LeadRouted(team=NORTH, at=NINE, by=BY_MANAGER.actor),
        LeadAssigned(to=OTHER_REP, team=NORTH, because="claimed", at=NINE, by=BY_OTHER_REP.actor),
    ]


NOBODY = PersonId("nobody-7")
CALL = RecordOutreach(channel="call", outcome="reached")
PROMISE = PromiseFollowUp(follow_up_by=NINE + timedelta(days=1))


@pytest.mark.parametrize("by", [TELEPHONY, BY_MANAGER], ids=lambda by: by.role)
@pytest.mark.parametrize(
    "wish", [CALL.model_copy(update={"made_by": NOBODY}), PROMISE.model_copy(update={"promised_by": NOBODY})]
)
async def test_nobody_is_named_who_is_not_on_record(wish: Command[Any], by: Principal) -> None:
    office, lead = await assigned()
    with pytest.raises(PersonUnknown, match="Nobody called nobody-7"):
        await office.do(lead, wish, by)


async def test_a_service_is_nobody_though_it_be_called_like_the_owner() -> None:
    office, lead = await assigned()
    scopes = frozenset({"lead.reach_out", "lead.promise", "lead.claim"})
    for name in (REP, "telephony"):
        for wish in (CALL, PROMISE, ClaimLead()):
            with pytest.raises(NobodyIsNamed, match=f"{name} is a service"):
                await office.do(lead, wish, Principal(id=name, role="service", via="key:lk_9", scopes=scopes))


async def test_a_closed_lead_is_reopened() -> None:
    office, lead = await assigned()
    await office.do(lead, ENDING, BY_REP)
    office.clock.pass_minutes(60)
    await office.do(lead, ReopenLead(reason="new_interest"), BY_REP)
    assert isinstance((await office.told(lead))[-1], LeadReopened)


async def test_a_corrected_contact_is_on_record_without_being_told() -> None:
    office, lead = await assigned()
    await office.do(lead, CorrectContact(contact=Contact(phone="+49 30 1234567")), BY_REP)
    event = (await office.told(lead))[-1]
    assert isinstance(event, ContactCorrected)
    assert b"+49 30 1234567" in office.vault.plaintexts[event.contact.ref]


@pytest.mark.parametrize(
    "wish",
    [
        RecordOutreach(channel="call", outcome="reached", note="Talks to her boss."),
        RecordReply(channel="email", note="Talks to her boss."),
        PromiseFollowUp(follow_up_by=NINE + timedelta(days=1), note="Talks to her boss."),
        LoseLead(reason="timing", note="Talks to her boss."),
        DisqualifyLead(reason="other", note="Talks to her boss."),
        ReleaseLead(reason="other", note="Talks to her boss."),
        EscalateLead(reason="other", note="Talks to her boss."),
    ],
    ids=lambda wish: type(wish).__name__,
)
async def test_what_people_type_goes_to_the_vault(wish: Command[Any]) -> None:
    office, lead = await assigned()
    await office.do(lead, wish, BY_REP)
    event: Any = (await office.told(lead))[-1]
    assert office.vault.plaintexts[event.note.ref] == b"Talks to her boss."
    assert "boss" not in repr(event)


async def test_history_is_imported_as_it_is_told() -> None:
    office, lead = await assigned()
    await office.do(lead, AssignLead(to=OTHER_REP), history=True)
    event = (await office.told(lead))[-1]
    assert isinstance(event, LeadAssigned)
    assert event.because == "imported"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("by", {"to": "rep-1", "by": "somebody-else"}),
        ("recorded_at", {"to": "rep-1", "recorded_at": "2026-01-01T00:00:00Z"}),
        ("to", {"to": "ines@canary.example"}),
        ("to", {"to": "Ines Canary"}),
        ("to", {}),
        ("at", {"to": "rep-1", "at": "2026-11-23T09:00:00"}),
    ],
)
def test_a_body_that_says_too_much_or_too_little_names_the_field(field: str, body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        AssignLead.model_validate(body)
    assert [error["loc"] for error in refused.value.errors()] == [(field,)]


@pytest.mark.parametrize("body", [{"value": "10"}, {"currency": "EUR"}])
def test_an_amount_without_its_currency_says_nothing(body: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="give both `value` and `currency`"):
        ConvertLead.model_validate(body)


@pytest.mark.parametrize("value", ["-1", "NaN", "Infinity", "1e30", "0.00001"])
def test_an_amount_is_a_plain_sum_of_money(value: str) -> None:
    with pytest.raises(ValidationError):
        ConvertLead.model_validate({"value": value, "currency": "EUR"})


def test_instants_are_kept_in_utc() -> None:
    wish = AssignLead.model_validate({"to": "rep-1", "at": "2026-11-23T10:00:00+01:00"})
    assert wish.at == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert wish.at.tzinfo is UTC


@pytest.mark.parametrize("at", [1763888400, "1763888400", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_is_written_out_and_in_the_calendar(at: object) -> None:
    with pytest.raises(ValidationError) as refused:
        AssignLead.model_validate({"to": "rep-1", "at": at})
    assert [error["loc"] for error in refused.value.errors()] == [("at",)]


@pytest.mark.parametrize("address", ["ada@example.com", "Ada.B+site_1@mail.a-b.co", "-@1.de"])
def test_a_plain_address_is_taken_as_it_is(address: str) -> None:
    assert PLAIN_EMAIL.fullmatch(address)
    assert Contact(email=address).email == address


@pytest.mark.parametrize(
    "address", ["ada@EXAMPLE.com", "ada@bücher.de", "ada@example.museum", " ada@example.com", "o'neil@a.de"]
)
def test_any_other_address_is_read_by_the_book(address: str) -> None:
    assert not PLAIN_EMAIL.fullmatch(address)
    assert Contact(email=address).email == TypeAdapter(EmailStr).validate_python(address.strip())


def test_what_is_taken_for_plain_the_book_takes_unchanged() -> None:
    by_the_book = TypeAdapter(EmailStr).validate_python
    for name, domain, top in product(
        ["a", "0", "-", "_+", "A.b", "-.-", "a" * 20],
        ["a", "0", "a-b", "0-0-0", "a.b", "1.2.3", "a" * 38],
        ["com", "de", "zz"],
    ):
        address = f"{name}@{domain}.{top}"
        assert PLAIN_EMAIL.fullmatch(address)
        assert by_the_book(address) == address
