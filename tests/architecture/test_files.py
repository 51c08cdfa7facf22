"""What every file of the repository has in common, and what none of them may contain."""

import ast
import re
import tomllib

import pytest

from tests.architecture.checkout import CODE, PACKAGES, ROOT, files, python_files

# Put together here, so that this file does not contain what it looks for.
HOSTS = [".".join(host) for host in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("crates", "io"))]
HOMES = ["/".join(("", home, "")) for home in ("root", "work", "tmp/tools")]
FORBIDDEN_SWITCHES = ["_".join(("ENABLE", "DB", "FUNCTIONS")), "".join(("DCB", "Recorder"))]


def test_no_file_names_a_registry_or_a_path_of_the_machine_it_was_written_on() -> None:
    telling = re.compile("|".join([*map(re.escape, HOSTS), *(rf"(?<![\w.}}]){home}" for home in HOMES)]))
    found = {
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for file in files()
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if telling.search(line)
    }
    assert not found


@pytest.mark.parametrize("switch", FORBIDDEN_SWITCHES)
def test_what_loses_events_for_readers_is_never_switched_on(switch: str) -> None:
    """The library can append through database functions, and has a recorder for dynamic boundaries; both leave gaps."""
    read = [*python_files(*PACKAGES, "benchmarks"), ROOT / "compose.yaml", ROOT / "Dockerfile", ROOT / "pyproject.toml"]
    assert [str(file) for file in read if switch.lower() in file.read_text(encoding="utf-8").lower()] == []


def test_every_python_file_begins_with_a_sentence_about_itself() -> None:
    wordless = []
    for file in [*python_files(*CODE), ROOT / "leadledger"]:
        text = file.read_text(encoding="utf-8")
        if file.name == "__init__.py" and not text.strip():
            continue
        first = (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")[0]
        if not first.endswith((".", "?", "!")):
            wordless.append(str(file.relative_to(ROOT)))
    assert not wordless


def test_every_folder_of_code_is_a_package() -> None:
    """Without it, pytest would take tests/domain for domain."""
    folders = {file.parent for file in python_files(*PACKAGES, "tests")}
    assert {str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_the_locks_hold_every_dependency_and_agree() -> None:
    product, everything = locked("requirements.lock"), locked("requirements-test.lock")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert names(project["project"]["dependencies"]) <= product.keys()
    assert names(project["dependency-groups"]["dev"]) <= everything.keys()
    assert product.items() <= everything.items()


def locked(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE))


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


def test_what_mutation_testing_leaves_out_is_there() -> None:
    """A test that was called otherwise since would be run again for each of three thousand mutants."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for argument in project["tool"]["mutmut"]["pytest_add_cli_args"]:
        option, _, left_out = argument.partition("=")
        if option in ("--ignore", "--deselect"):
            file, _, test = left_out.partition("::")
            assert (ROOT / file).is_file(), left_out
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8") or not test, left_out
