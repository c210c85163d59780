"""What a forecast is: tables of money by week, day and item; amounts in minor units of their currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.forecast.draws import Shares

_RANGE = {"p10": pl.Int64(), "p50": pl.Int64(), "p90": pl.Int64(), "mean": pl.Int64()}
_PURSE = {"entity_id": pl.String(), "currency": pl.String()}
#: Money of open items by customer and week; `customer_id` null: the total.
WEEKS_SCHEMA: dict[str, pl.DataType] = {**_PURSE, "customer_id": pl.String(), "week_start": pl.Date(), **_RANGE}
#: By source: open_items, orders, expected_invoices, total.
OUTLOOK_SCHEMA: dict[str, pl.DataType] = {**_PURSE, "source": pl.String(), "week_start": pl.Date(), **_RANGE}
#: Open items on each of the first 14 days.
DAYS_SCHEMA: dict[str, pl.DataType] = {**_PURSE, "on": pl.Date(), **_RANGE}
OPEN_ITEMS, ORDERS, EXPECTED_INVOICES, TOTAL = "open_items", "orders", "expected_invoices", "total"
SOURCES = (OPEN_ITEMS, ORDERS, EXPECTED_INVOICES, TOTAL)


@dataclass(frozen=True, eq=False)
class Forecast:
    """Cash in from the day after `as_of`: `weeks` (WEEKS_SCHEMA), `outlook`, `days`, `items` (EXPECTED_SCHEMA).

    `left_out` (LEFT_OUT_SCHEMA): open money that is not expected, and why. `orders` (ORDERS_SCHEMA): the orders behind
    the outlook. `shares`: how much payments move together. `p10` … `p90` hold about four outcomes in five.
    """

    as_of: date
    weeks: pl.DataFrame
    outlook: pl.DataFrame
    days: pl.DataFrame
    items: pl.DataFrame
    left_out: pl.DataFrame
    orders: pl.DataFrame
    shares: Shares
    issues: pl.DataFrame

    def check(self) -> None:
        """Raises AssertionError where ranges are out of order or sums are not exact."""
        for frame in (self.weeks, self.outlook, self.days):
            ordered = frame.select(((pl.col("p10") <= pl.col("p50")) & (pl.col("p50") <= pl.col("p90"))).all()).item()
            assert ordered
        purse = ["entity_id", "currency", "week_start"]
        said = self.weeks.filter(pl.col("customer_id").is_null()).select(*purse, "mean")
        behind = self.items.drop_nulls("week_start").group_by(purse).agg(pl.col("expected").sum())
        both = said.join(behind, on=purse, how="full", coalesce=True).fill_null(0)
        assert (both["mean"] == both["expected"]).all()
        sums = self.weeks.drop_nulls("customer_id").group_by(purse).agg(pl.col("mean").sum().alias("sum"))
        both = said.join(sums, on=purse, how="full", coalesce=True).fill_null(0)
        assert (both["mean"] == both["sum"]).all()
