"""Remittance advices as frames: what an engine is given beside the Book."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from encours.core.base.issue import CallError

#: One row an advice. `total` is the money that comes: Σ lines less `fee`, what who collected it keeps. `received_on` is
#: the day from which it is known; `form`: advice, payout (cards, payment services) or factor.
ADVICE_SCHEMA: dict[str, pl.DataType] = {
    "advice_id": pl.String(), "entity_id": pl.String(), "currency": pl.String(), "total": pl.Int64(),
    "received_on": pl.Date(), "paid_on": pl.Date(), "reference": pl.String(), "payer_name": pl.String(),
    "payer_account": pl.String(), "customer_id": pl.String(), "form": pl.String(), "fee": pl.Int64(),
}  # fmt: skip
#: One row a line. `amount` is what is paid for the item (negative: a credit note taken off), `deducted` what was taken
#: off it before (positive), for the `reason` that the payer names. `item_id`: the item that a person says it pays; it
#: stands before the number.
ADVICE_LINE_SCHEMA: dict[str, pl.DataType] = {
    "advice_id": pl.String(), "line": pl.Int64(), "number": pl.String(), "amount": pl.Int64(),
    "deducted": pl.Int64(), "reason": pl.String(), "document_on": pl.Date(), "customer_hint": pl.String(),
    "item_id": pl.String(),
}  # fmt: skip
_NEEDED = {
    "advices": ("advice_id", "entity_id", "currency", "total", "received_on"),
    "lines": ("advice_id", "line", "amount"),
}


@dataclass(frozen=True)
class Advices:
    """Advices and their lines (`ADVICE_SCHEMA`, `ADVICE_LINE_SCHEMA`; absent nullable columns are null)."""

    advices: pl.DataFrame
    lines: pl.DataFrame

    @cached_property
    def faults(self) -> list[str]:
        """What keeps the frames from being advices."""
        frames = {"advices": self.advices, "lines": self.lines}
        return [
            f"{table}: required column {name} is absent"
            for table, names in _NEEDED.items()
            for name in names
            if name not in frames[table].columns
        ]

    def conformed(self) -> Advices:
        """Every column, in order. Raises CallError naming every absent one."""
        if self.faults:
            raise CallError(self.faults)
        return Advices(_with(self.advices, ADVICE_SCHEMA), _with(self.lines, ADVICE_LINE_SCHEMA))


def no_advices() -> Advices:
    """None."""
    return Advices(pl.DataFrame(schema=ADVICE_SCHEMA), pl.DataFrame(schema=ADVICE_LINE_SCHEMA))


def _with(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )
