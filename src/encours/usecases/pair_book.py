"""Makes one Book of what several files, or a file and the stored book, say: receipts paired, ledger years joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from encours.core.base import versions
from encours.core.base.issue import concat_issues
from encours.core.base.schema import TABLES
from encours.core.pairing import join_years, pair_receipts

#: Which file's word and id stay where two say the same: what is stored, then the fuller format. A statement of the
#: day (camt.052, MT942) gives way to the final one; a camt.054 tells the details of an entry.
STORED = 0
#: The kind that the book folder's readings bear.
BOOK = "book"
_RANKS = {BOOK: STORED, "camt": 1, "mt940": 2, "cfonb120": 3, "ofx": 4}
_INTERIM, _DETAILS, _OTHER = 8, 9, 5


#: What pairing knows of a receipt's file.
FORMATS = {"receipt_id": pl.String(), "series": pl.String(), "rank": pl.Int64()}


def no_formats() -> pl.DataFrame:
    """Of no receipt is the file known."""
    return pl.DataFrame(schema=FORMATS)


@dataclass(frozen=True)
class PairedBook:
    """Tables with every euro once; merges, relations and unpaired as `core.pairing.Paired` has them."""

    tables: Mapping[str, pl.DataFrame]
    merges: pl.DataFrame
    relations: pl.DataFrame
    unpaired: pl.DataFrame
    issues: pl.DataFrame


def with_series(receipts: pl.DataFrame, kind: str, message: str = "") -> pl.DataFrame:
    """Receipts of a file with the columns `series` and `rank` that pairing goes by; `message` is camt.053, MT942…"""
    rank = _RANKS.get(kind, _OTHER)
    if "052" in message or "942" in message:
        rank = _INTERIM
    elif "054" in message:
        rank = _DETAILS
    rows = TABLES["receipts"].conform(receipts)
    return rows.with_columns(
        series=pl.lit(kind if rank < _INTERIM else f"{kind} {message}"), rank=pl.lit(rank, dtype=pl.Int64)
    )


def pair_book(tables: Mapping[str, pl.DataFrame], receipts: pl.DataFrame) -> PairedBook:
    """Pairs the receipts (with `series` and `rank`, all files and what is stored) and joins the ledger's years.

    `tables` are the other tables, all files and what is stored together. Older versions of a row stay beside it.
    """

    def get(name: str) -> pl.DataFrame:
        return TABLES[name].conform(tables[name]) if name in tables else TABLES[name].empty()

    older, rows = _versions("receipts", receipts)
    older_items, items = _versions("items", get("items"))
    older_allocations, allocations = _versions("allocations", get("allocations"))
    paired = pair_receipts(rows, allocations, get("customers"))
    years = join_years(items, paired.receipts, paired.allocations)
    gone = items.join(years.items, on="item_id", how="anti")["item_id"]
    done = {
        **tables,
        "receipts": pl.concat(
            [older.select(years.receipts.columns).join(years.receipts, on="receipt_id", how="semi"), years.receipts]
        ),
        "items": pl.concat([older_items, years.items]),
        "allocations": pl.concat([older_allocations, years.allocations]),
        **_instruments(get("instruments"), get("instrument_items"), gone),
    }
    issues = concat_issues([paired.issues, years.issues])
    return PairedBook(done, paired.merges, paired.relations, paired.unpaired, issues)


def _versions(name: str, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(rows that a later version replaced or voided, the current ones)."""
    table = TABLES[name]
    if not rows.height:
        return rows, rows
    # The same id twice without a date of knowledge is the same fact told by two files, not two versions.
    told_again = rows["known_on"].null_count() == rows.height and not rows["voided"].fill_null(False).any()
    if told_again:
        return rows.clear(), rows
    numbered = rows.with_row_index("_row")
    latest = versions.current(table, numbered.lazy()).collect()
    same = pl.col("known_on").is_null()
    again = numbered.filter(same).join(latest, on=table.key[0], how="semi").join(latest, on="_row", how="anti")
    current = pl.concat([latest, again]).sort("_row")
    return numbered.join(current, on="_row", how="anti").drop("_row"), current.drop("_row")


def _instruments(instruments: pl.DataFrame, covers: pl.DataFrame, gone: pl.Series) -> dict[str, pl.DataFrame]:
    """Instruments of openings that gave way are last year's own; those of paired receipts keep their id."""
    dropped = gone.implode()
    return {
        "instruments": instruments.filter(~pl.col("instrument_id").is_in(dropped)),
        "instrument_items": covers.filter(~pl.col("instrument_id").is_in(dropped) & ~pl.col("item_id").is_in(dropped)),
    }
