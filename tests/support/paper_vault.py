"""A vault that only pretends to encrypt, for stories about the desk; the real one has tests of its own."""

import hashlib
from collections.abc import Mapping, Sequence
from uuid import uuid4

from domain.event import Sealed
from domain.identity import StreamId
from domain.log import SealedRow, WrappedKey


class PaperVault:
    def __init__(self) -> None:
        self.plaintexts: dict[str, bytes] = {}

    def fingerprint(self, wish: bytes) -> bytes:
        return hashlib.sha256(wish).digest()

    async def seal(
        self, subject: StreamId, parts: Sequence[tuple[str, str, bytes]], *, new: bool = False
    ) -> tuple[Mapping[str, Sealed], tuple[SealedRow, ...], tuple[WrappedKey, ...]]:
        key_id = uuid4()
        rows = [SealedRow(uuid4(), subject, key_id, kind, b"locked") for _, kind, _ in parts]
        sealed = {}
        for (field, _, plaintext), row in zip(parts, rows, strict=True):
            self.plaintexts[str(row.ref)] = plaintext
            sealed[field] = Sealed(str(subject), str(row.ref), "0" * 64)
        return sealed, tuple(rows), (WrappedKey(key_id, subject, "2026-11", b"wrapped"),)
