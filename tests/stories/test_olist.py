"""Eight thousand real leads are imported as history, and the answers equal a count by hand."""

import csv
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.ids import imported_as
from tests.support.postgres import reachable_folder
from tests.support.product import ROOT, Product

DATA = ROOT.parent / "shared" / "data" / "olist"
LEADS, DEALS = DATA / "olist_marketing_qualified_leads_dataset.csv", DATA / "olist_closed_deals_dataset.csv"

pytestmark = [
    pytest.mark.skipif(not LEADS.exists(), reason=f"NOT TESTED: the leads of Olist are not at {DATA}"),
    pytest.mark.xdist_group("olist"),
]

# The last instant of that day in São Paulo; no day of the file has an hour, so a day is in or out as a whole.
END_OF_MAY = "2018-05-31T23:59:59.999999-03:00"
BY_ORIGIN = {
    "organic-search": (271, 2296),
    "paid-search": (195, 1586),
    "social": (75, 1350),
    "unknown": (179, 1099),
    "direct-traffic": (56, 499),
    "email": (15, 493),
}


@dataclass
class Imported:
    product: Product
    report: dict[str, Any]
    auditor: str

    def ask(self, path: str) -> Any:
        status, told = self.product.ask(path, self.auditor)
        assert status == 200, told
        return told

    def counts(self, **asked: str) -> dict[str | None, tuple[int, int]]:
        """Won and all, by source."""
        words = "".join(f"&{name}={value}" for name, value in asked.items())
        position = self.product.events()
        told = self.ask(f"/leads/count?group_by=source&after={position}{words}")
        return {one["group"]["source"]: (one["converted"], one["total"]) for one in told["items"]}


@pytest.fixture(scope="module")
def imported() -> Iterator[Imported]:
    with reachable_folder() as folder, Product(folder / "home", "--no-example") as product:
        report = import_olist(product)
        key = cli(product, "keys", "create", "auditor-1", "--role", "auditor", "--as", "admin", "--json")
        yield Imported(product, report, key["key"])


def import_olist(product: Product) -> dict[str, Any]:
    words = (
        "--mapping",
        str(ROOT / "docs" / "olist.toml"),
        "--join",
        str(DEALS),
        "--register",
        "--as",
        "admin",
        "--json",
    )
    return cli(product, "import", "leads", str(LEADS), *words)


def cli(product: Product, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "services.cli", *words]
    done = subprocess.run(command, env=product.environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def counted_by_hand(until_day: str = "9999") -> dict[str | None, tuple[int, int]]:
    """The same question to the files themselves, in plain Python."""
    with DEALS.open(encoding="utf-8") as deals:
        won_on = {row["mql_id"]: row["won_date"][:10] for row in csv.DictReader(deals)}
    leads, won = Counter[str | None](), Counter[str | None]()
    with LEADS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["first_contact_date"] <= until_day:
                source = row["origin"].replace("_", "-").replace(" ", "-") or None
                leads[source] += 1
                won[source] += won_on.get(row["mql_id"], "9999-99") <= until_day
    return {source: (won[source], leads[source]) for source in leads}


def test_in_total_and_by_origin_the_answers_are_the_known_figures(imported: Imported) -> None:
    counts = imported.counts()
    assert {source: counts[source] for source in BY_ORIGIN} == BY_ORIGIN
    assert plain(counts) == plain(counted_by_hand())
    [everything] = imported.ask("/leads/count")["items"]
    assert (everything["total"], everything["converted"], everything["open"]) == (8000, 842, 7158)


def test_as_of_the_end_of_may_the_answers_are_what_was_so_then(imported: Imported) -> None:
    counts = imported.counts(as_of=END_OF_MAY)
    assert plain(counts) == plain(counted_by_hand("2018-05-31"))
    won, all_leads = map(sum, zip(*counts.values(), strict=True))
    assert 0 < won < 842
    assert 0 < all_leads <= 8000


def test_as_it_was_known_before_the_import_there_was_nothing(imported: Imported) -> None:
    assert imported.counts(as_known="2018-06-01T00:00:00Z") == {}


def test_the_traps_in_the_data_are_told(imported: Imported) -> None:
    assert imported.report["rejected"] == []
    notes = {note["name"]: note["count"] for note in imported.report["notes"]}
    assert notes.pop("endings_start_late") == 174
    assert notes == {
        "ended_before_arrival": 1,
        "arrived_without_hour": 8000,
        "without_source": 60,
        "owners_of_won_only": 842,
    }


def test_what_was_won_before_it_arrived_is_told_in_the_order_in_which_it_happened(imported: Imported) -> None:
    [line] = next(note["lines"] for note in imported.report["notes"] if note["name"] == "ended_before_arrival")
    reference = LEADS.read_text(encoding="utf-8").splitlines()[line - 1].split(",")[0]
    lead = imported_as("olist", reference, imported.product.home / "vault.key")
    told = imported.ask(f"/leads/{lead}/timeline")
    assert [one["what"] for one in told["items"]] == ["LeadConverted", "LeadCreated", "LeadAssigned"]


def test_importing_again_doubles_nothing(imported: Imported) -> None:
    events, counts = imported.product.events(), imported.counts()
    again = import_olist(imported.product)
    assert (again["leads"], again["events"], again["registered"]) == ({"unchanged": 8000}, {}, {})
    assert imported.product.events() == events
    assert imported.counts() == counts


def plain(counts: dict[str | None, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    return {str(source): count for source, count in counts.items()}
