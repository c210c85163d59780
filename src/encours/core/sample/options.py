"""What may be asked of the generator, and the sample as it gives it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.base.days import add_months
from encours.core.base.issue import CallError

CUSTOMERS_MIN, CUSTOMERS_MAX = 50, 50_000
MONTHS_MIN, MONTHS_MAX = 6, 120
SLIPS_MAX = 0.5


@dataclass(frozen=True)
class SampleOptions:
    """The company to invent: `months` of trade that end on `last_day`, with `customers` accounts.

    `invoices_a_month` is the mean a business customer receives. The clerk is `backlog_days` behind: receipts of those
    last days are not lettered. `slips`: share (0 … 0.5) of paying customers who change their habit from a day on,
    beside those who drift or fail anyway; 0 leaves the company as it is.
    """

    last_day: date
    customers: int = 200
    months: int = 24
    seed: int = 1
    invoices_a_month: float = 3.0
    backlog_days: int = 21
    slips: float = 0.0

    def __post_init__(self) -> None:
        faults = []
        if not CUSTOMERS_MIN <= self.customers <= CUSTOMERS_MAX:
            faults.append(f"customers: {self.customers} is not between {CUSTOMERS_MIN} and {CUSTOMERS_MAX}")
        if not MONTHS_MIN <= self.months <= MONTHS_MAX:
            faults.append(f"months: {self.months} is not between {MONTHS_MIN} and {MONTHS_MAX}")
        if self.seed < 0:
            faults.append(f"seed: {self.seed} is negative")
        if not 0 <= self.slips <= SLIPS_MAX:
            faults.append(f"slips: {self.slips} is not between 0 and {SLIPS_MAX}")
        if faults:
            raise CallError(faults)

    @property
    def first_day(self) -> date:
        """The first day of trade: the first of a month."""
        return add_months(self.last_day.replace(day=1), 1 - self.months)


@dataclass(frozen=True, eq=False)
class Sample:
    """The book as the company's systems know it, its truth, and what its files need beyond the book.

    `truth`: tables by name, columns in `docs/sample.md`. `journal`: the general ledger, one row a line (see
    `journal.JOURNAL_SCHEMA`). `bank_lines`: receipt_id, line_id: receipts of one deposit share the bank's line.
    `bank_accounts`: account, ledger_account, name, bic, bank_format. `profile`: customer_id, terms, habit…
    """

    book: Book
    truth: Mapping[str, pl.DataFrame]
    journal: pl.DataFrame
    bank_lines: pl.DataFrame
    bank_accounts: pl.DataFrame
    profile: pl.DataFrame
    invoices: pl.DataFrame
