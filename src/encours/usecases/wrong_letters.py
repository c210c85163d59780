"""Letters of the ERP that a person judged wrong: they teach nothing while they stand, and are not proposed again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import polars as pl

from encours.core.base.book import Book
from encours.store.models import Allocation, MatchDisagreement
from encours.usecases.merge.meet_letters import OWN_SOURCE

Lines = list[list[Any]]
#: What was wrong by a person's verdict: the letter, the engine's proposal, or both.
_WRONG = {"ours": ("letter",), "letter": ("ours",), "neither": ("letter", "ours")}
#: The sets of items found wrong: `items` as `refusals` spells them.
WRONG_SCHEMA: dict[str, pl.DataType] = {"receipt_id": pl.String(), "items": pl.String()}

_LINES: dict[str, pl.DataType] = {
    "receipt_id": pl.String(), "item_id": pl.String(), "kind": pl.String(), "amount": pl.Int64(),
}  # fmt: skip


def letters(book: Book) -> pl.DataFrame:
    """The ERP's own allocations of receipts, as they stand now."""
    rows = book.current().allocations
    theirs = ~pl.col("source").fill_null("").str.starts_with(OWN_SOURCE)
    return rows.filter(pl.col("reversed_on").is_null() & pl.col("receipt_id").is_not_null() & theirs)


def by_receipt(rows: pl.DataFrame) -> dict[str, Lines]:
    """receipt_id -> [item_id, amount, kind], in one order."""
    summed = rows.group_by("receipt_id", "item_id", "kind").agg(pl.col("amount").sum())
    found: dict[str, Lines] = {}
    for receipt, item, kind, amount in summed.sort("receipt_id", "item_id", "kind").iter_rows():
        found.setdefault(receipt, []).append([item, amount, kind])
    return found


def misled(entity_id: str, book: Book) -> frozenset[str]:
    """The receipts whose letter still stands as a person judged it wrong; one that the ERP has mended teaches again."""
    judged = _letters_judged(entity_id)
    if not judged:
        return frozenset()
    of_them = pl.Series([row.receipt_id for row in judged], dtype=pl.String)
    said = by_receipt(letters(book).filter(pl.col("receipt_id").is_in(of_them.implode())))
    return frozenset(row.receipt_id for row in judged if said.get(row.receipt_id) == row.letter)


def misled_among(entity_id: str, receipt_ids: Collection[str]) -> frozenset[str]:
    """The same of some receipts alone, read from the store: what a page of one customer asks."""
    judged = [row for row in _letters_judged(entity_id) if row.receipt_id in receipt_ids]
    if not judged:
        return frozenset()
    standing = Allocation.objects.filter(
        receipt_id__in=[row.receipt_id for row in judged], is_current=True, reversed_on=None
    ).exclude(source__startswith=OWN_SOURCE)
    columns = ("receipt_id", "item_id", "kind", "amount")
    said = by_receipt(pl.DataFrame(list(standing.values_list(*columns)), schema=_LINES, orient="row"))
    return frozenset(row.receipt_id for row in judged if said.get(row.receipt_id) == row.letter)


def _letters_judged(entity_id: str) -> list[MatchDisagreement]:
    return list(_judged(entity_id, [name for name, wrong in _WRONG.items() if "letter" in wrong]))


def wrong_sets(entity_id: str, receipts: pl.Series) -> pl.DataFrame:
    """WRONG_SCHEMA: what persons judged not to be what these receipts paid, whoever said it first."""
    wanted = set(receipts)
    rows = [
        (row.receipt_id, "\n".join(sorted({f"{item}|" for item, _, _ in getattr(row, side)})))
        for row in _judged(entity_id, list(_WRONG))
        if row.receipt_id in wanted
        for side in _WRONG[row.verdict]
    ]
    return pl.DataFrame(rows, schema=WRONG_SCHEMA, orient="row").unique()


def _judged(entity_id: str, verdicts: Sequence[str]) -> Sequence[MatchDisagreement]:
    rows = MatchDisagreement.objects.filter(entity_id=entity_id, verdict__in=verdicts)
    return list(rows.only("receipt_id", "verdict", "ours", "letter").order_by("pk"))
