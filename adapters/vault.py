"""The vault keeps what is personal, encrypted with one key per subject, so that a subject can be forgotten."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg_pool import AsyncConnectionPool

from domain.event import Sealed
from domain.identity import StreamId
from domain.log import SealedRow, WrappedKey

NONCE_BYTES = 12
REMEMBERED_KEYS = 10_000


class VaultKeyMissing(Exception):
    """The vault's key file cannot be used."""


class SealBroken(Exception):
    """A row of the vault is not what the record says: its hash or its seal does not match."""


@dataclass(frozen=True)
class KeyFile:
    """The keys that PostgreSQL never sees, from a file outside of it."""

    current: str
    """The epoch whose key wraps new data keys."""
    epochs: Mapping[str, bytes]
    fingerprint: bytes
    """Of no epoch: it stays when those change, since ids of leads and pseudonyms of people are made with it."""

    @classmethod
    def create(cls, path: Path, now: datetime) -> None:
        """Draw new keys into a file that only its owner can read; an existing file is left alone."""
        epoch = now.astimezone(UTC).strftime("%Y-%m")
        drawn = {
            "current": epoch,
            "epochs": {epoch: base64.b64encode(secrets.token_bytes(32)).decode()},
            "fingerprint": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(drawn, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    @classmethod
    def read(cls, path: Path) -> KeyFile:
        """The keys in the file. Raises VaultKeyMissing."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            epochs = {epoch: base64.b64decode(key, validate=True) for epoch, key in told["epochs"].items()}
            file = cls(told["current"], epochs, base64.b64decode(told["fingerprint"], validate=True))
        except FileNotFoundError as missing:
            raise VaultKeyMissing(
                f"There is no vault key at {path}. Without it personal data cannot be read: restore it from where "
                "it is kept, or set LEADLEDGER_VAULT_KEY_FILE to its place."
            ) from missing
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as broken:
            raise VaultKeyMissing(
                f"The vault key at {path} cannot be used ({type(broken).__name__}); restore it from where it is kept."
            ) from broken
        if any(len(key) != 32 for key in (*epochs.values(), file.fingerprint)) or file.current not in epochs:
            raise VaultKeyMissing(f"The vault key at {path} is damaged; restore it from where it is kept.")
        return file


class Vault:
    """Seals on the way in, opens on the way out; new rows are stored by the log, together with their events."""

    def __init__(self, keys: KeyFile, pool: AsyncConnectionPool) -> None:
        self._keys = keys
        self._pool = pool
        self._data_keys: OrderedDict[UUID, bytes] = OrderedDict()
        self._latest: OrderedDict[StreamId, UUID] = OrderedDict()

    def fingerprint(self, wish: bytes) -> bytes:
        """A keyed hash, so that a guess at what was wished cannot be checked without the key. 32 bytes."""
        return hmac.digest(self._keys.fingerprint, wish, "sha256")

    async def seal(
        self, subject: StreamId, parts: Sequence[tuple[str, str, bytes]], *, new: bool = False
    ) -> tuple[Mapping[str, Sealed], tuple[SealedRow, ...], tuple[WrappedKey, ...]]:
        """Encrypt each part (its field, its kind, its plaintext) with the subject's key, a new one if it has none.

        Two at once may each draw a key for one subject; both keys are kept, since each row names its own. About a
        `new` subject nothing was ever on record, so no key is looked for.
        """
        key_id, data_key, drawn = self._draw(subject) if new else await self._key_of(subject)
        sealed: dict[str, Sealed] = {}
        rows: list[SealedRow] = []
        for field, kind, plaintext in parts:
            ref = uuid4()
            nonce = secrets.token_bytes(NONCE_BYTES)
            ciphertext = nonce + AESGCM(data_key).encrypt(nonce, plaintext, _place(subject, ref))
            rows.append(SealedRow(ref, subject, key_id, kind, ciphertext))
            sealed[field] = Sealed(str(subject), str(ref), hashlib.sha256(ciphertext).hexdigest())
        return sealed, tuple(rows), drawn

    async def open(self, sealed: Iterable[Sealed]) -> dict[str, bytes]:
        """The plaintext of each, by its ref; what was erased is left out. Raises SealBroken."""
        wanted = {UUID(one.ref): one for one in sealed}
        if not wanted:
            return {}
        async with self._pool.connection() as connection:
            rows = await (
                await connection.execute(
                    """
                    SELECT sealed.ref, sealed.key_id, sealed.ciphertext, data_keys.epoch, data_keys.wrapped
                    FROM vault.sealed
                    JOIN vault.data_keys USING (key_id)
                    WHERE sealed.ref = ANY(%s)
                    """,
                    (list(wanted),),
                )
            ).fetchall()
        return {
            str(ref): self._opened(wanted[ref], self._unwrapped(UUID(wanted[ref].subject), key_id, epoch, wrapped), row)
            for ref, key_id, row, epoch, wrapped in rows
        }

    async def latest(self, subjects: Sequence[StreamId], kind: str) -> dict[StreamId, bytes]:
        """The newest row of one kind for each subject that has one, opened. Raises SealBroken."""
        async with self._pool.connection() as connection:
            rows = await (
                await connection.execute(
                    """
                    SELECT DISTINCT ON (sealed.subject)
                        sealed.subject, sealed.ref, sealed.key_id, sealed.ciphertext,
                        data_keys.epoch, data_keys.wrapped
                    FROM vault.sealed
                    JOIN vault.data_keys USING (key_id)
                    WHERE sealed.subject = ANY(%s) AND sealed.kind = %s
                    ORDER BY sealed.subject, sealed.after_position DESC, sealed.ref
                    """,
                    (list(subjects), kind),
                )
            ).fetchall()
        opened = {}
        for subject, ref, key_id, ciphertext, epoch, wrapped in rows:
            seal = Sealed(str(subject), str(ref), hashlib.sha256(ciphertext).hexdigest())
            opened[subject] = self._opened(seal, self._unwrapped(subject, key_id, epoch, wrapped), ciphertext)
        return opened

    async def _key_of(self, subject: StreamId) -> tuple[UUID, bytes, tuple[WrappedKey, ...]]:
        key_id = self._latest.get(subject)
        if key_id is not None and key_id in self._data_keys:
            return key_id, self._data_keys[key_id], ()
        async with self._pool.connection() as connection:
            row = await (
                await connection.execute(
                    "SELECT key_id, epoch, wrapped FROM vault.data_keys WHERE subject = %s LIMIT 1", (subject,)
                )
            ).fetchone()
        if row is not None:
            key_id, epoch, wrapped = row
            data_key = self._unwrapped(subject, key_id, epoch, wrapped)
            self._latest[subject] = key_id
            _bound(self._latest)
            return key_id, data_key, ()
        return self._draw(subject)

    def _draw(self, subject: StreamId) -> tuple[UUID, bytes, tuple[WrappedKey, ...]]:
        key_id, data_key = uuid4(), secrets.token_bytes(32)
        return key_id, data_key, (self._wrapped(subject, key_id, data_key),)

    def _wrapped(self, subject: UUID, key_id: UUID, data_key: bytes) -> WrappedKey:
        nonce = secrets.token_bytes(NONCE_BYTES)
        wrapping = AESGCM(self._keys.epochs[self._keys.current])
        wrapped = nonce + wrapping.encrypt(nonce, data_key, _place(subject, key_id))
        return WrappedKey(key_id, StreamId(subject), self._keys.current, wrapped)

    def _unwrapped(self, subject: UUID, key_id: UUID, epoch: str, wrapped: bytes) -> bytes:
        if key_id in self._data_keys:
            return self._data_keys[key_id]
        if epoch not in self._keys.epochs:
            raise VaultKeyMissing(f"The vault's key file lacks epoch {epoch}; restore it from where it is kept.")
        try:
            opened = AESGCM(self._keys.epochs[epoch]).decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _place(subject, key_id)
            )
        except InvalidTag as broken:
            raise SealBroken(f"Data key {key_id} does not open: changed, or wrapped with another key file.") from broken
        self._data_keys[key_id] = opened
        _bound(self._data_keys)
        return opened

    def _opened(self, seal: Sealed, data_key: bytes, ciphertext: bytes) -> bytes:
        if hashlib.sha256(ciphertext).hexdigest() != seal.sha256:
            raise SealBroken(f"Row {seal.ref} of the vault is not the one that the log speaks of.")
        place = _place(UUID(seal.subject), UUID(seal.ref))
        try:
            return AESGCM(data_key).decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], place)
        except InvalidTag as broken:
            raise SealBroken(f"Row {seal.ref} of the vault does not open: it was changed or moved.") from broken


def _place(subject: UUID, ref: UUID) -> bytes:
    """What a ciphertext is bound to, so that no row can be passed off as another."""
    return b"leadledger-vault/v1\0" + subject.bytes + ref.bytes


def _bound(remembered: OrderedDict[UUID, bytes] | OrderedDict[StreamId, UUID]) -> None:
    while len(remembered) > REMEMBERED_KEYS:
        remembered.popitem(last=False)
