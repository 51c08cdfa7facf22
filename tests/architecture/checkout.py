"""What the architecture tests look at: the files of this checkout and what each of them imports."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "commands", "projections", "adapters", "services")
CODE = (*PACKAGES, "tests", "benchmarks")
NOT_OURS = {"__pycache__", "mutants", "build", "dist", "uv.lock"}


def files() -> Iterator[Path]:
    """Every file of the repository, found without git, so that an unpacked archive is checked too."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name == ".ci" or not (name.startswith(".") or name in NOT_OURS)]
        yield from (Path(folder, name) for name in names if name not in NOT_OURS and not name.startswith(".coverage"))


def python_files(*folders: str) -> list[Path]:
    """Every Python file under these top-level folders."""
    return sorted(file for file in files() if file.suffix == ".py" and file.relative_to(ROOT).parts[0] in folders)


def imports(file: Path) -> set[str]:
    """Every module a file imports, as a full dotted name; `from services import wiring` counts as services.wiring."""
    found = set[str]()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = absolute(file, node)
            found |= {f"{base}.{alias.name}" for alias in node.names} if base in PACKAGES else {base}
    return found


def absolute(file: Path, node: ast.ImportFrom) -> str:
    """Spell a relative import out."""
    package = file.relative_to(ROOT).parent.parts
    above = package[: len(package) - node.level + 1] if node.level else ()
    return ".".join((*above, *([node.module] if node.module else [])))


def top(module: str) -> str:
    """`psycopg.rows` belongs to psycopg."""
    return module.partition(".")[0]


def part(module: str) -> str:
    """`services.api.routes` is a part of api."""
    return module.split(".")[1] if "." in module else ""


def module_of(file: Path) -> str:
    """`services/api/routes.py` is services.api.routes."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


def has_main(file: Path) -> bool:
    """A process is a module that can be started: it defines `main`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "main" for node in tree.body)


def processes() -> set[str]:
    """The modules of services/ that run on their own in production, by name."""
    alone = {file.stem for file in (ROOT / "services").glob("*.py") if has_main(file)}
    packages = {file.parent.name for file in (ROOT / "services").glob("*/__main__.py")}
    return (alone | packages) - {"cli", "up", "wiring", "settings"}
