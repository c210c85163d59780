"""Cadrage: accounts by prefix, drafts on 413, decisions not booked yet, and gaps that show."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.cadrage.tie import collective_account, tie

JANUARY = date(2026, 1, 15)


def make_book(allocations: list[dict[str, object]] | None = None) -> Book:
    """One entity: an invoice under a draft, one on account, a doubtful one, an unapplied receipt, an unknown payer."""
    item = {
        "entity_id": "E",
        "customer_id": "E:c",
        "kind": "invoice",
        "issued_on": JANUARY,
        "due_on": JANUARY,
        "currency": "EUR",
    }
    receipt = {
        "entity_id": "E",
        "account": "FR76",
        "booked_on": JANUARY,
        "currency": "EUR",
        "kind": "transfer",
        "origin": "bank",
    }
    tables = {
        "entities": [{"entity_id": "E", "name": "E", "country": "FR", "currency": "EUR"}],
        "customers": [{"customer_id": "E:c", "entity_id": "E", "name": "c", "kind": "business"}],
        "items": [
            item | {"item_id": "drafted", "number": "1", "amount": 1000, "ledger_account": "411000"},
            item | {"item_id": "plain", "number": "2", "amount": 600, "ledger_account": "411000"},
            item | {"item_id": "doubtful", "number": "3", "amount": 50, "ledger_account": "416000"},
        ],
        "receipts": [
            receipt | {"receipt_id": "r1", "amount": 200, "customer_id": "E:c", "ledger_account": "411000"},
            receipt | {"receipt_id": "r2", "amount": 600, "customer_id": None, "ledger_account": None},
        ],
        "instruments": [
            {
                "instrument_id": "d",
                "customer_id": "E:c",
                "kind": "lcr",
                "amount": 1000,
                "currency": "EUR",
                "due_on": date(2026, 2, 28),
                "state": "accepted",
                "state_on": JANUARY,
            }
        ],
        "instrument_items": [{"instrument_id": "d", "item_id": "drafted", "amount": 1000}],
    }
    frames = {name: pl.DataFrame(rows) for name, rows in tables.items()}
    if allocations:
        frames["allocations"] = pl.DataFrame(allocations)
    return Book.of(**frames)


def ledger(**balances: int) -> pl.DataFrame:
    """The ERP's balances, account names without their leading letter."""
    rows = [("E", name[1:], "EUR", amount) for name, amount in balances.items()]
    return pl.DataFrame(rows, schema=["entity_id", "account", "currency", "balance"], orient="row")


NOTHING = pl.Series("allocation_id", [], dtype=pl.String)


def gaps(frame: pl.DataFrame) -> dict[str, int | None]:
    """account -> gap."""
    return dict(frame.select("account", "gap").iter_rows())


def test_each_account_ties_with_drafts_on_413_and_receipts_on_account() -> None:
    result = tie(make_book(), ledger(a411000=400, a413000=1000, a416000=50), NOTHING)
    assert gaps(result) == {"411": 0, "413": 0, "416": 0}
    assert dict(result.select("account", "encours").iter_rows()) == {"411": 400, "413": 1000, "416": 50}


def test_cash_of_a_bank_line_that_the_erp_has_not_booked_is_shown_as_decided() -> None:
    cash = {
        "allocation_id": "x",
        "receipt_id": "r2",
        "item_id": "plain",
        "amount": 600,
        "kind": "cash",
        "allocated_on": JANUARY,
        "source": "encours",
    }
    result = tie(make_book([cash]), ledger(a411=400, a413=1000, a416=50), pl.Series("allocation_id", ["x"]))
    assert gaps(result) == {"411": 0, "413": 0, "416": 0}
    assert dict(result.select("account", "decided").iter_rows())["411"] == -600


def test_lettering_money_that_stands_on_the_account_moves_no_balance() -> None:
    cash = {
        "allocation_id": "x",
        "receipt_id": "r1",
        "item_id": "plain",
        "amount": 200,
        "kind": "cash",
        "allocated_on": JANUARY,
        "source": "encours",
    }
    result = tie(make_book([cash]), ledger(a411=400, a413=1000, a416=50), pl.Series("allocation_id", ["x"]))
    assert gaps(result) == {"411": 0, "413": 0, "416": 0}


def test_a_gap_shows_to_the_cent_and_a_silent_ledger_is_not_a_zero() -> None:
    assert gaps(tie(make_book(), ledger(a411=401, a413=1000, a416=50), NOTHING))["411"] == 1
    silent = tie(
        make_book(),
        ledger().cast({"balance": pl.Int64, "account": pl.String, "entity_id": pl.String, "currency": pl.String}),
        NOTHING,
    )
    assert set(gaps(silent).values()) == {None}


def test_accounts_fall_under_their_longest_prefix() -> None:
    accounts = pl.DataFrame({"a": ["411DUPONT", "41170001", "4191", "4198", "416", "413100", None, "999"]})
    found = accounts.select(collective_account(pl.col("a"))).to_series().to_list()
    assert found == ["411", "4117", "4191", "4198", "416", "413", "411", "411"]
