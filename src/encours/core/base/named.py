"""Events of invoices and customers as outsiders name them: by number, account, register number or name."""

from __future__ import annotations

import polars as pl

#: What a factor, an insurer or a platform tells. `about`: item or customer. `line`: where it stands in its file.
#: `customer_id`: by the account that the file gives, whether or not there is such an account.
NAMED: dict[str, pl.DataType] = {
    "entity_id": pl.String(),
    "line": pl.Int64(),
    "about": pl.String(),
    "number": pl.String(),
    "customer_id": pl.String(),
    "customer_name": pl.String(),
    "legal_id": pl.String(),
    "kind": pl.String(),
    "on": pl.Date(),
    "value": pl.String(),
    "detail": pl.String(),
}


def conform_named(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in NAMED's columns and types; absent ones are null."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in NAMED.items()
    )


def no_named() -> pl.DataFrame:
    """No event is told."""
    return pl.DataFrame(schema=NAMED)
