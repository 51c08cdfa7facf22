"""What every test may ask for."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.vault import KeyFile
from services.settings import Settings

# The words of given/when/then are asserts in a module of their own; pytest explains those only when told beforehand.
pytest.register_assert_rewrite("tests.support")

from tests.support.postgres import (  # noqa: E402 - after the line above, which must come first
    database,
    database_with_schema,
    empty_database,
    postgres_server,
    server_folder,
    stopped_server_folder,
    used_folder,
)

__all__ = [
    "database",
    "database_with_schema",
    "empty_database",
    "postgres_server",
    "server_folder",
    "stopped_server_folder",
    "used_folder",
]


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    vault_key = tmp_path / "vault.key"
    KeyFile.create(vault_key, datetime.now(UTC))
    return Settings(home=tmp_path, dsn=database, vault_key_file=vault_key)
