"""The ledger's own word: what each customer stood at on each receivable account, at each closing of the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.connectors.base.contract import Options, Source
from encours.connectors.fec.classes import Chart, with_classes
from encours.connectors.fec.layout import layout_of, repair
from encours.connectors.fec.lines import read_lines
from encours.connectors.fec.prepare import accounting_day, customer_of, opening_day
from encours.core.base.issue import Issues
from encours.core.base.money import exponent

#: Columns of the balances: Σ debit − credit (minor units), one row a customer, account and closing.
CLOSINGS = {
    "customer_id": pl.String(),
    "ledger_account": pl.String(),
    "on": pl.Date(),
    "balance": pl.Int64(),
}
_KEYS = ["customer_id", "ledger_account"]


@dataclass(frozen=True)
class LedgerClosings:
    """`balances`: columns of CLOSINGS. `days`: the closings, first to last. `opened`: whether last year is carried in.

    `issues` say what of the file could not be read: such lines are in no balance.
    """

    balances: pl.DataFrame
    days: tuple[date, ...]
    opened: bool
    issues: pl.DataFrame


def closings_of(source: Source, options: Options) -> LedgerClosings:
    """Sums the receivable lines, and nothing else: what the reader makes of them is not asked.

    The closings are every month end from the first receivable line up to the file's last day, and that day. Opening
    lines count from the day the year was opened. Takes the reader's `receivable_accounts`, `opening_journals` and
    `currency`; raises CallError for a wrong list and UnknownCurrencyError, never on data.
    """
    chart = Chart.of(options.settings)
    currency = str(options.settings.get("currency", "EUR"))
    fixed = repair(source.path.read_bytes())
    layout = layout_of(fixed.data)
    issues = Issues(source.name)
    if layout.missing:
        issues.add(
            "fec_columns",
            f"the first line lacks {', '.join(layout.missing)}",
            line=1,
            action="Export the FEC with its 18 field names.",
        )
        return LedgerClosings(pl.DataFrame(schema=CLOSINGS), (), False, issues.frame())
    read_in = read_lines(fixed.data, layout, exponent(currency))
    if read_in.bad.height:
        issues.add(
            "lines_unread",
            f"{read_in.bad.height} lines of the ledger could not be read and are in no balance",
            line=read_in.bad["line"][0],
            action="Correct them: without them nothing is proved.",
        )
    lines = with_classes(read_in.good, chart)
    opening_on = opening_day(lines)
    dated = lines.with_columns(day=accounting_day(opening_on))
    moved = dated.filter("receivable").select(
        "day", "net", customer_id=customer_of(options.entity_id or "fec"), ledger_account="account"
    )
    days = closing_days(moved["day"].min(), dated["day"].max())
    return LedgerClosings(_balances(moved, days), days, opening_on is not None, issues.frame())


def closing_days(first: object, last: object) -> tuple[date, ...]:
    """Every month end from `first` up to `last`, and `last` itself."""
    if not isinstance(first, date) or not isinstance(last, date):
        return ()
    ends = pl.date_range(first.replace(day=1), last, "1mo", eager=True).dt.month_end().to_list()
    return (*(end for end in ends if end < last), last)


def _balances(moved: pl.DataFrame, days: tuple[date, ...]) -> pl.DataFrame:
    """What stood on each closing: the sum of all that was booked up to it."""
    # Lines are summed by month first: a year of them is added up once, not twelve times.
    monthly = moved.with_columns(end=pl.col("day").dt.month_end()).group_by(*_KEYS, "end").agg(pl.col("net").sum())
    parts = [pl.DataFrame(schema=CLOSINGS)]
    for day in days:
        by_then = pl.col("end") <= day if day != days[-1] else pl.lit(True)
        stood = monthly.filter(by_then).group_by(_KEYS).agg(balance=pl.col("net").sum())
        parts.append(stood.with_columns(on=pl.lit(day)).select(list(CLOSINGS)))
    return pl.concat(parts).sort("on", *_KEYS)
