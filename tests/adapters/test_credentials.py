"""A key opens until it is revoked or expires, and nobody can read it back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from adapters.credentials import Credentials, KeyUnknown


@pytest.fixture
async def credentials(database: str) -> AsyncIterator[Credentials]:
    as_the_desk = {"autocommit": True, "options": "-c role=leadledger_desk"}
    async with AsyncConnectionPool(database, min_size=1, max_size=2, kwargs=as_the_desk, open=False) as pool:
        yield Credentials(pool)


async def created(credentials: Credentials, expires_at: datetime | None = None) -> tuple[str, str]:
    return await credentials.create("rep-1", "rep", scopes=[], created_by="cli", expires_at=expires_at)


async def test_a_key_is_found_by_all_of_it_and_by_nothing_less(credentials: Credentials) -> None:
    id, key = await created(credentials)
    found = await credentials.find(key)
    assert found is not None
    assert (found.id, found.subject, found.role) == (id, "rep-1", "rep")
    assert key.startswith(f"{id}_")
    assert await credentials.find(id) is None
    assert await credentials.find(key[:-1]) is None


async def test_a_used_key_tells_when(credentials: Credentials) -> None:
    id, key = await created(credentials)
    (before,) = await credentials.all()
    await credentials.find(key)
    (after,) = await credentials.all()
    assert before.last_used_at is None
    assert after.last_used_at is not None
    assert after.id == id


async def last_used_at(credentials: Credentials) -> datetime | None:
    (key,) = await credentials.all()
    return key.last_used_at


async def test_use_is_noted_once_a_minute_at_most(credentials: Credentials, database: str) -> None:
    _, key = await created(credentials)
    await credentials.find(key)
    first = await last_used_at(credentials)
    await credentials.find(key)
    assert await last_used_at(credentials) == first is not None
    async with await AsyncConnection.connect(database, autocommit=True) as owner:
        await owner.execute("UPDATE access.api_keys SET last_used_at = last_used_at - interval '61 s'")
    await credentials.find(key)
    assert (await last_used_at(credentials) or first) > first


async def test_a_key_opens_where_nothing_can_be_written(credentials: Credentials, database: str) -> None:
    id, key = await created(credentials)
    on_a_standby = {"autocommit": True, "options": "-c role=leadledger_desk -c default_transaction_read_only=on"}
    async with AsyncConnectionPool(database, min_size=1, max_size=1, kwargs=on_a_standby, open=False) as pool:
        found = await Credentials(pool).find(key)
    assert found is not None
    assert found.id == id
    assert await last_used_at(credentials) is None


async def test_a_revoked_key_opens_nothing_and_stays_on_the_list(credentials: Credentials) -> None:
    id, key = await created(credentials)
    await credentials.revoke(id, by="admin-1")
    (first,) = await credentials.all()
    await credentials.revoke(id, by="admin-2")
    (again,) = await credentials.all()
    assert await credentials.find(key) is None
    assert first.revoked_at == again.revoked_at is not None
    assert (first.created_by, first.revoked_by, again.revoked_by) == ("cli", "admin-1", "admin-1")


async def test_what_services_are_called_stays_known(credentials: Credentials) -> None:
    await created(credentials)
    id, _ = await credentials.create("telephony", "service", scopes=["lead.see"], created_by="admin-1", expires_at=None)
    await credentials.revoke(id, by="admin-1")
    assert await credentials.services() == {"telephony"}


async def test_an_expired_key_opens_nothing(credentials: Credentials) -> None:
    _, key = await created(credentials, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    _, living = await created(credentials, expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert await credentials.find(key) is None
    assert await credentials.find(living) is not None


async def test_revoking_a_key_that_never_was_is_said_to_be_so(credentials: Credentials) -> None:
    with pytest.raises(KeyUnknown, match="no key lk_0; `leadledger keys list`"):
        await credentials.revoke("lk_0", by="admin-1")


async def test_the_key_itself_is_nowhere_in_the_database(credentials: Credentials, database: str) -> None:
    _, key = await created(credentials)
    async with credentials._pool.connection() as connection:
        row = await (await connection.execute("SELECT api_keys::text FROM access.api_keys")).fetchone()
    assert row is not None
    assert key.rpartition("_")[2] not in row[0]
