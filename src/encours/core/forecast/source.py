"""Documents that will bring money, open items or orders, laid out and drawn: expected money and ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from encours.core.forecast.cells import Float64, Int64
from encours.core.forecast.draws import DRAWS, Drawn, Laid, Shares, draw
from encours.core.forecast.expected import expected
from encours.core.forecast.normal import keys, mixed

PURSE, ACCOUNT = ["entity_id", "currency"], ["entity_id", "currency", "customer_id"]


@dataclass(frozen=True, eq=False)
class Money:
    """What documents bring: `items` in their order with `cells` (minor units expected by item and cell), `customers`
    and `purses` (keys in order), and what was drawn of them."""

    items: pl.DataFrame
    cells: Int64
    customers: pl.DataFrame
    purses: pl.DataFrame
    drawn: Drawn

    def totals(self, purses: pl.DataFrame) -> tuple[Int64, Int64]:
        """Draws (purse, draw, cell) and expected money (purse, cell) in the order of `purses`; zeros for others."""
        draws, cells = self.drawn.totals.shape[1:]
        place = self.purses.with_row_index("_row").join(purses.with_row_index("_place"), on=PURSE)
        found = np.zeros((purses.height, draws, cells), dtype=np.int64)
        means = np.zeros((purses.height, cells), dtype=np.int64)
        found[place["_place"].to_numpy()] = self.drawn.totals[place["_row"].to_numpy()]
        means[place["_place"].to_numpy()] = summed(self.cells, _code(self.items, PURSE), self.purses.height)[
            place["_row"].to_numpy()
        ]
        return found, means

    def by_customer(self) -> Int64:
        """Expected money by customer and cell."""
        return summed(self.cells, _code(self.items, ACCOUNT), self.customers.height)


def money(items: pl.DataFrame, paid: Float64, weeks: int, shares: Shares, seed: int) -> Money:
    """Draws documents: item_id, entity_id, currency, customer_id, payer_id, due_on, cash, sorted by their account,
    payer and due date. `paid`: chances by the end of each cell."""
    cash = items["cash"].to_numpy().astype(np.int64)
    customers, purses = (items.select(by).unique(maintain_order=True) for by in (ACCOUNT, PURSE))
    code = _code(items, ACCOUNT)
    first = np.concatenate([np.flatnonzero(np.diff(code, prepend=-1)), [len(code)]]).astype(np.int64)
    purse = _code(customers, PURSE)
    due = items["due_on"].to_physical().to_numpy().astype(np.int64)
    week = (due + 3) // 7  # Mondays begin weeks; 1970-01-01 was a Thursday
    payer = keys(items.select(pl.concat_str("entity_id", pl.lit("\x00"), "payer_id")).to_series(), "payer", seed)
    book = mixed(np.full(len(due), seed, dtype=np.uint64), week)
    of_week = mixed(mixed(payer, np.full(len(due), 7)), week)
    of_day = mixed(mixed(payer, np.full(len(due), 1)), due)
    laid = Laid(first, purse, cash, paid, book, payer, of_week, of_day, keys(items["item_id"], "item", seed))
    return Money(items, expected(cash, paid), customers, purses, draw(laid, weeks, purses.height, shares, DRAWS))


def summed(cells: Int64, code: Int64, count: int) -> Int64:
    """Rows added up by their code, which does not fall."""
    found = np.zeros((count, cells.shape[1]), dtype=np.int64)
    if len(code):
        heads = np.flatnonzero(np.diff(code, prepend=-1))
        found[code[heads]] = np.add.reduceat(cells, heads, axis=0)
    return found


def _code(rows: pl.DataFrame, by: list[str]) -> Int64:
    """The number of each row's run of equal keys; rows are sorted by them."""
    if rows.is_empty():
        return np.zeros(0, dtype=np.int64)
    return rows.select(pl.struct(by).rle_id()).to_series().to_numpy().astype(np.int64)
