"""What is personal lies in the vault, opens with the right key only, and cannot be moved or changed unseen."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from adapters.vault import KeyFile, SealBroken, Vault, VaultKeyMissing
from domain.identity import StreamId
from domain.log import SealedRow, WrappedKey

NOVEMBER = datetime(2026, 11, 23, tzinfo=UTC)
NAME = [("contact", "contact", b'{"name":"Ines Canary"}')]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    KeyFile.create(tmp_path / "vault.key", NOVEMBER)
    return tmp_path / "vault.key"


@pytest.fixture
async def pool(database: str) -> AsyncIterator[AsyncConnectionPool]:
    async with AsyncConnectionPool(database, min_size=1, max_size=2, kwargs={"autocommit": True}, open=False) as pool:
        yield pool


async def store(
    pool: AsyncConnectionPool, rows: tuple[SealedRow, ...], keys: tuple[WrappedKey, ...], after_position: int = 0
) -> None:
    async with pool.connection() as connection:
        for key in keys:
            await connection.execute(
                "INSERT INTO vault.data_keys VALUES (%s, %s, %s, %s)", (key.key_id, key.subject, key.epoch, key.wrapped)
            )
        for row in rows:
            await connection.execute(
                "INSERT INTO vault.sealed VALUES (%s, %s, %s, %s, %s, %s)",
                (row.ref, row.subject, row.key_id, row.kind, row.ciphertext, after_position),
            )


async def test_what_was_sealed_opens_again_also_in_another_process(key_file: Path, pool: AsyncConnectionPool) -> None:
    subject = StreamId(uuid4())
    sealed, rows, keys = await Vault(KeyFile.read(key_file), pool).seal(subject, NAME)
    await store(pool, rows, keys)

    opened = await Vault(KeyFile.read(key_file), pool).open(sealed.values())

    assert opened == {sealed["contact"].ref: b'{"name":"Ines Canary"}'}


async def test_nothing_of_the_plaintext_is_in_what_is_stored(key_file: Path, pool: AsyncConnectionPool) -> None:
    sealed, rows, keys = await Vault(KeyFile.read(key_file), pool).seal(StreamId(uuid4()), NAME)
    assert b"Canary" not in b"".join([rows[0].ciphertext, keys[0].wrapped, repr(sealed).encode()])


async def test_a_subject_keeps_its_key(key_file: Path, pool: AsyncConnectionPool) -> None:
    subject = StreamId(uuid4())
    vault = Vault(KeyFile.read(key_file), pool)
    _, rows, keys = await vault.seal(subject, NAME)
    await store(pool, rows, keys)

    _, later, new = await vault.seal(subject, NAME)
    _, elsewhere, also_new = await Vault(KeyFile.read(key_file), pool).seal(subject, NAME)

    assert (new, also_new) == ((), ())
    assert {row.key_id for row in (*rows, *later, *elsewhere)} == {keys[0].key_id}


async def test_two_that_draw_a_key_at_once_lose_nothing(key_file: Path, pool: AsyncConnectionPool) -> None:
    subject = StreamId(uuid4())
    one, two = (Vault(KeyFile.read(key_file), pool) for _ in range(2))
    first, second = await one.seal(subject, NAME), await two.seal(subject, NAME)
    for _, rows, keys in (first, second):
        await store(pool, rows, keys)

    opened = await one.open([first[0]["contact"], second[0]["contact"]])

    assert len(opened) == 2


async def test_a_row_moved_to_another_subject_does_not_open(key_file: Path, pool: AsyncConnectionPool) -> None:
    mine, other = StreamId(uuid4()), StreamId(uuid4())
    vault = Vault(KeyFile.read(key_file), pool)
    sealed, rows, keys = await vault.seal(mine, NAME)
    await store(pool, tuple(replace(row, subject=other) for row in rows), keys)

    with pytest.raises(SealBroken, match="does not open"):
        await vault.open([replace(sealed["contact"], subject=str(other))])


async def test_a_row_that_was_exchanged_is_told_from_the_one_on_record(
    key_file: Path, pool: AsyncConnectionPool
) -> None:
    vault = Vault(KeyFile.read(key_file), pool)
    sealed, rows, keys = await vault.seal(StreamId(uuid4()), NAME)
    await store(pool, (replace(rows[0], ciphertext=rows[0].ciphertext[:-1] + b"?"),), keys)

    with pytest.raises(SealBroken, match="not the one that the log speaks of"):
        await vault.open(sealed.values())


async def test_a_data_key_does_not_open_with_another_key_file(
    key_file: Path, pool: AsyncConnectionPool, tmp_path: Path
) -> None:
    sealed, rows, keys = await Vault(KeyFile.read(key_file), pool).seal(StreamId(uuid4()), NAME)
    await store(pool, rows, keys)
    KeyFile.create(tmp_path / "another.key", NOVEMBER)

    with pytest.raises(SealBroken, match="wrapped with another key file"):
        await Vault(KeyFile.read(tmp_path / "another.key"), pool).open(sealed.values())


async def test_a_data_key_of_an_epoch_that_the_file_lacks_is_said_to_be_so(
    key_file: Path, pool: AsyncConnectionPool, tmp_path: Path
) -> None:
    sealed, rows, keys = await Vault(KeyFile.read(key_file), pool).seal(StreamId(uuid4()), NAME)
    await store(pool, rows, keys)
    KeyFile.create(tmp_path / "later.key", datetime(2027, 1, 1, tzinfo=UTC))

    with pytest.raises(VaultKeyMissing, match="lacks epoch 2026-11"):
        await Vault(KeyFile.read(tmp_path / "later.key"), pool).open(sealed.values())


async def test_the_newest_of_a_kind_by_the_log_is_what_is_shown(key_file: Path, pool: AsyncConnectionPool) -> None:
    subject, nobody = StreamId(uuid4()), StreamId(uuid4())
    vault = Vault(KeyFile.read(key_file), pool)
    for name, after_position in ((b"wrong", 7), (b"right", 12), (b"older", 3)):
        _, rows, keys = await vault.seal(subject, [("contact", "contact", name), ("note", "note", b"-")])
        await store(pool, rows, keys, after_position)

    assert await vault.latest([subject, nobody], "contact") == {subject: b"right"}


async def test_what_was_erased_is_left_out(key_file: Path, pool: AsyncConnectionPool) -> None:
    vault = Vault(KeyFile.read(key_file), pool)
    sealed, _, _ = await vault.seal(StreamId(uuid4()), NAME)
    assert await vault.open(sealed.values()) == {}
    assert await vault.open([]) == {}


def test_a_fingerprint_cannot_be_made_without_the_file(key_file: Path, tmp_path: Path) -> None:
    KeyFile.create(tmp_path / "another.key", NOVEMBER)
    ours, theirs = (Vault(KeyFile.read(path), None) for path in (key_file, tmp_path / "another.key"))  # type: ignore[arg-type]
    assert ours.fingerprint(b"wish") == ours.fingerprint(b"wish") != theirs.fingerprint(b"wish")
    assert len(ours.fingerprint(b"wish")) == 32


def test_a_fingerprint_stays_when_the_epoch_changes(key_file: Path) -> None:
    """Ids of leads and pseudonyms of people are made with it, so that importing again doubles nothing."""
    before = KeyFile.read(key_file)
    later = replace(before, current="2027-01", epochs={"2027-01": b"\0" * 32})
    then, now = (Vault(keys, None).fingerprint(b"wish") for keys in (before, later))  # type: ignore[arg-type]
    assert then == now


def test_an_existing_key_file_is_left_alone_and_only_its_owner_reads_it(key_file: Path) -> None:
    before = key_file.read_bytes()
    KeyFile.create(key_file, NOVEMBER)
    assert key_file.read_bytes() == before
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in key_file.parent.iterdir()] == ["vault.key"]


def test_a_missing_key_file_says_where_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(VaultKeyMissing, match=r"no vault key at .*vault\.key.*LEADLEDGER_VAULT_KEY_FILE"):
        KeyFile.read(tmp_path / "vault.key")


@pytest.mark.parametrize("text", ["", "[]", "{}", "\xff", '{"current": 1, "epochs": {"a": "!"}, "fingerprint": ""}'])
def test_a_key_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "vault.key").write_text(text, encoding="latin-1")
    with pytest.raises(VaultKeyMissing, match="cannot be used"):
        KeyFile.read(tmp_path / "vault.key")


def test_a_key_file_with_a_short_key_is_refused(key_file: Path) -> None:
    told = json.loads(key_file.read_text())
    key_file.write_text(json.dumps(told | {"fingerprint": "AAAA"}))
    with pytest.raises(VaultKeyMissing, match="damaged"):
        KeyFile.read(key_file)


async def test_the_vault_refuses_rows_to_nobody_but_the_desk(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, options="-c role=leadledger_projector") as projector:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await projector.execute("SELECT * FROM vault.sealed")
