"""How events are written down stays readable for ever, and what cannot be read stops nobody."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters import codec
from adapters.recorder import Row
from domain.event import Event, Unreadable
from domain.lead.events import LeadConverted, LeadRouted
from tests.support.examples import EXAMPLES

GOLDEN = Path(__file__).with_name("stored_forms.json")
EARLIER = Path(__file__).with_name("earlier_forms.json")
RECORDED_AT = datetime(2026, 3, 2, 9, 0, 1, 23, tzinfo=UTC)
COMMAND = UUID("0b9c7a52-6f0e-4f52-8d7c-3c1f0e9a7b11")
CAUSE = UUID("5a7d1c3e-9b2f-4e60-a1d8-7f6e5d4c3b2a")
STREAM = UUID("5d0b8f5e-3c57-4f0e-9d0c-0a4f7b1f3e21")


def stored(event: Event, caused_by: UUID | None = None) -> Row:
    topic, data = codec.encode(event, codec.heading(COMMAND, caused_by))
    return row(topic, codec.stamp(RECORDED_AT) + data)


def row(topic: str, data: bytes) -> Row:
    return Row(7, STREAM, 3, topic, data, RECORDED_AT)


def test_every_event_has_an_example() -> None:
    assert set(EXAMPLES) == set(codec.EVENTS.values())


def test_stored_forms_do_not_change() -> None:
    """To add an event, add its stored form here; to change one, write an upcaster and leave the old form alone.

    A part that may be missing may be added: then the form without it goes to earlier_forms.json, and stays readable.
    """
    forms = {topic: json.loads(data) for _, _, _, topic, data, _ in map(stored, EXAMPLES.values())}
    assert forms == json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("topic", json.loads(GOLDEN.read_text(encoding="utf-8")))
def test_every_form_ever_stored_can_be_read(topic: str) -> None:
    form = json.loads(GOLDEN.read_text(encoding="utf-8"))[topic]
    assert codec.decode(row(topic, json.dumps(form).encode())).event == EXAMPLES[codec.EVENTS[topic]]


@pytest.mark.parametrize(("topic", "form"), json.loads(EARLIER.read_text(encoding="utf-8")))
def test_an_earlier_form_is_read_as_what_it_says(topic: str, form: dict[str, object]) -> None:
    event = codec.decode(row(topic, json.dumps(form).encode())).event
    said = json.loads(b"{" + codec.encode(event, b"")[1])
    facts = {name: told for name, told in form.items() if name not in ("recorded_at", "command_id", "caused_by")}
    assert facts == {name: said[name] for name in facts}
    assert all(told is None for name, told in said.items() if name not in facts)


@pytest.mark.parametrize("caused_by", [None, CAUSE])
@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: type(event).__name__)
def test_what_was_written_is_read_back(event: Event, caused_by: UUID | None) -> None:
    recorded = codec.decode(stored(event, caused_by))
    assert recorded.event == event
    assert (recorded.stream, recorded.version, recorded.position) == (STREAM, 3, 7)
    assert (recorded.recorded_at, recorded.command_id, recorded.caused_by) == (RECORDED_AT, COMMAND, caused_by)


def test_the_stored_form_is_flat_and_says_first_when_it_was_recorded() -> None:
    data = stored(EXAMPLES[LeadRouted]).data
    assert data.startswith(b'{"recorded_at":"2026-03-02T09:00:01.000023Z","command_id":"0b9c7a52-')
    assert list(json.loads(data)) == ["recorded_at", "command_id", "caused_by", "at", "by", "team"]


def test_an_amount_keeps_its_digits() -> None:
    assert json.loads(stored(EXAMPLES[LeadConverted]).data)["value"] == {"amount": "1200.50", "currency": "EUR"}


@pytest.mark.parametrize(
    ("topic", "data"),
    [
        ("LeadTeleported.v1", stored(EXAMPLES[LeadRouted]).data),
        ("LeadRouted.v1", b"\xff\x00 not JSON"),
        ("LeadRouted.v1", b"{}"),
        ("LeadRouted.v1", b"[]"),
        ("LeadRouted.v1", b""),
        ("LeadRouted.v1", stored(EXAMPLES[LeadConverted]).data),
        ("LeadConverted.v1", stored(EXAMPLES[LeadConverted]).data.replace(b"EUR", b"euros")),
        ("LeadRouted.v1", stored(EXAMPLES[LeadRouted]).data.replace(b"0b9c7a52-", b"zzzzzzzz-")),
    ],
)
def test_what_cannot_be_read_is_shown_as_unreadable(topic: str, data: bytes) -> None:
    recorded = codec.decode(row(topic, data))
    assert isinstance(recorded.event, Unreadable)
    assert recorded.event.topic == topic
    assert topic in recorded.event.problem
    assert (recorded.stream, recorded.version, recorded.position) == (STREAM, 3, 7)


def test_the_problem_does_not_quote_what_stands_in_the_event() -> None:
    recorded = codec.decode(row("LeadRouted.v1", b'{"at":"Ada Lovelace"}'))
    assert isinstance(recorded.event, Unreadable)
    assert "Lovelace" not in recorded.event.problem


def test_an_old_form_is_read_through_all_its_upcasters(monkeypatch: pytest.MonkeyPatch) -> None:
    def second(fields: dict[str, Any]) -> dict[str, Any]:
        return fields | {"group": fields["squad"]}

    def third(fields: dict[str, Any]) -> dict[str, Any]:
        return fields | {"team": fields["group"]}

    monkeypatch.setitem(codec.UPCASTERS, "LeadMoved.v1", ("LeadMoved.v2", second))
    monkeypatch.setitem(codec.UPCASTERS, "LeadMoved.v2", ("LeadRouted.v1", third))
    data = stored(EXAMPLES[LeadRouted]).data.replace(b'"team"', b'"squad"')
    recorded = codec.decode(row("LeadMoved.v1", data))
    assert recorded.event == EXAMPLES[LeadRouted]
    assert recorded.command_id == COMMAND


def test_upcasters_that_lead_in_a_circle_are_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(codec.UPCASTERS, "LeadMoved.v1", ("LeadMoved.v2", lambda fields: fields))
    monkeypatch.setitem(codec.UPCASTERS, "LeadMoved.v2", ("LeadMoved.v1", lambda fields: fields))
    assert isinstance(codec.decode(row("LeadMoved.v1", stored(EXAMPLES[LeadRouted]).data)).event, Unreadable)
