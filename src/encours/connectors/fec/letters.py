"""Lettrage: groups of lines that the ledger set against each other, and what each line gave to which."""

from __future__ import annotations

import polars as pl

from encours.core.base.spread import spread

#: An unpaid or rejected payment, as banks and bookkeepers write it.
RETURN_WORDS = r"(?i)impay|rejet|retour|rejete|unpaid|contre.?pass"
DEDUCTIONS = ("discount", "charge", "write_off", "fx", "netting", "ledger")


def groups_of(lines: pl.DataFrame) -> pl.DataFrame:
    """line, group of the lettered receivable lines: account, auxiliary and letter; never the letter alone.

    Letters are used again in the course of a year: a group that does not balance but whose dates of lettrage part it
    into groups that do is parted so.
    """
    lettered = lines.select("line", "letter_date", "net", "receivable", "account_no", "customer_no", "letter").filter(
        pl.col("receivable") & pl.col("letter").is_not_null()
    )
    # A group is called by its first line.
    keys = [pl.col("account_no"), pl.col("customer_no"), pl.col("letter").cast(pl.Categorical)]
    keyed = lettered.select("line", "letter_date", "net", group=pl.col("line").first().over(keys))
    total = pl.col("net").sum().over("group")
    loose = keyed.filter((total != 0) & (pl.col("letter_date").n_unique().over("group") > 1))
    if loose.height:
        by_date = ["group", "letter_date"]
        closed = loose.filter(pl.col("net").sum().over(by_date) == 0)
        if closed.height:
            first = int(keyed["line"].to_numpy().max()) + 1
            parted = closed.select("line", parted=pl.struct(by_date).rank("dense").cast(pl.Int64) + first)
            keyed = keyed.join(parted, on="line", how="left").with_columns(group=pl.coalesce("parted", "group"))
    return keyed.select("line", "group")


def settle(parts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(pairs, returns): who settled whom inside the groups, oldest first, never more than there is.

    `parts` have part, group, amount, makes, day, line, label. Pairs: left (a part with the sign of the claim it
    is), right (what settles it), amount (with the sign of left). Returns: part (money gone back), returned.
    """
    thin = parts.select("part", "group", "amount", "makes", "day", "line", "label")
    grouped = thin.filter(pl.col("group").is_not_null()).sort("group", "day", "line", "part")
    returns = _returned(grouped)
    gone = pl.concat([returns["part"], returns["returned"]]).implode()
    live = grouped.filter(~pl.col("part").is_in(gone)) if returns.height else grouped
    money = pl.col("makes") == "money"
    owed = live.filter((pl.col("amount") > 0) & ~money)
    paying = live.filter(pl.col("amount") < 0)
    first = _pairs(owed, paying)
    refunds = live.filter((pl.col("amount") > 0) & money)
    if not refunds.height:
        return first, returns
    used = first.group_by(part="right").agg(used=pl.col("amount").sum())
    left = paying.filter(pl.col("makes") != "money").join(used, on="part", how="left")
    left = left.with_columns(amount=pl.col("amount") + pl.col("used").fill_null(0)).filter(pl.col("amount") < 0)
    second = _pairs(left, refunds).with_columns(amount=-pl.col("amount"))
    return pl.concat([first, second]), returns


def _pairs(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    worth = pl.col("amount").abs()
    met = spread(
        left.select("group", id="part", amount=worth), right.select("group", id="part", amount=worth), ["group"]
    )
    return met.select(left="left_id", right="right_id", amount="amount")


def _returned(grouped: pl.DataFrame) -> pl.DataFrame:
    """part, returned: money that went back, and the earlier receipt of the same amount that it undoes."""
    money = grouped.filter(pl.col("makes") == "money").with_columns(worth=pl.col("amount").abs())
    back = money.filter(pl.col("amount") > 0)
    if not back.height:
        return grouped.clear().select("part", returned="part")
    notes = grouped.filter((pl.col("amount") < 0) & (pl.col("makes") != "money"))
    refunds = notes.select("group", worth=pl.col("amount").abs()).unique()
    said = pl.col("label").str.contains(RETURN_WORDS).fill_null(False)
    undone = pl.concat([back.filter(said), back.filter(~said).join(refunds, on=["group", "worth"], how="anti")]).sort(
        "group", "day", "line"
    )
    nth = pl.int_range(pl.len()).over("group", "worth")
    came = money.filter(pl.col("amount") < 0).with_columns(nth=nth)
    met = undone.with_columns(nth=nth).join(came, on=["group", "worth", "nth"], suffix="_in")
    return met.filter(pl.col("day_in") <= pl.col("day")).select("part", returned="part_in")
