"""Whose money is it that bears no customer? What its text quotes, who sent it, from which account.

No match is made here, that is `core.matching`'s art: this only says whom not to remind while a receipt waits.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from encours.core.dunning.facts import Facts
from encours.core.dunning.holding import working_days_after

#: Shorter runs of digits, or shorter names, are in too many texts.
_DIGITS, _LETTERS = 5, 7
_LEGAL = r"\b(?:SARL|SAS|SASU|SA|EURL|SNC|SCI|SELARL|SCOP|GMBH|LTD|LIMITED|BV|NV|SPA|SRL|SL|INC|AG)\b"
#: Money that went out again pays nothing.
_NOT = ("return", "out")


def waiting(facts: Facts) -> pl.DataFrame:
    """money_id, entity_id, payer_id?, currency, amount, proposed, until_on, payer_name?, payer_account?, remittance?:
    receipts with money left (`amount`, minor units), until `unapplied_days` working days after they were known.

    `proposed`: the part of the amount that proposed matches take. `payer_id`: of the customer that the receipt bears.
    """
    days = facts.known.settings.unapplied_days
    since = pl.coalesce("known_on", "booked_on")
    rows = facts.unapplied.filter(
        (pl.col("unapplied") > 0) & ~pl.col("kind").is_in(_NOT) & (since >= facts.as_of - timedelta(days=14 + 2 * days))
    )
    proposed = facts.known.proposals.group_by("receipt_id").agg(proposed=pl.col("amount").sum())
    rows = rows.join(proposed, on="receipt_id", how="left")
    rows = rows.select(
        "entity_id", pl.coalesce("payer_id", "customer_id").alias("payer_id"), "currency", "payer_name",
        "payer_account", "remittance", pl.col("proposed").fill_null(0), money_id="receipt_id", amount="unapplied",
        until_on=working_days_after(since, days),
    )  # fmt: skip
    return rows.filter(pl.col("until_on") >= facts.as_of).sort("money_id")


def named_payers(facts: Facts, money: pl.DataFrame, quoted: pl.DataFrame) -> pl.DataFrame:
    """The money with `payer_id` also where no customer stands on it but text, name or account point to one payer."""
    found = whose(facts, money, quoted)
    money = money.join(found, on="money_id", how="left", suffix="_found")
    return money.with_columns(pl.coalesce("payer_id", "payer_id_found")).drop("payer_id_found")


def quotes(items: pl.DataFrame, money: pl.DataFrame) -> pl.DataFrame:
    """money_id, item_id: items whose number a receipt's text bears, whole or as its last digits.

    `items`: item_id, payer_id, number. `money`: money_id, remittance. Digits that several payers' items end in say
    nothing.
    """
    digits = pl.col("number").str.replace_all(r"\D", "")
    last = pl.col("number").str.extract(r"(\d+)\D*$")
    keys = pl.concat([items.select("item_id", "payer_id", key=key) for key in (digits, last)])
    keys = keys.filter(pl.col("key").str.len_chars() >= _DIGITS).unique()
    keys = keys.filter(pl.col("payer_id").n_unique().over("key") == 1)
    text = pl.col("remittance").fill_null("")
    whole = text.str.split(" ").list.eval(pl.element().str.replace_all(r"\D", ""))
    runs = text.str.extract_all(r"\d+")
    told = money.select("money_id", key=pl.concat_list(whole, runs)).explode("key").drop_nulls()
    return told.unique().join(keys, on="key").select("money_id", "item_id", "payer_id").unique()


def whose(facts: Facts, money: pl.DataFrame, quoted: pl.DataFrame) -> pl.DataFrame:
    """money_id, payer_id: the one payer that text, name or account of a receipt point to.

    `money`: money_id, payer_name, payer_account, remittance. `quoted`: see `quotes`.
    """
    found = [quoted.select("money_id", "payer_id"), _by_account(facts, money), _by_name(facts, money)]
    for place, rows in enumerate(found):
        one = rows.unique().filter(pl.len().over("money_id") == 1).with_columns(rank=pl.lit(place))
        found[place] = one
    return pl.concat(found).sort("money_id", "rank").unique("money_id", keep="first", maintain_order=True).drop("rank")


def _by_account(facts: Facts, money: pl.DataFrame) -> pl.DataFrame:
    """The payer whose account it is known to be, or whose items the account's earlier money paid."""
    sent = money.filter(pl.col("payer_account").is_not_null()).select("money_id", "payer_account")
    aliases = facts.book.payer_aliases.filter(pl.col("kind") == "iban").select("customer_id", payer_account="value")
    before = facts.book.receipts.join(sent.select("payer_account").unique(), on="payer_account", how="semi")
    paid = facts.book.allocations.filter(pl.col("kind") == "cash").select("receipt_id", "item_id")
    lettered = before.select("receipt_id", "payer_account").join(paid, on="receipt_id")
    lettered = lettered.join(facts.book.items.select("item_id", "customer_id"), on="item_id")
    known = pl.concat([aliases, lettered.select("customer_id", "payer_account")]).unique()
    known = known.join(facts.payers, on="customer_id").select("payer_id", "payer_account").unique()
    return sent.join(known, on="payer_account").select("money_id", "payer_id")


def _by_name(facts: Facts, money: pl.DataFrame) -> pl.DataFrame:
    """The payer whose name (without its legal form) the sender or the text bears."""
    names = facts.book.customers.select("customer_id", name=_plain("name"))
    names = names.filter(pl.col("name").str.len_chars() >= _LETTERS).join(facts.payers, on="customer_id")
    names = names.filter(pl.col("payer_id").n_unique().over("name") == 1).select("name", "payer_id").unique()
    text = pl.concat_str([pl.col("payer_name").fill_null(""), pl.lit(" "), pl.col("remittance").fill_null("")])
    told = money.select("money_id", _text=text).with_columns(_text=_plain("_text"))
    patterns = names["name"].to_list()
    if not patterns or told.is_empty():
        return pl.DataFrame(schema={"money_id": pl.String, "payer_id": pl.String})
    hits = (
        told.select("money_id", name=pl.col("_text").str.extract_many(patterns, overlapping=True))
        .explode("name")
        .drop_nulls()
    )
    # Of names inside each other the longest is meant.
    longest = pl.col("name").str.len_chars() == pl.col("name").str.len_chars().max().over("money_id")
    return hits.filter(longest).join(names, on="name").select("money_id", "payer_id")


def _plain(column: str) -> pl.Expr:
    upper = pl.col(column).str.to_uppercase().str.normalize("NFKD").str.replace_all(r"[^A-Z0-9 ]", "")
    return upper.str.replace_all(_LEGAL, "").str.replace_all(" ", "")
