"""What the inside asks of the log."""

from uuid import UUID

from domain.identity import LeadId, lead_stream
from domain.log import Append, CommandIdReused

LEAD = LeadId("9d5f4a3e-0000-4000-8000-000000000001")


def test_an_append_may_hold_nothing_but_the_command_itself() -> None:
    """Then only the command id is remembered, so that its answer stays the same."""
    command_id = UUID(int=1)
    append = Append(
        command_id=command_id, fingerprint=b"f" * 32, stream=lead_stream(LEAD), expected_version=0, events=()
    )
    assert (append.caused_by, append.guards, append.sealed, append.keys) == (None, (), (), ())


def test_a_command_id_is_one_wish() -> None:
    assert CommandIdReused().sentence == (
        "This Idempotency-Key was used before for a different request; use a new key for a new request."
    )
