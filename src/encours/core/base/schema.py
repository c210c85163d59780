"""The Book's tables: the contract between all rooms, the store and the book folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from encours.core.base.issue import CallError

_DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "money": pl.Int64(),
    "count": pl.Int64(),
    "date": pl.Date(),
    "bool": pl.Boolean(),
    "ratio": pl.Float64(),
}


class BookSchemaError(CallError):
    """Frames do not have the Book's columns or types; lists every fault."""


@dataclass(frozen=True)
class Column:
    """One column: its Polars type, whether it may be null, and the words it may hold (none: any)."""

    name: str
    dtype: pl.DataType
    nullable: bool
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table of the Book.

    `key` identifies a row among engines; (key, known_on) identifies a version. `dated_by` are the row's own
    accounting dates, first non-null wins: the default of `known_on` (none: known since always). `later` maps a
    date column to the columns that are blank on days before it (`closed_on` blanks `outcome`).
    """

    name: str
    key: tuple[str, ...]
    dated_by: tuple[str, ...]
    columns: tuple[Column, ...]
    later: Mapping[str, tuple[str, ...]]
    versioned: bool = True

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Column name -> Polars type, in order."""
        return {column.name: column.dtype for column in self.columns}

    @property
    def required(self) -> tuple[str, ...]:
        """The columns a frame must have."""
        return tuple(column.name for column in self.columns if not column.nullable)

    def column(self, name: str) -> Column:
        """The named column. Raises KeyError."""
        return next(column for column in self.columns if column.name == name)

    def empty(self) -> pl.DataFrame:
        """No row, all columns."""
        return pl.DataFrame(schema=self.schema)

    def faults(self, frame: pl.DataFrame | pl.LazyFrame) -> list[str]:
        """What keeps a frame from being this table: absent required columns, types that cannot be cast."""
        have = frame.collect_schema()
        absent = [name for name in self.required if name not in have]
        faults = [f"{self.name}: required column {name} is absent" for name in absent]
        for column in self.columns:
            dtype = have.get(column.name)
            if dtype is not None and not _castable(dtype, column.dtype):
                faults.append(f"{self.name}.{column.name} is {dtype}, not {column.dtype}")
        return faults

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with exactly this table's columns in order: absent nullable ones null, unknown ones dropped.

        Raises BookSchemaError naming every absent required column and every wrong type.
        """
        if frame.schema == self.schema:
            return frame
        if faults := self.faults(frame):
            raise BookSchemaError(faults)
        return frame.select(
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in self.schema.items()
        )


def _castable(have: pl.DataType, want: pl.DataType) -> bool:
    if have == want or have == pl.Null():
        return True
    if have.is_integer():
        return want.is_numeric()
    return isinstance(have, pl.Categorical | pl.Enum) and want == pl.String()


def _table(name: str, key: str, spec: str, dated_by: str = "", versioned: bool = True, **later: str) -> Table:
    columns = [_column(line) for line in spec.strip().splitlines() if line.strip()]
    if versioned:
        columns += [Column("known_on", pl.Date(), True), Column("voided", pl.Boolean(), True)]
    blanked = {date: tuple(names.split()) for date, names in later.items()}
    return Table(name, tuple(key.split()), tuple(dated_by.split()), tuple(columns), blanked, versioned)


def _column(line: str) -> Column:
    name, kind, *words = line.split()
    return Column(name.rstrip("?"), _DTYPES[kind], name.endswith("?"), tuple(words))


_TABLES = (
    _table(
        "entities",
        "entity_id",
        """
        entity_id text
        name text
        country text
        currency text
        legal_id? text
        """,
        versioned=False,
    ),
    _table(
        "customers",
        "customer_id",
        """
        customer_id text
        entity_id? text
        party_id? text
        name text
        kind text business consumer public
        legal_id? text
        vat_id? text
        country? text
        language? text
        segment? text
        importance? text
        strategy? text develop protect normal reduce exit
        collector? text
        sales_owner? text
        credit_limit? money
        created_on? date
        """,
    ),
    _table(
        "customer_links",
        "customer_id other_id role",
        """
        customer_id text
        other_id text
        role text payer invoice_to site legal_parent risk_group buying_group
        from_on? date
        to_on? date
        """,
    ),
    _table(
        "payer_aliases",
        "customer_id kind value",
        """
        customer_id text
        kind text iban name reference
        value text
        source text
        """,
    ),
    _table(
        "contacts",
        "contact_id",
        """
        contact_id text
        customer_id text
        role text
        name? text
        email? text
        phone? text
        address? text
        language? text
        opt_out? text
        bounced_on? date
        """,
    ),
    _table(
        "items",
        "item_id",
        """
        item_id text
        entity_id text
        customer_id text
        ledger_account? text
        number text
        part? text
        kind text invoice credit_note debit_note down_payment retention opening
        issued_on date
        due_on date
        amount money
        currency text
        discount_on? date
        discount_amount? money
        payment_method? text
        payment_reference? text
        order_ref? text
        purchase_order? text
        delivery_ref? text
        label? text
        posted_on? date
        """,
        "posted_on issued_on",
    ),
    _table(
        "documents",
        "document_id",
        """
        document_id text
        item_id text
        kind text invoice delivery_note order e_invoice
        path text
        sha256 text
        """,
    ),
    _table(
        "receipts",
        "receipt_id",
        """
        receipt_id text
        entity_id text
        account text
        booked_on date
        value_on? date
        amount money
        currency text
        kind text transfer direct_debit cheque draft card cash return out other
        origin text bank ledger
        customer_id? text
        ledger_account? text
        payer_name? text
        payer_account? text
        remittance? text
        end_to_end_id? text
        returns_receipt_id? text
        statement_id? text
        posted_on? date
        """,
        "posted_on booked_on",
    ),
    _table(
        "statements",
        "statement_id",
        """
        statement_id text
        account text
        currency text
        from_on? date
        to_on? date
        opening? money
        closing? money
        entries count
        total money
        balanced? bool
        """,
        "to_on from_on",
    ),
    _table(
        "allocations",
        "allocation_id",
        """
        allocation_id text
        receipt_id? text
        item_id text
        credit_item_id? text
        amount money
        receipt_amount? money
        kind text cash credit discount charge write_off fx netting ledger
        allocated_on date
        earliest_on? date
        reversed_on? date
        source text
        """,
        "allocated_on",
        reversed_on="",
    ),
    _table(
        "instruments",
        "instrument_id",
        """
        instrument_id text
        customer_id text
        kind text lcr bor cheque direct_debit
        amount money
        currency text
        due_on date
        state text requested accepted presented discounted paid unpaid
        state_on date
        batch_id? text
        """,
        "state_on",
        state_on="state",
    ),
    _table("instrument_items", "instrument_id item_id", "instrument_id text\nitem_id text\namount money"),
    _table(
        "promises",
        "promise_id",
        """
        promise_id text
        customer_id text
        item_id? text
        amount? money
        made_on date
        due_on date
        kind text promise payment_announced instalment
        """,
        "made_on",
    ),
    _table(
        "disputes",
        "dispute_id",
        """
        dispute_id text
        item_id text
        amount money
        reason text
        opened_on date
        owner? text
        closed_on? date
        outcome? text
        """,
        "opened_on",
        closed_on="outcome",
    ),
    _table(
        "orders",
        "order_id",
        """
        order_id text
        entity_id text
        customer_id text
        amount money
        currency text
        ordered_on date
        status text open blocked released invoiced cancelled
        invoice_on? date
        margin? money
        """,
        "ordered_on",
    ),
    _table(
        "touches",
        "touch_id",
        """
        touch_id text
        customer_id text
        item_id? text
        channel text email letter registered_letter sms voice call portal
        level? text
        sent_on date
        outcome? text
        """,
        "sent_on",
    ),
    _table(
        "events",
        "subject subject_id kind on",
        """
        subject text customer item
        subject_id text
        kind text
        on date
        value? text
        detail? text
        """,
        "on",
    ),
    _table("rates", "currency on", "currency text\non date\nrate ratio", "on"),
)

#: Table name -> declaration, in the Book's order.
TABLES: dict[str, Table] = {table.name: table for table in _TABLES}


def known_on_expr(table: Table) -> pl.Expr:
    """The day a row reached us: `known_on`, else its own accounting date, else null (since always)."""
    return pl.coalesce(["known_on", *table.dated_by])


def accounted_on_expr(table: Table) -> pl.Expr:
    """The row's accounting date; null for a table that has none."""
    return pl.coalesce(list(table.dated_by)) if table.dated_by else pl.lit(None, dtype=pl.Date)
