"""Which lead another system's reference has become: whoever holds the vault's key can tell."""

import hmac
from pathlib import Path

from adapters.vault import KeyFile
from domain.identity import LeadId, lead_known_elsewhere_as


def imported_as(system: str, reference: str, vault_key: Path) -> LeadId:
    key = KeyFile.read(vault_key).fingerprint
    return lead_known_elsewhere_as(system, reference, lambda words: hmac.digest(key, words, "sha256"))
