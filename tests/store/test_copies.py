"""Frames into tables and back, and the copies in Parquet: whole after every commit, remade where they do not fit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pytest_django import Settings

from encours.core.base.schema import TABLES
from encours.store import bulk, frames, parquet
from encours.store.models import FACTS, Entity, FactStamp

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 31, tzinfo=UTC)
NASTY = ['"quoted"', "", None, "two\nlines", "\\N ", "é€😀", "a,b", "'"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    settings.HOME = tmp_path
    return tmp_path


def receipts(entity_id: str, first: int, count: int) -> pl.DataFrame:
    n = pl.int_range(first, first + count, eager=True)
    texts = pl.Series([NASTY[k % len(NASTY)] for k in n], dtype=pl.String)
    return TABLES["receipts"].conform(
        pl.DataFrame(
            {
                "receipt_id": [f"{entity_id}:{k}" for k in n],
                "entity_id": [entity_id] * count,
                "account": ["512"] * count,
                "booked_on": [date(2026, 1, 1 + k % 28) for k in n],
                "amount": n * 100,
                "currency": ["EUR"] * count,
                "kind": ["transfer"] * count,
                "origin": ["bank"] * count,
                "remittance": texts,
                "voided": [None, True, False, None] * (count // 4) + [None] * (count % 4),
            }
        )
    )


def commit(entity_id: str, rows: pl.DataFrame, import_id: int | None = None) -> FactStamp:
    bulk.insert(FACTS["receipts"], rows)
    return parquet.stamp(entity_id, AT, import_id)


def test_a_frame_comes_back_as_it_went_in() -> None:
    rows = receipts("A", 0, 50)
    bulk.insert(FACTS["receipts"], rows)
    assert_frame_equal(frames.read_table("receipts", ["A"]), rows)
    assert frames.read_table("receipts", ["B"]).height == 0
    assert frames.read_table("receipts", []).height == 0


def test_columns_take_their_default_and_unknown_ones_are_refused() -> None:
    bulk.insert(FACTS["receipts"], receipts("A", 0, 1))
    stored = FACTS["receipts"]._default_manager.get()
    assert (stored.is_current, stored.unapplied) == (True, 0)
    with pytest.raises(ValueError, match="no_such"):
        bulk.insert(FACTS["receipts"], receipts("A", 0, 1).with_columns(no_such=1))


def test_projections_are_set_in_bulk_and_versions_found_by_id() -> None:
    bulk.insert(FACTS["receipts"], receipts("A", 0, 5))
    ids = pl.Series(["A:1", "A:3", "A:9"])
    found = frames.versions("receipts", ids, ["id", "receipt_id", "unapplied"])
    assert found["receipt_id"].to_list() == ["A:1", "A:3"]
    bulk.update(FACTS["receipts"], found.select("id", unapplied=pl.lit(7), is_current=pl.lit(False)))
    assert frames.versions("receipts", ids, ["unapplied"])["unapplied"].to_list() == [7, 7]
    assert frames.versions("receipts", ids, ["unapplied"], current=True).height == 0
    assert frames.versions("receipts", ids.clear(), ["unapplied"]).height == 0


def test_texts_are_cut_to_what_their_columns_hold() -> None:
    rows = receipts("A", 0, 2).with_columns(payer_name=pl.Series(["x" * 300, "y"]))
    fitted, cut = bulk.fit(FACTS["receipts"], rows)
    assert cut == {"payer_name": 1}
    assert fitted["payer_name"].str.len_chars().to_list() == [255, 1]


def test_a_copy_follows_every_commit() -> None:
    parts = [receipts("A", first, size) for first, size in ((0, 40), (40, 3), (43, 1), (44, 30))]
    for part in parts:
        written = commit("A", part)
        parquet.extend(written, {"receipts": part})
    stored = parquet.scan("receipts", ["A"]).collect().sort("amount")
    assert_frame_equal(stored, pl.concat(parts))
    assert len(parquet.ensure("A").files["receipts"]) <= 2, "small files are merged"


def test_a_copy_that_lags_is_read_back() -> None:
    first, second, other = receipts("A", 0, 8), receipts("A", 8, 8), receipts("B", 0, 4)
    parquet.extend(commit("A", first), {"receipts": first})
    commit("B", other)
    commit("A", second)
    commit("A", receipts("A", 16, 4))
    assert parquet.scan("receipts", ["A"]).collect().height == 20
    assert parquet.scan("receipts", ["A", "B"]).collect().height == 24
    late = receipts("A", 20, 4)
    parquet.extend(commit("A", late), {"receipts": late})
    assert parquet.scan("receipts", ["A"]).collect().height == 24


def test_a_damaged_or_foreign_copy_is_made_anew(home: Path) -> None:
    commit("A", receipts("A", 0, 8))
    parquet.ensure("A")
    folder = next((home / "copies").iterdir())
    file = next(folder.glob("receipts-*.parquet"))
    file.write_bytes(file.read_bytes()[:-10])
    assert parquet.scan("receipts", ["A"]).collect().height == 8
    FactStamp.objects.filter(entity_id="A").update(token="restored from a backup")
    bulk.insert(FACTS["receipts"], receipts("A", 8, 1))
    parquet.stamp("A", AT)
    FACTS["receipts"]._default_manager.filter(receipt_id="A:0").delete()
    assert parquet.scan("receipts", ["A"]).collect().height == 8
    (folder / "manifest.json").write_text("{")
    assert parquet.rebuild("A").number == 2


def test_the_book_comes_out_of_the_copies() -> None:
    Entity.objects.create(entity_id="A", name="A", country="FR", currency="EUR")
    rows = receipts("A", 0, 12)
    commit("A", rows)
    bulk.insert(FACTS["rates"], pl.DataFrame({"currency": ["USD"], "on": [date(2026, 1, 1)], "rate": [1.1]}))
    parquet.stamp(parquet.NOBODY, AT)
    book = frames.read_book(["A"])
    assert_frame_equal(book.receipts, rows, check_row_order=False)
    assert (book.entities.height, book.rates.height, book.items.height) == (1, 1, 0)
