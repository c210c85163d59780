"""Bank lines of one account in several files and formats, paired entry by entry."""

from __future__ import annotations

import polars as pl

from encours.core.pairing.texts import squeezed

#: What makes two lines candidates: the account's entity, the account, the booking day, the amount.
_ENTRY = ["entity_id", "account", "currency", "booked_on", "amount"]
_ENRICHED = (
    "value_on",
    "payer_name",
    "payer_account",
    "remittance",
    "end_to_end_id",
    "statement_id",
    "returns_receipt_id",
)
MERGES = {"kept_id": pl.String(), "dropped_id": pl.String(), "rule": pl.String()}


def pair_bank_lines(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(lines, merges): every entry once.

    Takes bank receipts with `series` (the format a line was read from; lines of one series are different entries) and
    `rank` (Int64: the lower series gives its row and its id, 0 for what is stored). Equal lines of one series stay
    as many as they are. Merges have kept_id, dropped_id, rule.
    """
    ordered = lines.sort("rank", "series", "booked_on", "receipt_id", maintain_order=True)
    unique = ordered.unique("receipt_id", keep="first", maintain_order=True)
    series = unique.select("rank", "series").unique().sort("rank", "series")
    if series.height < 2:
        return unique, pl.DataFrame(schema=MERGES)
    texted = unique.with_columns(_text=squeezed(pl.col("remittance")), _e2e=squeezed(pl.col("end_to_end_id")))
    kept: pl.DataFrame | None = None
    told = lines.filter(pl.col("rank") > 0)["receipt_id"].unique()
    merges = [pl.DataFrame(schema=MERGES)]
    for rank, name in series.iter_rows():
        rows = texted.filter((pl.col("rank") == rank) & (pl.col("series") == name))
        if kept is None:
            kept = rows
            continue
        met = _meet(kept, rows)
        merges.append(met)
        kept = pl.concat(
            [_enriched(kept, rows, met), rows.join(met, left_on="receipt_id", right_on="dropped_id", how="anti")]
        )
        kept, replaced = _details(kept, name)
        merges.append(replaced)
        kept, replaced = _parted_before(kept, name, told)
        merges.append(replaced)
    assert kept is not None
    return kept.drop("_text", "_e2e"), pl.concat(merges)


def _meet(kept: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """kept_id, dropped_id, rule: by reference, by text, then as equals of one booking day."""
    found = [pl.DataFrame(schema=MERGES)]
    for rule, keys in (("same reference", ["_e2e"]), ("same text", ["_text"]), ("same day and amount", [])):
        left = kept.join(pl.concat(found), left_on="receipt_id", right_on="kept_id", how="anti")
        right = rows.join(pl.concat(found), left_on="receipt_id", right_on="dropped_id", how="anti")
        left, right = (side.drop_nulls(keys) if keys else side for side in (left, right))
        found.append(_nth(left, right, [*_ENTRY, *keys], rule))
    return pl.concat(found)


def _nth(left: pl.DataFrame, right: pl.DataFrame, keys: list[str], rule: str) -> pl.DataFrame:
    """The first of the left with the first of the right that has the same keys, the second with the second…"""
    nth = pl.int_range(pl.len()).over(keys)
    shared = left.select(keys).unique()
    pairs = left.with_columns(_nth=nth).join(
        right.join(shared, on=keys, how="semi").with_columns(_nth=nth), on=[*keys, "_nth"], suffix="_right"
    )
    if "_e2e" not in keys:
        # Two references that differ are two payments, whatever else is alike.
        pairs = pairs.filter(
            (pl.col("_e2e") == pl.col("_e2e_right")) | pl.col("_e2e").is_null() | pl.col("_e2e_right").is_null()
        )
    if "_e2e" not in keys and "_text" not in keys:
        # Whole statements of one account say the same of one day; a notice may be of another payment.
        whole = pl.col("statement_id").is_not_null() & pl.col("statement_id_right").is_not_null()
        inside = pl.col("_text").str.contains(pl.col("_text_right"), literal=True) | pl.col("_text_right").str.contains(
            pl.col("_text"), literal=True
        )
        pairs = pairs.filter(whole | inside.fill_null(True))
    return pairs.select(kept_id="receipt_id", dropped_id="receipt_id_right", rule=pl.lit(rule))


def _enriched(kept: pl.DataFrame, rows: pl.DataFrame, met: pl.DataFrame) -> pl.DataFrame:
    """What the kept line does not say is taken from the line it met."""
    more = met.join(rows.select("receipt_id", *_ENRICHED), left_on="dropped_id", right_on="receipt_id")
    joined = kept.join(
        more, left_on="receipt_id", right_on="kept_id", how="left", suffix="_more", maintain_order="left"
    )
    return joined.with_columns(pl.coalesce(name, f"{name}_more") for name in _ENRICHED).select(kept.columns)


def _parted_before(kept: pl.DataFrame, series: str, told: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A slip that comes again after it was parted by customer: its stored parts begin with its text and sum to it.

    Stored lines that a file tells itself (`told`) are no parts.
    """
    day = ["entity_id", "account", "currency", "booked_on"]
    parts = kept.filter(
        (pl.col("rank") == 0) & (pl.col("series") != series) & ~pl.col("receipt_id").is_in(told.implode())
    )
    slips = kept.filter((pl.col("series") == series) & pl.col("remittance").is_not_null())
    met = slips.join(parts.select(*day, part="amount", text="remittance", part_id="receipt_id"), on=day)
    met = met.filter(pl.col("text").str.starts_with(pl.col("remittance")) & (pl.col("part_id") != pl.col("receipt_id")))
    whole = met.filter(
        (pl.col("part").sum().over("receipt_id") == pl.col("amount")) & (pl.len().over("receipt_id") > 1)
    )
    merges = whole.select(kept_id="part_id", dropped_id="receipt_id", rule=pl.lit("parts of a slip"))
    return kept.join(whole, on="receipt_id", how="anti", maintain_order="left"), merges


def _details(kept: pl.DataFrame, series: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A batch line gives way to the details of another file that sum to it on its day."""
    day = ["entity_id", "account", "currency", "booked_on"]
    details = kept.filter(pl.col("series") == series)
    sums = details.group_by(day).agg(amount=pl.col("amount").sum(), n=pl.len()).filter(pl.col("n") > 1)
    batch = kept.filter(pl.col("series") != series).join(sums, on=_ENTRY)
    batch = batch.filter(pl.len().over(day) == 1)
    if not batch.height:
        return kept, pl.DataFrame(schema=MERGES)
    met = details.join(batch.select(*day, batch_id="receipt_id", whole="statement_id", valued="value_on"), on=day)
    merges = met.select(kept_id="receipt_id", dropped_id="batch_id", rule=pl.lit("details of a batch"))
    told = met.select("receipt_id", "whole", "valued")
    rest = kept.filter(~pl.col("receipt_id").is_in(batch["receipt_id"].implode()))
    joined = rest.join(told, on="receipt_id", how="left", maintain_order="left")
    return joined.with_columns(
        statement_id=pl.coalesce("whole", "statement_id"), value_on=pl.coalesce("value_on", "valued")
    ).select(kept.columns), merges
