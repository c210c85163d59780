"""Letters that an ERP brings meet what was decided here: acknowledged, or they win and ours is undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db.models import Q

from encours.core.base.book import Book
from encours.core.base.issue import no_issues
from encours.core.base.schema import TABLES
from encours.core.cadrage.acknowledge import acknowledge
from encours.store import frames
from encours.store.models import Acknowledgement, Allocation, ExportLine, Proposal

#: What is decided here bears this source, then the number of the proposal that was accepted.
OWN_SOURCE = "encours:"
_TABLE = TABLES["allocations"]


@dataclass(frozen=True)
class MetLetters:
    """The Book to merge, what to say, and which of our allocations the ERP brought back (allocation_id, by_id)."""

    book: Book
    issues: pl.DataFrame
    acknowledged: pl.DataFrame


def meet_letters(book: Book, day: date) -> MetLetters:
    """Decides for allocations that the store does not have. Ours that give way are reversed on `day`."""
    nothing = MetLetters(book, no_issues(), pl.DataFrame(schema={"allocation_id": pl.String, "by_id": pl.String}))
    # Of whatever entity: a folder of which only the letters changed names none.
    yielding = Allocation.objects.filter(is_current=True, reversed_on__isnull=True).filter(
        Q(source__startswith=OWN_SOURCE) | Q(kind="ledger")
    )
    if not book.allocations.height or not yielding.exists():
        return nothing
    fresh = _fresh(book.allocations)
    if not fresh.height:
        return nothing
    standing = _standing(fresh, book.allocations)
    result = acknowledge(
        fresh,
        standing,
        _worth(book, "items", fresh, standing),
        _worth(book, "receipts", fresh, standing),
        day,
        OWN_SOURCE,
    )
    undone = standing.join(result.reversals.rename({"reversed_on": "on"}), on="allocation_id").with_columns(
        reversed_on="on", known_on=pl.lit(None, dtype=pl.Date)
    )
    known = book.allocations.join(fresh, on="allocation_id", how="anti")
    parts = [known, result.kept, _TABLE.conform(undone.select(list(_TABLE.schema))), result.restored]
    items = pl.concat([book.items, _moved_back(undone["allocation_id"])])
    return MetLetters(book.replace(allocations=pl.concat(parts), items=items), result.issues, result.acknowledged)


def _moved_back(allocation_ids: pl.Series) -> pl.DataFrame:
    """Items that allocations of ours had made (a retention on 4117), taken out of the book with them."""
    table = TABLES["items"]
    made = frames.versions("items", allocation_ids, list(table.schema), current=True)
    return table.conform(made.with_columns(voided=pl.lit(True), known_on=pl.lit(None, dtype=pl.Date)))


def note_letters(met: MetLetters, import_id: int) -> None:
    """Keeps which decisions the ERP brought back, and closes the proposals whose allocations gave way."""
    rows = met.acknowledged.rows()
    Acknowledgement.objects.bulk_create(
        [Acknowledgement(allocation_id=ours, by_id=theirs, import_id=import_id) for ours, theirs in rows],
        ignore_conflicts=True,
    )
    ids = [ours for ours, _ in rows]
    ExportLine.objects.filter(allocation_id__in=ids, acknowledged_by__isnull=True).update(acknowledged_by=import_id)
    undone = met.issues.filter(pl.col("code") == "erp_letter_wins")["key"].to_list()
    sources = Allocation.objects.filter(allocation_id__in=undone).values_list("source", flat=True).distinct()
    numbers = [int(source.removeprefix(OWN_SOURCE)) for source in sources if source.removeprefix(OWN_SOURCE).isdigit()]
    Proposal.objects.filter(pk__in=numbers, state=Proposal.State.ACCEPTED).update(state=Proposal.State.UNDONE)


def _fresh(allocations: pl.DataFrame) -> pl.DataFrame:
    """Standing incoming allocations whose ids the store does not have."""
    rows = allocations.filter(pl.col("reversed_on").is_null() & ~pl.col("voided").fill_null(False))
    if not rows.height:
        return rows
    known = frames.versions("allocations", rows["allocation_id"], ["allocation_id"])
    return rows.join(known, on="allocation_id", how="anti").unique("allocation_id", keep="last", maintain_order=True)


def _standing(fresh: pl.DataFrame, incoming: pl.DataFrame) -> pl.DataFrame:
    """Standing allocations on the items and receipts that the fresh ones touch: stored, as `incoming` leaves them."""
    columns = list(_TABLE.schema)
    items = pl.concat([fresh["item_id"], fresh["credit_item_id"].rename("item_id")]).drop_nulls().unique()
    receipts = fresh["receipt_id"].drop_nulls().unique()
    parts = [
        frames.versions("allocations", items, columns, current=True, by="item_id"),
        frames.versions("allocations", items, columns, current=True, by="credit_item_id"),
        frames.versions("allocations", receipts, columns, current=True, by="receipt_id"),
    ]
    told_again = incoming.join(fresh, on="allocation_id", how="anti").unique("allocation_id", keep="last")
    stored = pl.concat([_TABLE.conform(part) for part in parts]).unique("allocation_id", maintain_order=True)
    rows = pl.concat([stored.join(told_again, on="allocation_id", how="anti"), told_again])
    return rows.filter(pl.col("reversed_on").is_null() & ~pl.col("voided").fill_null(False))


def _worth(book: Book, name: str, fresh: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """(item_id or receipt_id, amount) of everything that the allocations name: incoming rows, else stored ones."""
    key = TABLES[name].key[0]
    named = [part[column] for part in (fresh, standing) for column in (key, "credit_item_id") if column in part.columns]
    if name == "receipts":
        named = [fresh[key], standing[key]]
    ids = pl.concat([series.rename(key) for series in named]).drop_nulls().unique()
    incoming = book.table(name).select(key, "amount").unique(key, keep="last")
    stored = frames.versions(name, ids, [key, "amount"], current=True)
    both = pl.concat([incoming, stored]).unique(key, keep="first", maintain_order=True)
    return both.filter(pl.col(key).is_in(ids.implode()))
