"""Remittance advices: what a payer says an amount is for, before or after it comes; payout and factor reports."""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from encours.core.matching.advice_tables import Advices
from encours.core.matching.names import name_keys
from encours.core.matching.pool import Pool, day_number
from encours.core.matching.references.keys import KeyTable
from encours.core.matching.remittance import ADVICE, Line, Remittance, certain_quotes, read_quotes, references_of
from encours.core.matching.scope import Scope

#: What a payer calls a deduction, and as what it may be booked; anything else leaves the item open for it.
_CAUSES = (
    ("discount", r"(?i)escompte|discount|skonto"),
    ("charge", r"(?i)frais|commission|\bfees?\b|charges?\b|gebühr"),
)
#: Money comes from some days before an advice (it is often sent after) until so many after it was due.
_BEFORE, _AFTER = 20, 60
_PAYOUT_KINDS = frozenset(["card", "transfer", "other"])
#: What a bank's text says of money that stands for many.
_WORDS = r"\b(AVIS|ADVICE|REMITTANCE|REMISE|BORDEREAU|TPE|CB|PAYOUT|FACTOR\w*)\b"


def read_advices(
    given: Advices | None, as_of: date, scope: Scope, item_ids: pl.Series, table: KeyTable, pool: Pool
) -> list[Remittance]:
    """The advices known at the end of a day, their lines tied to the items whose numbers they bear, or that they name.

    `item_ids` in the order of the pool.
    """
    if given is None or not given.advices.height:
        return []
    whole = given.conformed()
    heads = whole.advices.filter(pl.col("received_on") <= as_of).with_columns(
        entity=scope.entity_code(pl.col("entity_id")),
        currency_code=scope.currency_code(pl.col("currency")),
        payer_key=name_keys(whole.advices.filter(pl.col("received_on") <= as_of)["payer_name"]),
    )
    people = scope.customers.select("customer_id", "customer", "family_first")
    heads = heads.join(people, on="customer_id", how="left").filter(
        (pl.col("entity") >= 0) & (pl.col("currency_code") >= 0)
    )
    lines = whole.lines.join(heads.select("advice_id", "entity", "customer"), on="advice_id").sort("advice_id", "line")
    quoted = read_quotes(lines["number"], lines["entity"].to_numpy(), table, pool)
    named = pl.DataFrame({"item_id": item_ids}).with_row_index("place")
    named = named.filter(pl.col("item_id").is_in(lines["item_id"].drop_nulls().implode()))
    lines = lines.join(named, on="item_id", how="left", maintain_order="left")
    by_advice: dict[str, list[Line]] = {}
    for row, quotes in zip(lines.iter_rows(named=True), quoted, strict=True):
        by_advice.setdefault(row["advice_id"], []).append(_line(row, quotes, pool))
    rows = heads.sort("received_on", "advice_id").iter_rows(named=True)
    return [
        _remittance(row, tuple(by_advice.get(row["advice_id"], ()))) for row in rows if row["advice_id"] in by_advice
    ]


def deduction_kind(reason: str) -> str:
    """As what kind of allocation a deduction may be booked that a payer names so; "" where its item stays open."""
    return next((kind for kind, pattern in _CAUSES if re.search(pattern, reason)), "")


def _line(row: dict[str, object], quotes: tuple[tuple[int, int], ...], pool: Pool) -> Line:
    customer = int(str(row["customer"])) if row["customer"] is not None else -1
    deducted = int(str(row["deducted"] or 0))
    reason = str(row["reason"] or "")
    cause = deduction_kind(reason)
    # What a person tied is what it pays; an item that is there no more leaves the line to its number.
    tied = row["place"]
    places = certain_quotes(quotes, customer, pool) if tied is None else (int(str(tied)),)
    key = f"{row['advice_id']}:{row['line']}"
    return Line(key, int(str(row["amount"])), customer, (), places, deducted, cause if deducted else "")


def _remittance(row: dict[str, object], lines: tuple[Line, ...]) -> Remittance:
    fee = int(str(row["fee"] or 0))
    asked = row["paid_on"] or row["received_on"]
    assert isinstance(asked, date)
    account = str(row["payer_account"] or "").replace(" ", "").upper()
    payer = frozenset(one for one in (row["payer_key"], account or None) if isinstance(one, str))
    form = str(row["form"] or "advice")
    total = int(str(row["total"]))
    return Remittance(
        str(row["advice_id"]), ADVICE, int(str(row["entity"])), int(str(row["currency_code"])), total + fee,
        day_number(asked) - _BEFORE, day_number(asked) + _AFTER, lines,
        references_of(_text(row["reference"]), _text(row["advice_id"])),
        _PAYOUT_KINDS if form != "advice" else frozenset(), _WORDS, fee,
        payer, int(str(row["family_first"])) if row["family_first"] is not None else -1,
    )  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None else str(value)
