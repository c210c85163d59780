"""Bank lines as they are read, in any format: checked, given stable ids, and gathered into receipts and statements."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import blake2b

import polars as pl

from encours.connectors.base.contract import Options, Reading
from encours.core.base.issue import Issues
from encours.core.base.money import EXPONENTS, AmountError, is_currency, to_minor
from encours.core.base.schema import TABLES

#: Rows are turned into a frame by this many, so that a long file never stands in memory as Python objects.
_CHUNK = 4096
#: No real remittance is longer; a longer one comes from a file that lost its line ends.
TEXT_MAX = 4000
#: 27 digits at most: within the 28 that Decimal arithmetic keeps exact.
_AMOUNT = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{0,12})?", re.ASCII)
#: Minor units in one unit of each currency.
_SCALES = {currency: Decimal(10) ** places for currency, places in EXPONENTS.items()}
#: Beyond this many bad lines a file is of another kind; the rest is counted, not listed.
_REJECTED_MAX = 10_000
_CONTROL = dict.fromkeys(range(32)) | dict.fromkeys(range(127, 160)) | dict.fromkeys(range(0xD800, 0xE000))
#: What banks write where there is no reference.
NO_REFERENCE = frozenset(("", "NOTPROVIDED", "NONREF", "NOTPROVIDED.", "NOT PROVIDED", "NOREF", "NONE", "EREF", "KREF"))
#: Behind a text, before the name for whose account the payer pays (`pour le compte de`). The dash stands in no bank's
#: text: what we added is told from what the bank wrote.
ON_ACCOUNT_OF = "— P/C "
_ADDED = rf" ?{ON_ACCOUNT_OF}.*$"
_RECEIPT_NAMES = (
    *("entity_id", "account", "booked_on", "value_on", "amount", "currency", "kind"),
    *("payer_name", "payer_account", "remittance", "end_to_end_id", "statement_id"),
)
#: A receipt while its id is not known: its line in the file, and the bank's own reference.
_RECEIPT_COLUMNS = {
    **{name: TABLES["receipts"].schema[name] for name in _RECEIPT_NAMES},
    "line": pl.Int64(),
    "bank_reference": pl.String(),
}
_REJECTED = {"line": pl.Int64(), "text": pl.String(), "code": pl.String()}


def clean(text: str | None, limit: int = TEXT_MAX) -> str | None:
    """The text with single blanks and no control characters; None where nothing is left."""
    if not text:
        return None
    if len(text) <= limit and text.isprintable() and "  " not in text:
        return text.strip() or None
    short = " ".join(text[: limit * 2].split())
    if not short.isprintable():
        short = short.translate(_CONTROL)
    return short[:limit].strip() or None


def on_account_of(text: str | None, name: str | None, payer: str | None) -> str | None:
    """The text with the name for whose account the payer pays, where that is somebody else than the payer."""
    if not name or not payer or name.upper() == payer.upper():
        return text
    return f"{text or ''} {ON_ACCOUNT_OF}{name}"[-TEXT_MAX:].strip()


def reference(text: str | None) -> str | None:
    """A reference that refers to something: `NOTPROVIDED` and `NONREF` are none."""
    cleaned = clean(text, 140)
    return None if cleaned is None or cleaned.upper() in NO_REFERENCE else cleaned


def plain_amount(text: str) -> Decimal:
    """A number as bank messages write it: digits and at most one decimal mark. Raises AmountError."""
    bare = text.strip()
    if not _AMOUNT.fullmatch(bare):
        raise AmountError(f"{bare[:40]!r} is not an amount")
    return Decimal(bare.replace(",", "."))


@dataclass(slots=True)
class BankLine:
    """One booked line: `number` is its line or element in the file, `amount` is signed (in +, out −)."""

    number: int
    booked_on: date | None
    amount: Decimal
    currency: str | None
    kind: str
    value_on: date | None = None
    payer_name: str | None = None
    payer_account: str | None = None
    remittance: str | None = None
    end_to_end_id: str | None = None
    bank_reference: str | None = None


@dataclass
class Statement:
    """A statement while it is read. `sums` are the signed booked totals per currency, exact and unrounded.

    `made_on` is the day the file was made, the last resort of a line without any date; `taken` the
    minor units of the lines that became receipts. `stray` ones only hold lines
    that stand outside any statement of the file; they become no row of the Book.
    """

    number: int
    account: str | None
    currency: str | None
    statement_id: str
    entity_id: str
    stray: bool = False
    from_on: date | None = None
    to_on: date | None = None
    made_on: date | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None
    entries: int = 0
    pending: int = 0
    taken: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)

    def count(self, amount: Decimal, currency: str | None, entries: int = 1) -> None:
        """Adds booked entries and their sum to the statement's figures, whether or not they become receipts."""
        self.entries += entries
        key = currency or ""
        self.sums[key] = self.sums.get(key, Decimal(0)) + amount

    @property
    def total(self) -> Decimal | None:
        """The signed booked sum; None where the statement mixes currencies."""
        if len(self.sums) > 1:
            return None
        return next(iter(self.sums.values()), Decimal(0))

    @property
    def balanced(self) -> bool | None:
        """Whether opening + entries = closing; None where a balance is missing."""
        if self.opening is None or self.closing is None or self.total is None:
            return None
        return self.opening + self.total == self.closing


class BankFile:
    """Gathers the lines of one file. Readers call `open`, `add` and `close`, then `reading`."""

    def __init__(self, kind: str, name: str, options: Options) -> None:
        self.kind = kind
        self.issues = Issues(name)
        self.statements: list[Statement] = []
        self._options = options
        self._seen: dict[str, int] = {}
        self._statement_ids: Counter[str] = Counter()
        self._rows: list[tuple[object, ...]] = []
        self._columns: list[pl.DataFrame] = []
        self._frames: list[pl.DataFrame] = []
        self._rejected: list[tuple[int, str, str]] = []
        self._bad = 0

    def open(
        self, number: int, account: str | None, currency: str | None, key: str = "", *, stray: bool = False
    ) -> Statement:
        """Starts a statement; `key` is what makes it this statement of its account (number, first day, opening)."""
        if account is None:
            self.issues.add(
                "account_missing",
                "the statement does not name its bank account",
                line=number,
                severity="warning",
                action="Give the account, or export the whole statement.",
            )
        entity = self._options.entity_id or account or "unknown"
        digest = blake2b(f"{self.kind}|{account}|{currency}|{key}".encode(), digest_size=6).hexdigest()
        statement_id = f"{entity}:{account or 'unknown'}:{digest}"
        self._statement_ids[statement_id] += 1
        if (copy := self._statement_ids[statement_id]) > 1:
            statement_id += f":{copy}"
        statement = Statement(number, account, currency, statement_id, entity, stray)
        self.statements.append(statement)
        return statement

    def add(self, statement: Statement, line: BankLine) -> None:
        """Makes the line a receipt, or an issue where it cannot be one."""
        self._take(statement, line)
        if len(self._rows) >= _CHUNK:
            self._flush()

    def _take(self, statement: Statement, line: BankLine) -> None:
        minor = self._minor(line)
        if minor is None:
            return
        booked_on = line.booked_on or line.value_on or statement.to_on or statement.from_on or statement.made_on
        if booked_on is None:
            self.reject(line.number, "date_missing", "the line has no booking date", str(line.amount))
            return
        if line.booked_on is None:
            self.issues.add(
                "booking_date_missing",
                f"the line has no booking date; {booked_on} is taken",
                line=line.number,
                severity="warning",
                action="Check the booking day with the bank.",
            )
        self._append(statement, line, booked_on, minor)

    def add_all(self, statement: Statement, lines: pl.DataFrame) -> None:
        """Makes lines of a statement receipts as `add` does; faster where they are plain.

        `lines`: the fields of BankLine, `amount` as text, and `minor`, its minor units where these are exact.
        """
        plain = pl.col("minor").is_not_null() & pl.col("booked_on").is_not_null()
        taken = lines.filter(plain).with_columns(pl.col("minor").alias("amount"), pl.col("number").alias("line"))
        self._columns.append(
            taken.with_columns(
                **{name: pl.lit(v, dtype=pl.String) for name, v in _of_statement(statement).items()}
            ).select(list(_RECEIPT_COLUMNS))
        )
        statement.taken += int(taken["minor"].sum())
        for row in lines.filter(~plain).drop("minor").iter_rows(named=True):
            self._take(statement, BankLine(**{**row, "amount": Decimal(row["amount"])}))
        self._flush()

    def reject(self, number: int, code: str, message: str, text: str = "", action: str | None = None) -> None:
        """A line that cannot be read: an error issue, and the line itself for the file of rejected lines."""
        self._bad += 1
        if self._bad > _REJECTED_MAX:
            return
        action = action or "Correct the line, or ask the bank for the file again."
        self.issues.add(code, message, line=number, action=action)
        self._rejected.append((number, clean(text, 500) or "", code))

    def pending(self, statement: Statement, number: int, status: str) -> None:
        """An entry that is not booked yet: told, not taken."""
        statement.pending += 1
        self.issues.add(
            "entry_not_booked",
            f"the entry is {status}, not booked: it is no receipt yet",
            line=number,
            severity="info",
            action="Nothing to do: it comes again once it is booked.",
        )

    def close(self, statement: Statement) -> None:
        """Ends a statement: a balance that does not add up is told."""
        if statement.balanced is False:
            self.issues.add(
                "balance_broken",
                f"opening {statement.opening} + entries {statement.total} is not closing {statement.closing}",
                line=statement.number,
                severity="warning",
                action="A line may be missing: compare with the bank's own statement.",
                table="statements",
                key=statement.statement_id,
            )

    def reading(self, **facts: object) -> Reading:
        """Everything gathered, as a connector hands it over."""
        if self._bad > _REJECTED_MAX:
            more = self._bad - _REJECTED_MAX
            self.issues.add(
                "more_bad_lines", f"{more} more lines cannot be read", line=1, action="Check the file's kind."
            )
        receipts = self._receipts()
        entities = sorted({statement.entity_id for statement in self.statements})
        statements = self._statement_rows()
        if not receipts.height and not statements.height and not self.issues.rows:
            self.issues.add(
                "nothing_to_read",
                "the file holds no statement",
                line=1,
                severity="warning",
                action="Check that this is the file you meant.",
            )
        rejected = pl.DataFrame(self._rejected, schema=_REJECTED, orient="row")
        return Reading(
            kind=self.kind,
            tables={"receipts": receipts, "statements": statements},
            issues=self.issues.frame(),
            entity_id=self._options.entity_id or (entities[0] if len(entities) == 1 else None),
            facts={**self._facts(receipts), **facts},
            rejected=rejected,
        )

    def _whole(self) -> list[Statement]:
        return [statement for statement in self.statements if not statement.stray]

    def _minor(self, line: BankLine) -> int | None:
        if not line.currency:
            message = "the line has no currency"
            self.reject(line.number, "currency_missing", message, str(line.amount), "Give the account's currency.")
            return None
        scale = _SCALES.get(line.currency)
        if scale is None:
            self.reject(line.number, "unknown_currency", f"{line.currency[:20]!r} is not an ISO 4217 currency")
            return None
        scaled = line.amount * scale
        minor = int(scaled)
        if minor == scaled and abs(minor) < 10**18:
            return minor
        try:
            return to_minor(line.amount, line.currency)
        except AmountError as error:
            self.reject(line.number, "amount_impossible", str(error), f"{line.amount} {line.currency}")
            return None

    def _append(self, statement: Statement, line: BankLine, booked_on: date, minor: int) -> None:
        of_statement = _of_statement(statement)
        # In the order of _RECEIPT_COLUMNS.
        row = (
            of_statement["entity_id"],
            of_statement["account"],
            booked_on,
            line.value_on,
            minor,
            line.currency,
            line.kind,
            line.payer_name,
            line.payer_account,
            line.remittance,
            line.end_to_end_id,
            of_statement["statement_id"],
            line.number,
            line.bank_reference,
        )
        self._rows.append(row)
        statement.taken += minor

    def _flush(self) -> None:
        columns = zip(*self._rows, strict=True) if self._rows else [[] for _ in _RECEIPT_COLUMNS]
        rows = pl.DataFrame(dict(zip(_RECEIPT_COLUMNS, columns, strict=True)), schema=_RECEIPT_COLUMNS)
        if self._columns:
            rows = pl.concat([rows, *self._columns]).sort("line", maintain_order=True)
        self._frames.append(self._with_ids(rows))
        self._rows.clear()
        self._columns.clear()

    def _with_ids(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Adds receipt_id: what a line says, and the how-manieth of the file it is that says just this."""
        text = pl.col("remittance").str.replace(_ADDED, "")
        text = pl.when(text != "").then(text)
        what = pl.coalesce("bank_reference", "end_to_end_id", text, "payer_name").fill_null("")
        day = pl.col("booked_on").dt.strftime("%Y%m%d")
        said = rows.select(
            "entity_id", day=day, key=pl.concat_str("account", "currency", day, "amount", what, separator="|")
        )
        digests = [blake2b(key.encode(), digest_size=8).hexdigest() for key in said["key"]]
        seen, copies = self._seen, []
        for digest in digests:
            copy = seen[digest] = seen.get(digest, 0) + 1
            copies.append(copy)
        ids = said.with_columns(digest=pl.Series(digests, dtype=pl.String), copy=pl.Series(copies, dtype=pl.Int64))
        named = ids.select(receipt_id=pl.concat_str("entity_id", "day", "digest", "copy", separator=":"))
        return rows.drop("bank_reference").insert_column(0, named["receipt_id"])

    def _receipts(self) -> pl.DataFrame:
        self._flush()
        rows = pl.concat(self._frames, rechunk=False)
        self._frames.clear()
        linked = _link_returns(rows).with_columns(origin=pl.lit("bank"))
        return TABLES["receipts"].conform(linked).with_columns(linked["line"])

    def _statement_rows(self) -> pl.DataFrame:
        rows = []
        for statement in self._whole():
            currency = statement.currency or next(iter(statement.sums), None)
            if not is_currency(currency) or currency is None:
                if statement.entries or statement.opening is not None or statement.closing is not None:
                    self.issues.add(
                        "currency_missing",
                        "the statement has no known currency, so its balances are left out",
                        line=statement.number,
                        severity="warning",
                        action="Give the account's currency.",
                    )
                continue
            amounts = [
                self._balance(statement, value, currency)
                for value in (statement.opening, statement.closing, statement.sums.get(currency, Decimal(0)))
            ]
            rows.append(
                {
                    "statement_id": statement.statement_id,
                    "account": statement.account or "unknown",
                    "currency": currency,
                    "from_on": statement.from_on,
                    "to_on": statement.to_on,
                    "opening": amounts[0],
                    "closing": amounts[1],
                    "entries": statement.entries,
                    "total": statement.taken if amounts[2] is None else amounts[2],
                    "balanced": statement.balanced,
                }
            )
        schema = {
            name: dtype for name, dtype in TABLES["statements"].schema.items() if name not in ("known_on", "voided")
        }
        return TABLES["statements"].conform(pl.DataFrame(rows, schema=schema))

    def _balance(self, statement: Statement, value: Decimal | None, currency: str) -> int | None:
        if value is None:
            return None
        try:
            return to_minor(value, currency)
        except AmountError as error:
            self.issues.add("amount_impossible", str(error), line=statement.number, severity="warning")
            return None

    def _facts(self, receipts: pl.DataFrame) -> dict[str, object]:
        accounts = sorted({statement.account for statement in self.statements if statement.account})
        days = [receipts["booked_on"].min(), receipts["booked_on"].max()]
        days += [day for s in self.statements for day in (s.from_on, s.to_on)]
        known = [day for day in days if isinstance(day, date)]
        return {
            "account": accounts[0] if len(accounts) == 1 else None,
            "accounts": accounts,
            "currencies": sorted({c for s in self.statements for c in (s.currency, *s.sums) if c}),
            "period": [str(min(known)), str(max(known))] if known else None,
            "statements": len(self._whole()),
            "entries": sum(statement.entries + statement.pending for statement in self.statements),
            "booked": sum(statement.entries for statement in self.statements),
            "pending": sum(statement.pending for statement in self.statements),
            "outside": sum(s.entries + s.pending for s in self.statements if s.stray),
            "receipts": receipts.height,
            "sums": _text_sums(self.statements),
            "balances": [_balance_facts(statement) for statement in self._whole()],
        }


def _of_statement(statement: Statement) -> dict[str, str | None]:
    """The columns of a receipt that its statement says."""
    return {
        "entity_id": statement.entity_id,
        "account": statement.account or "unknown",
        "statement_id": None if statement.stray else statement.statement_id,
    }


def _balance_facts(statement: Statement) -> dict[str, object]:
    return {
        "account": statement.account,
        "currency": statement.currency,
        "from_on": _text(statement.from_on),
        "to_on": _text(statement.to_on),
        "opening": _text(statement.opening),
        "closing": _text(statement.closing),
        "entries": statement.entries,
        "pending": statement.pending,
        "sum": _text(statement.total),
        "balanced": statement.balanced,
    }


def _text(value: object) -> str | None:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return None if value is None else str(value)


def _text_sums(statements: list[Statement]) -> dict[str, str]:
    sums: dict[str, Decimal] = {}
    for statement in statements:
        for currency, amount in statement.sums.items():
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    return {currency: f"{amount:f}" for currency, amount in sums.items()}


def _link_returns(receipts: pl.DataFrame) -> pl.DataFrame:
    """Ties a returned payment to the receipt it undoes where the file proves it.

    Proof is: same account, same end-to-end reference, the opposite amount, booked no later, and only one such receipt.
    """
    key = ["account", "currency", "end_to_end_id"]
    named = receipts.filter(pl.col("end_to_end_id").is_not_null())
    returned = named.filter((pl.col("kind") == "return") & (pl.col("amount") < 0))
    if not returned.height:
        return receipts.with_columns(returns_receipt_id=pl.lit(None, dtype=pl.String))
    paid = named.filter(pl.col("amount") > 0).select(
        *key, paid="amount", paid_on="booked_on", returns_receipt_id="receipt_id"
    )
    pairs = returned.join(paid, on=key).filter(
        (pl.col("paid") == -pl.col("amount")) & (pl.col("paid_on") <= pl.col("booked_on"))
    )
    proven = pairs.filter(~pl.col("receipt_id").is_duplicated() & ~pl.col("returns_receipt_id").is_duplicated()).select(
        "receipt_id", "returns_receipt_id"
    )
    return receipts.join(proven, on="receipt_id", how="left", maintain_order="left")
