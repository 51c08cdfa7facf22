"""The import table of the design, beside what import-linter keeps: who may know whom."""

import importlib
import sys
from pathlib import Path

import pytest

from tests.architecture.checkout import PACKAGES, ROOT, imports, module_of, part, processes, python_files, top

MAY_IMPORT = {
    "domain": {"domain"},
    "commands": {"commands", "domain", "pydantic", "pydantic_core"},
    "projections": {"projections", "domain", "psycopg"},
}
# One family, one driver: what speaks to another program on the other side of a socket.
DRIVERS = {
    "psycopg": "PostgreSQL",
    "psycopg_pool": "PostgreSQL",
    "kafka": "Kafka",
    "aiosmtplib": "mail",
    "smtplib": "mail",
    "httpx": "HTTP",
    "requests": "HTTP",
    "urllib3": "HTTP",
}
ENGINE = "projector"


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_imported_from_this_checkout(package: str) -> None:
    assert Path(str(importlib.import_module(package).__file__)) == ROOT / package / "__init__.py"


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_the_inner_packages_import_only_what_the_table_allows(package: str) -> None:
    allowed = MAY_IMPORT[package] | sys.stdlib_module_names
    strangers = {
        (module_of(file), module)
        for file in python_files(package)
        for module in imports(file)
        if top(module) not in allowed
    }
    assert not strangers


def test_only_adapters_import_the_event_store_library() -> None:
    strangers = {
        module_of(file)
        for file in python_files("domain", "commands", "projections", "services")
        if "eventsourcing" in map(top, imports(file))
    }
    assert not strangers


def test_each_adapter_drives_one_thing() -> None:
    driven: dict[str, set[str]] = {}
    for file in python_files("adapters"):
        families = {DRIVERS[top(module)] for module in imports(file) if top(module) in DRIVERS}
        driven.setdefault(part(module_of(file)), set()).update(families)
    assert {adapter: families for adapter, families in driven.items() if len(families) > 1} == {}


def test_projections_know_the_engine_and_not_each_other() -> None:
    entangled = {
        (module_of(file), module)
        for file in python_files("projections")
        for module in imports(file)
        if top(module) == "projections" and part(module) not in {part(module_of(file)), ENGINE, ""}
    }
    assert not entangled


def test_no_process_imports_another() -> None:
    started = processes() | {"cli", "up"}
    entangled = {
        (module_of(file), module)
        for file in python_files("services")
        for module in imports(file)
        if top(module) == "services" and part(module) in started - {part(module_of(file))}
        # `up` is a command of the CLI, in a file of its own.
        if (part(module_of(file)), part(module)) != ("cli", "up")
    }
    assert not entangled
