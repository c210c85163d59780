"""Ledger balance ± what Encours decided and the ERP has not booked yet = Encours balance, account by account.

A cadrage answers one question: is the receivables book the ledger's? Each difference is named by what explains it, and
what nothing explains is the gap.
"""

from __future__ import annotations

import polars as pl

from encours.core.base import balance
from encours.core.base.book import Book

#: Collective accounts, by the longest prefix that fits an item's ledger account (French chart of accounts).
COLLECTIVE = ("4117", "4191", "4198", "411", "413", "416")
DRAFTS = "413"
DEFAULT = "411"

#: Columns of a cadrage. Amounts in minor units of `currency`, debit positive.
CADRAGE = {
    "entity_id": pl.String(),
    "account": pl.String(),
    "currency": pl.String(),
    "ledger": pl.Int64(),  # what the ERP says; null where no ledger balance of that day is known
    "decided": pl.Int64(),  # effect of decisions that the ERP has not booked yet
    "encours": pl.Int64(),  # what the book says
    "gap": pl.Int64(),  # ledger + decided − encours; null where the ledger is unknown
}


def collective_account(account: pl.Expr) -> pl.Expr:
    """The collective account of a ledger account: 41170012 → 4117, 411DUPONT → 411; none: 411."""
    found = pl.lit(DEFAULT)
    for prefix in reversed(COLLECTIVE):
        found = pl.when(account.str.starts_with(prefix)).then(pl.lit(prefix)).otherwise(found)
    return found


def encours_balances(book: Book) -> pl.DataFrame:
    """entity_id, account, currency, encours: the book's balance per collective account. Takes a read Book.

    Open items on their account, an amount under an accepted draft on 413, unapplied receipts against the account they
    stand on. Receipts count where a customer is known: money of an unknown payer is nobody's balance yet.
    """
    items = book.open_items().with_columns(account=collective_account(pl.col("ledger_account")))
    drafts = _draft_cover(book, items)
    on_account = items.join(drafts, on="item_id", how="left").with_columns(
        pl.col("covered").fill_null(0), moved=(pl.col("account") == DEFAULT) & pl.col("covered").is_not_null()
    )
    owed = on_account.select(
        "entity_id", "account", "currency", encours=pl.col("open") - pl.when("moved").then("covered").otherwise(0)
    )
    under_draft = on_account.filter("moved").select("entity_id", "currency", account=pl.lit(DRAFTS), encours="covered")
    free = book.unapplied_receipts().filter(pl.col("customer_id").is_not_null())
    held = free.select(
        "entity_id", "currency", account=collective_account(pl.col("ledger_account")), encours=-pl.col("unapplied")
    )
    columns = ["entity_id", "account", "currency", "encours"]
    parts = pl.concat([part.select(columns) for part in (owed, under_draft, held)])
    return parts.group_by(columns[:3]).agg(pl.col("encours").sum()).sort(columns[:3])


def _draft_cover(book: Book, items: pl.DataFrame) -> pl.DataFrame:
    """item_id, covered: the part of an item's open amount that accepted drafts cover."""
    alive = book.instruments.filter(
        pl.col("kind").is_in(["lcr", "bor"]) & pl.col("state").is_in(["accepted", "presented", "discounted"])
    )
    covered = (
        book.instrument_items.join(alive, on="instrument_id", how="semi")
        .group_by("item_id")
        .agg(covered=pl.col("amount").sum())
    )
    return covered.join(items.select("item_id", "open"), on="item_id").select(
        "item_id", covered=pl.min_horizontal(pl.col("covered").abs(), pl.col("open").abs()) * pl.col("open").sign()
    )


def decided_effects(book: Book, pending_ids: pl.Series) -> pl.DataFrame:
    """entity_id, account, currency, decided: what pending allocations change on the ledger's accounts once booked.

    `pending_ids` are the allocation ids that Encours decided and no ledger has acknowledged. Cash of a receipt that
    already stands on the customer's account moves nothing; other cash, discounts and losses lower the account. An item
    that bears the id of an allocation is what that moved to an account of its own (a retention from 411 to 4117).
    """
    pending = balance.standing(book.allocations.lazy()).filter(pl.col("allocation_id").is_in(pending_ids.implode()))
    receipts = book.receipts.lazy().select("receipt_id", stands_on="customer_id", from_ledger="ledger_account")
    rows = (
        pending.join(receipts, on="receipt_id", how="left")
        .filter(~((pl.col("kind") == "cash") & pl.col("from_ledger").is_not_null()))
        .filter(pl.col("kind") != "credit")
        .join(book.items.lazy().select("item_id", "entity_id", "currency", "ledger_account"), on="item_id")
        .select(
            "entity_id", "currency", account=collective_account(pl.col("ledger_account")), decided=-pl.col("amount")
        )
    )
    moved = (
        book.items.lazy()
        .join(pending.select(item_id="allocation_id"), on="item_id", how="semi")
        .select("entity_id", "currency", account=collective_account(pl.col("ledger_account")), decided="amount")
    )
    columns = ("entity_id", "currency", "account", "decided")
    both = pl.concat([rows.select(columns), moved.select(columns), _gone_elsewhere(pending, book).select(columns)])
    return both.group_by("entity_id", "account", "currency").agg(pl.col("decided").sum()).collect()


def _gone_elsewhere(pending: pl.LazyFrame, book: Book) -> pl.LazyFrame:
    """Money that the ledger has on a customer's account and that settled what another entity is owed (no item)."""
    gone = pending.filter((pl.col("kind") == "cash") & pl.col("item_id").is_null())
    there = book.receipts.lazy().filter(pl.col("ledger_account").is_not_null() & pl.col("customer_id").is_not_null())
    return gone.join(there.select("receipt_id", "entity_id", "currency", "ledger_account"), on="receipt_id").select(
        "entity_id",
        "currency",
        account=collective_account(pl.col("ledger_account")),
        decided=pl.coalesce("receipt_amount", "amount"),
    )


def advance_effects(book: Book, advance_ids: pl.Series) -> pl.DataFrame:
    """entity_id, account, currency, decided: money that a person put on a customer's account and no ledger has booked.

    It lowers the account on which the book shows it until the ledger says another (4191).
    """
    free = book.unapplied_receipts().filter(
        pl.col("receipt_id").is_in(advance_ids.implode())
        & pl.col("ledger_account").is_null()
        & pl.col("customer_id").is_not_null()
    )
    rows = free.select("entity_id", "currency", account=pl.lit(DEFAULT), decided=-pl.col("unapplied"))
    return rows.group_by("entity_id", "account", "currency").agg(pl.col("decided").sum())


def tie(book: Book, ledger: pl.DataFrame, pending_ids: pl.Series, advance_ids: pl.Series | None = None) -> pl.DataFrame:
    """The cadrage of a read Book: one row an entity, collective account and currency, columns of CADRAGE.

    `ledger`: entity_id, account, currency, balance — the ERP's own balances on the same day, any depth of account.
    `advance_ids`: receipts that a person put on a customer's account.
    """
    keys = ["entity_id", "account", "currency"]
    erp = (
        ledger.with_columns(account=collective_account(pl.col("account")))
        .group_by(keys)
        .agg(ledger=pl.col("balance").sum())
    )
    known = erp.select("entity_id", "currency").unique().with_columns(tied=pl.lit(True))
    rows = encours_balances(book).join(erp, on=keys, how="full", coalesce=True)
    effects = decided_effects(book, pending_ids)
    if advance_ids is not None and advance_ids.len():
        both = pl.concat([effects, advance_effects(book, advance_ids).select(effects.columns)])
        effects = both.group_by(keys).agg(pl.col("decided").sum())
    rows = rows.join(effects, on=keys, how="full", coalesce=True)
    rows = rows.join(known, on=["entity_id", "currency"], how="left")
    # A ledger that names some accounts of an entity is silent on the others because they are nil.
    stated = pl.when("tied").then(pl.col("ledger").fill_null(0))
    gap = pl.col("ledger") + pl.col("decided") - pl.col("encours")
    return (
        rows.with_columns(pl.col("encours", "decided").fill_null(0), ledger=stated)
        .with_columns(gap=gap)
        .select(list(CADRAGE))
        .sort(keys)
    )
