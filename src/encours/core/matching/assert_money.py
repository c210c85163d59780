"""No proposal pays an item or uses a receipt twice: what the engine found is added up once more on leaving."""

from __future__ import annotations

import polars as pl


def assert_money(
    receipts: pl.DataFrame,
    items: pl.DataFrame,
    allocations: pl.DataFrame,
    places: pl.DataFrame,
    decisions: pl.DataFrame,
) -> None:
    """Stops the run where a proposal would pay an item or use a receipt twice: a fault of the engine, never of data.

    `places`: the places in `receipts` and `items` (row, item) of the first allocations, as far as they are known. Sums
    by place take a tenth of what sums by id take; an id that has no place is looked up.
    """
    lines = allocations.select("amount", "kind", worth=pl.coalesce("receipt_amount", "amount")).with_columns(
        row=_placed(allocations["receipt_id"], places["row"], receipts["receipt_id"]),
        item=_placed(allocations["item_id"], places["item"], items["item_id"]),
    )
    over, wrong = _paid_over(allocations, lines, receipts, items), _used_over(lines, receipts)
    aligned = decisions.height == receipts.height and (decisions["receipt_id"] == receipts["receipt_id"]).all()
    if not aligned:
        raise AssertionError("a receipt has no decision")
    bare = decisions.with_row_index("row").filter(pl.col("decision") != "none").join(lines, on="row", how="anti")
    faults = [
        *(f"item {_id(items['item_id'], item)} would be paid beyond its open amount" for item in over),
        *(f"receipt {_id(receipts['receipt_id'], row)} would be used beyond its money" for row in wrong),
        *(f"receipt {receipt} is decided without an allocation" for receipt in bare["receipt_id"]),
    ]
    if faults:
        raise AssertionError("; ".join(faults[:20]))


def _paid_over(
    allocations: pl.DataFrame, lines: pl.DataFrame, receipts: pl.DataFrame, items: pl.DataFrame
) -> list[int | None]:
    """Places of the items that would be paid beyond what is open of them (None: an item that there is not)."""
    notes = allocations.filter(kind="credit").select("credit_item_id", amount=-pl.col("amount"))
    given = notes.select("amount", item=_placed(notes["credit_item_id"], None, items["item_id"]))
    sums = pl.concat([lines.select("item", "amount"), given.select("item", "amount")])
    paid = sums.group_by("item").agg(pl.col("amount").sum())
    returns = receipts.with_row_index("place").filter((pl.col("kind") == "return") & (pl.col("unapplied") < 0))
    back = lines.filter(pl.col("row").is_in(returns["place"].implode()))
    opened = back.group_by("item").agg(opened=-pl.col("amount").sum())
    # What comes back is open from then on: beside it an item may be paid once more.
    found = paid.with_columns(open=items["open"].gather(paid["item"])).join(opened, on="item", how="left")
    open_then = pl.col("open") + pl.col("opened").fill_null(0)
    amount = pl.col("amount") + pl.col("opened").fill_null(0)
    beyond = (amount * open_then.sign() > open_then.abs()) | ((open_then == 0) & (amount != 0))
    return found.filter(beyond.fill_null(True))["item"].to_list()


def _used_over(lines: pl.DataFrame, receipts: pl.DataFrame) -> list[int | None]:
    """Places of the receipts that would be used beyond their money (None: a receipt that there is not)."""
    used = lines.filter(kind="cash").group_by("row").agg(pl.col("worth").sum())
    found = used.with_columns(unapplied=receipts["unapplied"].gather(used["row"]))
    beyond = pl.col("worth") * pl.col("unapplied").sign() > pl.col("unapplied").abs()
    return found.filter(beyond.fill_null(True))["row"].to_list()


def _placed(ids: pl.Series, places: pl.Series | None, known: pl.Series) -> pl.Series:
    """The places of ids among the known ones, null where there is none. Those in `places` are taken as they are."""
    given = pl.Series([], dtype=pl.UInt32) if places is None else places
    rest = ids.slice(len(given))
    missing = pl.concat([ids.head(len(given)).filter(given.is_null()), rest]).unique()
    if not len(missing):
        return given.alias(known.name)
    all_places = pl.concat([given, pl.Series([None] * len(rest), dtype=pl.UInt32)])
    told = pl.DataFrame({"id": known}).with_row_index("place").filter(pl.col("id").is_in(missing.implode()))
    frame = pl.DataFrame({"id": ids, "given": all_places})
    joined = frame.join(told, on="id", how="left", maintain_order="left")
    return joined.select(pl.coalesce("given", "place")).to_series()


def _id(ids: pl.Series, place: int | None) -> str:
    return "that is unknown" if place is None else str(ids[place])
