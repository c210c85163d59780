"""The match rate: how much of the money that came is applied, and how much of that by itself, said three ways.

By receipt: receipts whose money is applied to the last cent. By line: items settled; a receipt with money left counts
one line more, that is not matched. By value: money applied. Automatic: posted by a run that nobody touched, and not
undone; confirmed: an engine's proposal that a person accepted as it was; by hand: what a person said; ledger: what came
lettered from the ERP. Total is all four.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

HOWS = ("automatic", "confirmed", "by_hand", "ledger")
KEY = ("entity_id", "currency", "month")

_DEFINITION = {
    "en": "Customers' receipts by month of booking, as they stand today. By receipt: applied to the last cent. By line:"
    " items settled; a receipt with money left counts one line more, not matched. By value: money applied. Automatic:"
    " posted by itself and not undone.",
    "fr": "Règlements clients par mois de comptabilisation, dans leur état du jour. Par règlement : affecté au centime"
    " près. Par ligne : pièces soldées ; un règlement avec un reste compte une ligne de plus, non affectée. En valeur :"
    " montant affecté. Automatique : affecté sans intervention et non annulé.",
}


def match_rate(receipts: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """KEY (month: its first day) and counts; a rate is any of them over `receipts`, `lines` or `value`.

    `receipts`: receipt_id, entity_id, currency, booked_on, amount (above 0), unapplied. `lines`: receipt_id, amount (in
    the receipt's currency), how (one of HOWS): standing cash. Columns: receipts, lines, value; and for each of HOWS and
    `matched` (all of them): receipts_…, lines_…, value_…. A receipt counts for a way if it is applied whole and all its
    lines went that way (several ways: by_hand, a person had a hand in it).
    """
    per = lines.group_by("receipt_id").agg(
        pl.len().cast(pl.Int64).alias("_lines"),
        *[(pl.col("how") == how).sum().cast(pl.Int64).alias(f"_lines_{how}") for how in HOWS],
        *[pl.col("amount").filter(pl.col("how") == how).sum().alias(f"_value_{how}") for how in HOWS],
    )
    rows = receipts.join(per, on="receipt_id", how="left").with_columns(pl.selectors.starts_with("_").fill_null(0))
    whole = (pl.col("unapplied") == 0) & (pl.col("_lines") > 0)
    one_way = {how: whole & (pl.col(f"_lines_{how}") == pl.col("_lines")) for how in HOWS}
    mixed = whole & ~pl.any_horizontal(list(one_way.values()))
    one_way["by_hand"] = one_way["by_hand"] | mixed
    rest = (pl.col("unapplied") != 0).cast(pl.Int64)
    counted = rows.group_by(
        "entity_id", "currency", month=pl.col("booked_on").dt.month_start(), maintain_order=False
    ).agg(
        receipts=pl.len().cast(pl.Int64),
        lines=(pl.col("_lines") + rest).sum(),
        value=pl.col("amount").sum(),
        receipts_matched=whole.sum().cast(pl.Int64),
        lines_matched=pl.col("_lines").sum(),
        value_matched=(pl.col("amount") - pl.col("unapplied")).sum(),
        **{f"receipts_{how}": expr.sum().cast(pl.Int64) for how, expr in one_way.items()},
        **{f"{part}_{how}": pl.col(f"_{part}_{how}").sum() for part in ("lines", "value") for how in HOWS},
    )
    return counted.sort(KEY)


def definition(language: Literal["en", "fr"] = "en") -> str:
    """What the rates are, as printed beside them."""
    return _DEFINITION[language]
