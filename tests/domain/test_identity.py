"""Names are fit to be on record for ever, and lead to the same stream for ever."""

import hmac
from uuid import RFC_4122, UUID

import pytest

from domain.identity import (
    LeadId,
    NameIsUnfit,
    PersonId,
    SourceId,
    TeamId,
    fit,
    keyed_id,
    lead_known_elsewhere_as,
    lead_stream,
    person_stream,
    source_stream,
    team_stream,
)


def fingerprint(words: bytes) -> bytes:
    return hmac.digest(b"a key in a file", words, "sha256")


def another_fingerprint(words: bytes) -> bytes:
    return hmac.digest(b"another key", words, "sha256")


def test_the_same_name_leads_to_the_same_stream_for_ever() -> None:
    """Changing any of these cuts the product off from what it has stored."""
    assert str(person_stream(PersonId("x"))) == "2a3cd1bb-abbf-510f-be6a-9dcba65b512a"
    assert str(team_stream(TeamId("x"))) == "29b24797-0e05-597d-be6f-9a20d43db360"
    assert str(source_stream(SourceId("x"))) == "1174f2be-81d8-5bea-8179-24503cf827ba"
    assert lead_known_elsewhere_as("crm", "x", fingerprint) == "08ed5309-c6e0-8439-9daa-f918797a16a1"


def test_a_lead_is_its_own_stream() -> None:
    lead = LeadId("9d5f4a3e-0000-4000-8000-000000000001")
    assert lead_stream(lead) == UUID(lead)


def test_leads_of_two_systems_are_two_leads() -> None:
    assert lead_known_elsewhere_as("crm", "1", fingerprint) != lead_known_elsewhere_as("shop", "1", fingerprint)
    assert lead_known_elsewhere_as("a", "b|c", fingerprint) != lead_known_elsewhere_as("a|b", "c", fingerprint)


def test_whoever_lacks_the_key_cannot_tell_from_an_id_what_it_is_of() -> None:
    """A reference may be an e-mail address, and there are few enough of those to try them all."""
    address = ("lead", "crm", "ada@example.com")
    id = keyed_id(fingerprint, *address)
    assert id == keyed_id(fingerprint, *address)
    assert id != keyed_id(another_fingerprint, *address)
    assert (id.version, id.variant) == (8, RFC_4122)
    drawn = [keyed_id(fingerprint, f"{number}").bytes[8] for number in range(64)]
    assert {byte & 0xC0 for byte in drawn} == {0x80}
    assert {byte & 1 for byte in drawn} == {0, 1}


@pytest.mark.parametrize("name", ["a", "7", "rep-7", "a.b_c-d", "0f" * 16, "x" * 64])
def test_a_pseudonym_is_fit_for_the_record(name: str) -> None:
    assert fit(PersonId(name)) == name


@pytest.mark.parametrize(
    "name", ["", "Anna", "anna schmidt", "anna@example.org", "-anna", "anna-", "x" * 65, "anna\n", "änna", ".", "a/b"]
)
def test_anything_else_is_not_and_is_not_repeated(name: str) -> None:
    with pytest.raises(NameIsUnfit) as refused:
        fit(PersonId(name))
    assert refused.value.sentence == (
        "A name that stays on record has 1 to 64 small letters, digits, dots, hyphens and underscores: a pseudonym."
    )
    assert refused.value.about == {}
