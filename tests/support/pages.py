"""A page of the documentation that tells its reader what to do: it is done, block by block, in one shell."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.support.product import ROOT, Product

NEXT = "=== next block ==="


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def followed(page: str, product: Product, folder: Path) -> list[str]:
    """What each block answers, in order."""
    cli = f"{shlex.quote(sys.executable)} -m services.cli"
    script = f"\necho '{NEXT}'\n".join(blocks(page, "bash"))
    script = script.replace("./leadledger", cli).replace("http://127.0.0.1:8000", product.url)
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        env={**product.environment, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split(f"{NEXT}\n")
