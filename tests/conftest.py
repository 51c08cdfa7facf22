"""What every test may ask for."""

import pytest

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
