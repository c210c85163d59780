"""The sample files beside the repository hold the bars of every format (`python -m benchmarks.corpus` shows them)."""

from __future__ import annotations

import json

import polars as pl
import pytest

from benchmarks.corpus import GROUPS, Group, Verdict, verdicts
from encours.connectors.base.contract import Options, Source, connectors
from tests.shared import shared_path

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def found() -> list[Verdict]:
    """Every sample file, read and compared once."""
    shared_path("corpus/MANIFEST.csv")
    return list(verdicts())


@pytest.mark.parametrize("group", [group for group in GROUPS if group.bar is not None], ids=lambda group: group.name)
def test_expected_facts_come_out_right(group: Group, found: list[Verdict]) -> None:
    of_group = [verdict for verdict in found if verdict.group is group]
    assert of_group, "the manifest has no such file"
    wrong = [verdict for verdict in of_group if verdict.faults]
    assert group.bar is not None
    assert 1 - len(wrong) / len(of_group) >= group.bar, "\n".join(f"{v.file}: {'; '.join(v.faults)}" for v in wrong)


def test_every_status_message_tells_its_invoice_and_status() -> None:
    """The platforms' examples, as the manifest describes them."""
    rows = pl.read_csv(shared_path("corpus/MANIFEST.csv")).filter(pl.col("format") == "cdar")
    reader = connectors()["cdar"]
    seen = 0
    for row in rows.iter_rows(named=True):
        expected = json.loads(row["expected"])
        named = reader.read(Source.of(shared_path(f"corpus/{row['file']}")), Options()).named
        assert named is not None
        assert named.select("number", "kind").rows() == [(expected["invoice"], f"einvoice:{expected['status']}")]
        seen += 1
    assert seen > 0
