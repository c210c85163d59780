"""Instruments as files of drafts and direct debits tell them: one batch and many debtors, gathered into Book tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import blake2b

import polars as pl

from encours.connectors.base.accounts import known_account
from encours.connectors.base.bank import clean
from encours.connectors.base.contract import Options, Reading
from encours.core.base.issue import Issues
from encours.core.base.money import EXPONENTS, AmountError, is_currency, to_minor

_REJECTED = {"line": pl.Int64(), "text": pl.String(), "code": pl.String()}
_REJECTED_MAX = 10_000
#: What the store keeps of an id and of an event's value.
_KEY_MAX, _QUOTES_MAX = 80, 255


@dataclass(frozen=True)
class Drawn:
    """One line of a batch: what is asked of one debtor. `quotes` is the text by which its invoices are known."""

    line: int
    batch: str
    key: str
    kind: str
    debtor: str | None
    amount: Decimal
    currency: str | None
    due_on: date
    state: str
    state_on: date
    debtor_account: str | None = None
    quotes: str | None = None
    reason: str | None = None


class InstrumentFile:
    """Gathers the lines of one file. Readers call `add` and `reject`, then `reading`.

    Table `events` holds what has no column: event `instrument:<digest>` bears the text that a line quotes, event
    `unpaid:<digest>` the reason code of one that came back; `detail` is the instrument's id.
    """

    def __init__(self, kind: str, name: str, options: Options, account: str | None = None) -> None:
        self.kind = kind
        self.issues = Issues(name)
        self.account = account
        self._options = options
        self._lines: list[Drawn] = []
        self._rejected: list[tuple[int, str, str]] = []

    def add(self, line: Drawn) -> None:
        """Takes a line, or rejects it where it names no debtor or no amount that money can have."""
        if not (line.debtor or line.debtor_account):
            self.reject(line.line, "debtor_missing", "the line names no debtor", line.key)
        elif line.currency is None or not is_currency(line.currency):
            self.reject(line.line, "currency_missing", "the line has no currency", line.key)
        elif line.amount <= 0:
            self.reject(line.line, "amount_impossible", f"{line.amount} is no amount to ask for", line.key)
        else:
            self._lines.append(line)

    def reject(self, number: int, code: str, message: str, text: str = "") -> None:
        """A line that cannot be read: an error issue, and the line for the file of rejected lines."""
        if len(self._rejected) < _REJECTED_MAX:
            self.issues.add(code, message, line=number, action="Correct the line, or make the file again.")
            self._rejected.append((number, clean(text, 500) or "", code))

    def told(self, number: int, what: str, said: Decimal | int, found: Decimal | int) -> None:
        """A warning where a control figure of the file is not what its lines make."""
        if said != found:
            self.issues.add(
                "control_differs",
                f"the file says {what} {said}, its lines make {found}",
                line=number,
                severity="warning",
                action="Check that the file is whole.",
            )

    def reading(self, **facts: object) -> Reading:
        """Tables customers, payer_aliases, instruments and events, and the file's figures by batch."""
        entity = self._options.entity_id or self.account or "unknown"
        rows = [row for line in self._lines if (row := self._row(entity, line)) is not None]
        if not rows and not self.issues.rows:
            self.issues.add(
                "no_lines", "the file holds no line to collect", severity="warning", action="Check the file."
            )
        frame = pl.DataFrame(rows, schema=_ROW, orient="row")
        return Reading(
            self.kind,
            _tables(frame, entity),
            self.issues.frame(),
            entity,
            {"account": self.account, "lines": frame.height, "batches": _batches(frame), **facts},
            pl.DataFrame(self._rejected, schema=_REJECTED, orient="row"),
        )

    def _row(self, entity: str, line: Drawn) -> tuple[object, ...] | None:
        currency = str(line.currency)
        try:
            minor = to_minor(line.amount, currency)
        except AmountError as error:
            self.reject(line.line, "amount_impossible", str(error), line.key)
            return None
        account = known_account(line.debtor_account) if line.debtor_account else None
        name = line.debtor or str(account)
        batch = (clean(line.batch, _KEY_MAX) or "").strip()
        key = f"{entity}:{line.kind}:{batch}:{clean(line.key, _KEY_MAX) or line.line}"
        customer = f"{entity}:{debtor_key(name)}"
        states = (line.state, line.state_on, line.due_on)
        return (line.line, key, customer, name, account, line.kind, minor, currency, batch, *states,
                clean(line.quotes, _QUOTES_MAX), line.reason)  # fmt: skip


_ROW: dict[str, pl.DataType] = {
    "line": pl.Int64(), "key": pl.String(), "customer_id": pl.String(), "name": pl.String(), "account": pl.String(),
    "kind": pl.String(), "amount": pl.Int64(), "currency": pl.String(), "batch_id": pl.String(), "state": pl.String(),
    "state_on": pl.Date(), "due_on": pl.Date(), "quotes": pl.String(), "reason": pl.String(),
}  # fmt: skip


def debtor_key(name: str) -> str:
    """What identifies a debtor whom a file names only: the name in upper case, one dash for what is no letter."""
    slug = re.sub(r"[\W_]+", "-", name.upper()).strip("-")
    return slug[:_KEY_MAX] or "UNNAMED"


def scaled(digits: str, currency: str) -> Decimal:
    """An amount written in minor units. Raises AmountError where it is none."""
    if not (digits.isascii() and digits.strip().isdigit()):
        raise AmountError(f"{digits[:20]!r} is no amount in digits")
    return Decimal(int(digits)).scaleb(-EXPONENTS.get(currency, 2))


def _tables(rows: pl.DataFrame, entity: str) -> dict[str, pl.DataFrame]:
    rows = _numbered(rows)
    debtors = rows.unique("customer_id", keep="last", maintain_order=True)
    customers = debtors.select("customer_id", "name", entity_id=pl.lit(entity), kind=pl.lit("business"))
    held = rows.filter(pl.col("account").is_not_null())
    # An account of two debtors of one file names neither of them.
    alone = held.filter(pl.col("customer_id").n_unique().over("account") == 1)
    aliases = alone.unique(["customer_id", "account"], keep="first", maintain_order=True).select(
        "customer_id", kind=pl.lit("iban"), value="account", source=pl.lit("direct_debit")
    )
    instruments = rows.select(
        "line", "instrument_id", "customer_id", "kind", "amount", "currency", "due_on", "state", "state_on", "batch_id"
    )
    events = pl.concat([told_events(rows, "instrument", "quotes"), told_events(rows, "unpaid", "reason")])
    return {"customers": customers, "payer_aliases": aliases, "instruments": instruments, "events": events}


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines with an id each: of those that bear the same reference the second is number two."""
    place = pl.col("key").cum_count().over("key")
    return rows.with_columns(instrument_id=pl.when(place > 1).then(pl.format("{}:{}", "key", place)).otherwise("key"))


def told_events(rows: pl.DataFrame, kind: str, column: str) -> pl.DataFrame:
    """Rows of `events` that keep what an instrument has no column for.

    `rows`: instrument_id, customer_id, state_on and the column, whose nulls are left out.
    """
    told = rows.filter(pl.col(column).is_not_null())
    digests = [blake2b(one.encode(), digest_size=8).hexdigest() for one in told["instrument_id"]]
    return told.with_columns(digest=pl.Series(digests, dtype=pl.String)).select(
        subject=pl.lit("customer"),
        subject_id="customer_id",
        kind=pl.format("{}:{}", pl.lit(kind), "digest"),
        on="state_on",
        value=column,
        detail="instrument_id",
    )


def _batches(rows: pl.DataFrame) -> list[dict[str, object]]:
    totals = rows.group_by("batch_id", "currency", maintain_order=True).agg(pl.len(), pl.col("amount").sum())
    return [
        {"batch": batch, "currency": currency, "lines": count, "amount_minor": amount}
        for batch, currency, count, amount in totals.iter_rows()
    ]
