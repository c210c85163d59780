"""Remittance advices: what a payer says an amount is for, before or after it comes; payout and factor reports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from encours.core.base.issue import CallError
from encours.core.matching.names import name_keys
from encours.core.matching.pool import Pool, day_number
from encours.core.matching.references.keys import KeyTable
from encours.core.matching.remittance import ADVICE, Line, Remittance, certain_quotes, read_quotes, references_of
from encours.core.matching.scope import Scope

#: One row an advice. `total` is the money that comes: Σ lines less `fee`, what who collected it keeps. `received_on` is
#: the day from which it is known; `form`: advice, payout (cards, payment services) or factor.
ADVICE_SCHEMA: dict[str, pl.DataType] = {
    "advice_id": pl.String(), "entity_id": pl.String(), "currency": pl.String(), "total": pl.Int64(),
    "received_on": pl.Date(), "paid_on": pl.Date(), "reference": pl.String(), "payer_name": pl.String(),
    "payer_account": pl.String(), "customer_id": pl.String(), "form": pl.String(), "fee": pl.Int64(),
}  # fmt: skip
#: One row a line. `amount` is what is paid for the item (negative: a credit note taken off), `deducted` what was taken
#: off it before (positive), for the `reason` that the payer names.
ADVICE_LINE_SCHEMA: dict[str, pl.DataType] = {
    "advice_id": pl.String(), "line": pl.Int64(), "number": pl.String(), "amount": pl.Int64(),
    "deducted": pl.Int64(), "reason": pl.String(), "document_on": pl.Date(), "customer_hint": pl.String(),
}  # fmt: skip
_NEEDED = {
    "advices": ("advice_id", "entity_id", "currency", "total", "received_on"),
    "lines": ("advice_id", "line", "amount"),
}
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


@dataclass(frozen=True)
class Advices:
    """Advices and their lines (`ADVICE_SCHEMA`, `ADVICE_LINE_SCHEMA`; absent nullable columns are null)."""

    advices: pl.DataFrame
    lines: pl.DataFrame

    @cached_property
    def faults(self) -> list[str]:
        """What keeps the frames from being advices."""
        frames = {"advices": self.advices, "lines": self.lines}
        return [
            f"{table}: required column {name} is absent"
            for table, names in _NEEDED.items()
            for name in names
            if name not in frames[table].columns
        ]

    def conformed(self) -> Advices:
        """Every column, in order. Raises CallError naming every absent one."""
        if self.faults:
            raise CallError(self.faults)
        return Advices(_with(self.advices, ADVICE_SCHEMA), _with(self.lines, ADVICE_LINE_SCHEMA))


def no_advices() -> Advices:
    """None."""
    return Advices(pl.DataFrame(schema=ADVICE_SCHEMA), pl.DataFrame(schema=ADVICE_LINE_SCHEMA))


def _with(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )


def read_advices(given: Advices | None, as_of: date, scope: Scope, table: KeyTable, pool: Pool) -> list[Remittance]:
    """The advices known at the end of a day, their lines tied to the items whose numbers they bear."""
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
    by_advice: dict[str, list[Line]] = {}
    for row, quotes in zip(lines.iter_rows(named=True), quoted, strict=True):
        by_advice.setdefault(row["advice_id"], []).append(_line(row, quotes, pool))
    rows = heads.sort("received_on", "advice_id").iter_rows(named=True)
    return [
        _remittance(row, tuple(by_advice.get(row["advice_id"], ()))) for row in rows if row["advice_id"] in by_advice
    ]


def _line(row: dict[str, object], quotes: tuple[tuple[int, int], ...], pool: Pool) -> Line:
    customer = int(str(row["customer"])) if row["customer"] is not None else -1
    deducted = int(str(row["deducted"] or 0))
    reason = str(row["reason"] or "")
    cause = next((kind for kind, pattern in _CAUSES if re.search(pattern, reason)), "")
    places = certain_quotes(quotes, customer, pool)
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
