"""Who stands on the other side of a camt line."""

from __future__ import annotations

import polars as pl

_SIDES = ("debtor", "creditor")


def counterparty(own_account: str | None) -> tuple[pl.Expr, pl.Expr]:
    """Name and account of the other side: the debtor of money in, the creditor of money out.

    Of a frame with debtor, debtor_account, creditor, creditor_account, kind, credit. Banks print the parties of a
    returned payment as they stood in the payment, so where one side's account is ours it is the other one, and a
    returned direct debit names the customer who is its debtor.
    """
    returned = pl.col("kind") == "return"
    wanted = pl.col("credit") != returned
    unknown = {side: pl.col(side).is_null() & pl.col(f"{side}_account").is_null() for side in _SIDES}
    nobody = returned & pl.when(wanted).then(unknown["debtor"]).otherwise(unknown["creditor"])
    of_debtor = (
        pl.when(_is_ours("debtor", own_account))
        .then(pl.lit(value=False))
        .when(_is_ours("creditor", own_account))
        .then(pl.lit(value=True))
        .otherwise(wanted != nobody)
    )
    name, account = (pl.when(of_debtor).then(f"debtor{part}").otherwise(f"creditor{part}") for part in ("", "_account"))
    return name, account


def _is_ours(side: str, own_account: str | None) -> pl.Expr:
    return pl.lit(value=False) if own_account is None else pl.col(f"{side}_account") == own_account
