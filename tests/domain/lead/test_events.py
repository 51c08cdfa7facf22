"""What an event can hold, and what it cannot."""

from decimal import Decimal
from typing import get_args

import pytest

from domain.event import Declined, Event
from domain.lead import events
from domain.lead.events import Evidence, EvidenceNamesNothing, LeadEvent, Money, NoSuchSum
from domain.notice import NoticeEvent


def test_every_event_of_a_lead_is_one_of_its_events() -> None:
    defined = {
        thing
        for thing in vars(events).values()
        if isinstance(thing, type) and issubclass(thing, Event) and thing not in (Event, Declined, events.Outreach)
    }
    assert set(get_args(LeadEvent)) == defined | set(get_args(NoticeEvent))


@pytest.mark.parametrize("amount", ["0", "0.01", "1200.00", "0.0001", "999999999999999999.9999", "1E+17"])
def test_a_deal_is_worth_a_sum(amount: str) -> None:
    assert Money(Decimal(amount), "EUR").amount == Decimal(amount)


@pytest.mark.parametrize("amount", ["-0.01", "-1", "0.00001", "1E+18", "1E+999999", "NaN", "sNaN", "Infinity"])
def test_no_deal_is_worth_less_than_nothing_or_more_than_can_be_paid(amount: str) -> None:
    with pytest.raises(NoSuchSum) as refused:
        Money(Decimal(amount), "EUR")
    assert refused.value.sentence == (
        "No deal is worth that: a value is from 0 to 18 digits with at most 4 decimals, in a currency like EUR."
    )


@pytest.mark.parametrize("currency", ["", "eur", "EU", "EURO", "€", "EUR\n", "E1R"])
def test_a_sum_is_in_a_currency(currency: str) -> None:
    with pytest.raises(NoSuchSum):
        Money(Decimal(1), currency)


@pytest.mark.parametrize("id", ["CA0123456789", "0102018f-5b7c.eu:west_1", "x", "9" * 128])
def test_evidence_is_a_providers_id(id: str) -> None:
    assert Evidence("twilio", id).id == id


@pytest.mark.parametrize(
    ("provider", "id"), [("twilio", "CA1"), ("hubspot", "29090716174"), ("asterisk", "1743042317.12206")]
)
def test_what_a_provider_calls_it_is_evidence_though_it_be_a_number(provider: str, id: str) -> None:
    assert (Evidence(provider, id).provider, Evidence(provider, id).id) == (provider, id)


@pytest.mark.parametrize(
    ("provider", "id"),
    [
        ("twilio", ""),
        ("twilio", " "),
        ("", "CA1"),
        ("Our Phones", "CA1"),
        ("ses", "anna@example.org"),
        ("s", "9" * 129),
    ],
)
def test_what_names_nothing_is_no_evidence(provider: str, id: str) -> None:
    """Nor is what could be somebody's address; the refusal does not repeat it."""
    with pytest.raises(EvidenceNamesNothing) as refused:
        Evidence(provider, id)
    assert refused.value.about == {}
    assert refused.value.sentence.startswith("Evidence is the name of a provider and the id it gave")
