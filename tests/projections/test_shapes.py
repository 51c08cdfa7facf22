"""A read model whose tables change is another version, or a folder that holds the old one could not be used again."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from projections.projector import Projection
from services.projector import PROJECTIONS

GOLDEN = Path(__file__).with_name("shapes.json")


def shape(projection: Projection) -> str:
    told = [" ".join([table.name, *table.columns.split(), *table.indexes]) for table in projection.tables]
    return f"version {projection.version}: {sha256(chr(10).join(told).encode()).hexdigest()}"


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_whoever_changes_a_table_raises_its_version(projection: Projection) -> None:
    """Then put the new shape into shapes.json: `python -m tests.projections.test_shapes`."""
    assert shape(projection) == json.loads(GOLDEN.read_text())[projection.name]


if __name__ == "__main__":
    shapes = {projection.name: shape(projection) for projection in PROJECTIONS}
    GOLDEN.write_text(json.dumps(shapes, indent=2, sort_keys=True) + "\n")
