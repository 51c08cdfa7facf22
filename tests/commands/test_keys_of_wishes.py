"""A wish that comes with a key is one wish, and its id tells nobody what the key was."""

from commands.lead import CreateLead
from domain.access import Principal
from tests.commands.story import BY_MANAGER, BY_OTHER_REP, BY_REP, Office, new_lead
from tests.support.paper_vault import PaperVault


class VaultOfAnotherPlace(PaperVault):
    def fingerprint(self, wish: bytes) -> bytes:
        return super().fingerprint(b"with another key" + wish)


def importer(who: str) -> Principal:
    return Principal(id=who, role="service", via="import", scopes=frozenset({"lead.create"}))


async def test_from_the_id_of_a_command_nobody_can_tell_the_key() -> None:
    """People take e-mail addresses for keys, and there are few enough of those to try them all."""
    here, there = Office(), Office(vault=VaultOfAnotherPlace())
    first = await here.do(new_lead(), CreateLead(), key="ada@example.com")
    again = await Office().do(new_lead(), CreateLead(), key="ada@example.com")
    elsewhere = await there.do(new_lead(), CreateLead(), key="ada@example.com")
    assert first.command_id == again.command_id != elsewhere.command_id


async def test_two_callers_may_use_the_same_key() -> None:
    office = Office()
    receipts = [await office.do(new_lead(), CreateLead(), by, key="1") for by in (BY_MANAGER, BY_REP, BY_OTHER_REP)]
    assert len({receipt.command_id for receipt in receipts}) == 3
    assert not any(receipt.repeated for receipt in receipts)


async def test_what_is_copied_is_one_wish_whoever_copies_it() -> None:
    office, lead, key = Office(), new_lead(), "import:crm:7:create"
    first = await office.do(lead, CreateLead(), importer("admin-1"), key=key, history=True)
    again = await office.do(lead, CreateLead(), importer("admin-2"), key=key, history=True)
    assert again.repeated
    assert again.command_id == first.command_id
    assert [event.by.id for event in await office.told(lead)] == ["admin-1"]
