"""The lines that become rows of the Book, with their customer, days, lasting key and group of letters."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.connectors.fec.letters import groups_of
from encours.connectors.fec.lines import finish


def touched_by_claims(lines: pl.DataFrame) -> pl.DataFrame:
    """line, entry, net, receivable, rule, opening of every entry with a line on a receivable account."""
    thin = lines.select("line", "entry", "net", "receivable", "rule", "opening")
    claimed = thin.filter("receivable")["entry"].unique()
    return thin.filter(pl.col("entry").is_in(claimed.implode()))


def opening_day(lines: pl.DataFrame) -> date | None:
    """The day the year was opened: the last day of the opening journal, before anything else happened.

    Detailed openings keep the day of the original entry, so their lines spread over past years.
    """
    opened = lines.filter("opening")["date"].max()
    first = lines.filter(~pl.col("opening"))["date"].min()
    if not isinstance(opened, date):
        return None
    if isinstance(first, date) and opened > first:
        return first.replace(day=1)
    # An opening dated on the last day of the old year opens the next one.
    return opened + timedelta(days=1) if opened.day >= 28 else opened


def accounting_day(opening_on: date | None) -> pl.Expr:
    """The day a line counts from: its own, or the day the year was opened for what was carried over."""
    opened = pl.col("opening") & pl.lit(opening_on is not None)
    return pl.when(opened).then(pl.lit(opening_on, dtype=pl.Date)).otherwise("date")


def customer_of(entity_id: str) -> pl.Expr:
    """The customer id of a receivable line: its auxiliary account, or the account where it has none."""
    return pl.concat_str(pl.lit(f"{entity_id}:"), pl.coalesce("aux", "account"))


def prepared(lines: pl.DataFrame, parts: pl.DataFrame, entity_id: str, opening_on: date | None) -> pl.DataFrame:
    """Receivable lines, and the money lines that parts came from, wholly typed.

    Adds customer_id (receivables only), day (the accounting day), issued_on, lower (a small letter), key, group, and
    `customer_no` and `account_no`: a number for each text, which is compared faster than it.
    """
    banks = parts["bank_line"].drop_nulls().unique().implode()
    rows = finish(lines.filter(pl.col("receivable") | pl.col("line").is_in(banks)))
    own = pl.coalesce("aux", "account")
    opened = pl.col("opening") & pl.lit(opening_on is not None)
    day = accounting_day(opening_on)
    earlier = pl.when(pl.col("piece_date") <= pl.col("date")).then("piece_date")
    issued = pl.when(opened & (pl.col("date") < day)).then("date").otherwise(pl.coalesce(earlier, "date"))
    small = (pl.col("letter").str.to_lowercase() == pl.col("letter")) & pl.col("letter").str.contains("[a-z]")
    rows = rows.with_columns(
        customer_id=pl.when("receivable").then(customer_of(entity_id)),
        day=day,
        issued_on=issued,
        lower=small.fill_null(False),
        customer_no=pl.when("receivable").then(own.cast(pl.Categorical).to_physical()),
        account_no=pl.col("account").cast(pl.Categorical).to_physical(),
        key=_base(own),
    )
    rows = rows.with_columns(key=_nth_key(rows)).with_columns(number=_number(rows))
    return rows.join(groups_of(rows), on="line", how="left", maintain_order="left")


def _base(own: pl.Expr) -> pl.Expr:
    """Journal, number, day, account, cents and side: what a line keeps in every export of its ledger."""
    side = pl.when(pl.col("net") < 0).then(pl.lit("C")).otherwise(pl.lit("D"))
    cents = pl.concat_str(pl.col("net").abs().cast(pl.String), side)
    journal, number = pl.col("journal").fill_null(""), pl.col("number").fill_null("")
    return pl.concat_str(journal, number, pl.col("date").dt.strftime("%Y%m%d"), own, cents, separator="-")


def _nth_key(rows: pl.DataFrame) -> pl.Series:
    """The keys; equal ones are told apart by their order."""
    # Few keys are alike: only those with one hash are compared as texts.
    doubled = rows["key"].hash().is_duplicated()
    if not doubled.any():
        return rows["key"]
    nth = pl.int_range(pl.len()).over("key")
    again = pl.when(nth > 0).then(pl.concat_str("key", pl.lit("-"), nth + 1)).otherwise("key")
    return rows["key"].scatter(doubled.arg_true(), rows.filter(doubled).select(again).to_series())


def _number(rows: pl.DataFrame) -> pl.Expr:
    """The invoice number: the piece, with the entry's number where one piece stands for several customers."""
    piece = pl.col("piece")
    if rows["piece"].str.contains("  ", literal=True).any():
        piece = piece.str.replace_all(r"\s+", " ")
    named = rows.lazy().filter(pl.col("receivable") & pl.col("piece").is_not_null()).select("piece", "customer_no")
    first, last = pl.col("customer_no").min(), pl.col("customer_no").max()
    shared = named.group_by("piece").agg(several=first != last).filter("several").collect()["piece"]
    several = pl.col("piece").is_in(shared.implode())
    both = pl.concat_str(piece, pl.col("number"), separator="/")
    return pl.when(piece.is_null()).then(pl.coalesce("number", "key")).when(several).then(both).otherwise(piece)
