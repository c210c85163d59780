"""What a FEC's reader must say aloud: bad lines, loose letters, entries out of balance, and the proof of balances."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from encours.core.base import balance
from encours.core.base.issue import ISSUE_SCHEMA, Issues, concat_issues
from encours.core.base.money import money_text, to_decimal
from encours.core.base.schema import TABLES

_WORDS = {
    "bad_date": ("EcritureDate is not a date AAAAMMJJ", "Correct the line, or take a separator out of its label."),
    "bad_amount": ("Debit or Credit is not an amount", "Write amounts with a comma and no thousands separator."),
    "no_account": ("CompteNum is empty", "Give the account of this line."),
}


@dataclass(frozen=True)
class Found:
    """What the findings look at."""

    file: str
    rows: pl.DataFrame
    parts: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    unbalanced: pl.DataFrame
    bad: pl.DataFrame
    terms: str
    currency: str

    def money(self, minor: pl.Expr) -> pl.Expr:
        """An amount as people read it, in the ledger's currency."""
        return money_text(minor, pl.lit(self.currency))


def findings(found: Found) -> pl.DataFrame:
    """Every issue of the file, in ISSUE_SCHEMA."""
    return concat_issues(
        [
            _bad_lines(found),
            _unbalanced(found),
            _letters(found),
            _loose_money(found),
            _due_dates(found),
            _without_auxiliary(found),
        ]
    )


def _issue(
    frame: pl.DataFrame, file: str, code: str, severity: str, message: pl.Expr, action: str | pl.Expr
) -> pl.DataFrame:
    return frame.select(
        file=pl.lit(file),
        line="line",
        code=pl.lit(code),
        severity=pl.lit(severity),
        message=message,
        action=pl.lit(action) if isinstance(action, str) else action,
        table=pl.lit(None, dtype=pl.String),
        key=pl.lit(None, dtype=pl.String),
    ).select(list(ISSUE_SCHEMA))


def _bad_lines(found: Found) -> pl.DataFrame:
    said = {code: words[0] for code, words in _WORDS.items()}
    done = {code: words[1] for code, words in _WORDS.items()}
    bad = found.bad
    rows = _issue(
        bad, found.file, "x", "error", pl.col("code").replace_strict(said, return_dtype=pl.String, default=""),
        pl.col("code").replace_strict(done, return_dtype=pl.String, default=""),
    )  # fmt: skip
    return rows.with_columns(code=bad["code"])


def _unbalanced(found: Found) -> pl.DataFrame:
    gap = found.money(pl.col("gap"))
    message = pl.format(
        "entry {} of journal {} on {} is out of balance by {}",
        pl.col("number").fill_null("?"), pl.col("journal").fill_null("?"), "date", gap,
    )  # fmt: skip
    return _issue(
        found.unbalanced, found.file, "entry_unbalanced", "warning", message, "Check the entry in the ledger."
    )


def _letters(found: Found) -> pl.DataFrame:
    """Capital letters that do not balance, and letters with one side only (the other is in another year)."""
    lettered = found.rows.select("group", "line", "net").filter(pl.col("group").is_not_null())
    sign = pl.col("net").sign()
    groups = lettered.group_by("group").agg(
        pl.col("line").first(), total=pl.col("net").sum(), one_sided=sign.min() == sign.max()
    )
    named = found.rows.select("line", "letter", "account", "aux", "lower")
    loose = groups.filter(pl.col("total") != 0).join(named, on="line").sort("line")
    where = pl.format("letter {} of {}", "letter", pl.coalesce("aux", "account"))
    alone = loose.filter("one_sided")
    open_ = loose.filter(~pl.col("one_sided") & ~pl.col("lower").fill_null(False))
    return concat_issues(
        [
            _issue(
                alone, found.file, "letter_one_sided", "info",
                pl.format("{} has one side only ({})", where, found.money(pl.col("total"))),
                "Load the year before or after: the other side is probably there.",
            ),
            _issue(
                open_, found.file, "letter_unbalanced", "warning",
                pl.format("{} leaves {}; it is taken as partial", where, found.money(pl.col("total"))),
                "Check the lettrage in the ledger.",
            ),
        ]
    )  # fmt: skip


def _loose_money(found: Found) -> pl.DataFrame:
    parts = found.parts.filter((pl.col("rule") == "other") & (pl.col("amount") < 0))
    rows = parts.join(found.rows.select("line", "label"), on="line", how="left")
    message = pl.format(
        "{} ({}) is a credit whose counterpart is no known class; it is kept as a credit",
        pl.col("label").fill_null(""),
        found.money(pl.col("amount")),
    )
    return _issue(rows, found.file, "counterpart_unknown", "info", message, "Set the account's class in the settings.")


def _due_dates(found: Found) -> pl.DataFrame:
    asked = pl.col("receivable") & (pl.col("net") > 0) & pl.col("due").is_null()
    claims = found.rows.select(asked.sum()).item()
    issues = Issues(found.file)
    if claims:
        issues.add(
            "due_from_terms",
            f"{claims} claims have no due date in the file: {found.terms} from the invoice's date is taken",
            severity="info",
            action="Give the terms with --term, or export a due date after the 18th column.",
        )
    return issues.frame()


def _without_auxiliary(found: Found) -> pl.DataFrame:
    """Receivable accounts that are used both with and without auxiliaries: the lines without are one customer."""
    alone = pl.col("aux").is_null()
    claims = found.rows.lazy().filter("receivable").group_by("account").agg(
        with_aux=(~alone).sum(), without=alone.sum(), line=pl.when(alone).then("line").min()
    ).collect()  # fmt: skip
    mixed = claims.filter((pl.col("with_aux") > 0) & (pl.col("without") > 0)).sort("account")
    message = pl.format(
        "{} lines of account {} have no auxiliary: they stand on a customer of that name", "without", "account"
    )
    return _issue(mixed, found.file, "no_auxiliary", "info", message, "Give these lines their auxiliary account.")


def prove(
    rows: pl.DataFrame, tables: dict[str, pl.DataFrame], file: str, currency: str, apart: pl.DataFrame
) -> tuple[dict[str, object], pl.DataFrame]:
    """Facts `balances` (account → amount), `closings` (month end → balances), and an error for each customer and
    account whose Book balance differs.

    The ledger says Σ debit − credit of the lines; the Book says Σ open items − Σ unapplied receipts. Lines `apart` are
    our own, come back: they are in the ledger's balances and make no row of the Book.
    """
    columns = ["receivable", "line", "day", "net", "account", "customer_id"]
    claims = rows.select(columns).filter("receivable")
    ledger = claims.group_by("customer_id", ledger_account="account").agg(
        ledger=pl.col("net").sum(), line=pl.col("line").first()
    )
    allocations = TABLES["allocations"].conform(tables["allocations"]).lazy()
    items = balance.with_open(tables["items"].lazy(), allocations)
    receipts = balance.with_unapplied(tables["receipts"].lazy(), allocations).filter(pl.col("unapplied") != 0)
    keys = ["customer_id", "ledger_account"]
    book = pl.concat([items.select(*keys, book="open"), receipts.select(*keys, book=-pl.col("unapplied"))])
    both = (
        ledger.lazy().join(book.group_by(keys).agg(pl.col("book").sum()), on=keys, how="full", coalesce=True).collect()
    )
    gap = both.filter(pl.col("ledger").fill_null(0) != pl.col("book").fill_null(0)).sort(keys)
    message = pl.format(
        "customer {} on account {}: the ledger says {}, the book {}",
        pl.col("customer_id").fill_null("?"), pl.col("ledger_account").fill_null("?"),
        *(money_text(pl.col(side).fill_null(0), pl.lit(currency)) for side in ("ledger", "book")),
    )  # fmt: skip
    issues = _issue(
        gap, file, "balance_differs", "error", message, "Report this file: the book must tie to the ledger."
    )
    claims = pl.concat([claims, apart.select(columns).filter("receivable")])
    accounts = claims.group_by("account").agg(pl.col("net").sum()).sort("account")
    balances = {account: str(to_decimal(cents, currency)) for account, cents in accounts.iter_rows()}
    return {"balances": balances, "closings": _closings(claims, currency)}, issues


def _closings(lines: pl.DataFrame, currency: str) -> dict[str, dict[str, str]]:
    """What each receivable account stood at on every month end that the file reaches, the opening included."""
    # By day first: month ends are then told of some hundreds of rows.
    daily = lines.group_by("account", on="day").agg(pl.col("net").sum()).drop_nulls("on")
    moved = daily.group_by("account", pl.col("on").dt.month_end()).agg(pl.col("net").sum())
    if not moved.height:
        return {}
    first, last = pl.col("on").min().dt.month_start(), pl.col("on").max()
    months = moved.select(on=pl.date_range(first, last, "1mo").dt.month_end())
    grid = moved.select("account").unique().join(months, how="cross")
    stood = (
        grid.join(moved, on=["account", "on"], how="left")
        .sort("account", "on")
        .with_columns(stood=pl.col("net").fill_null(0).cum_sum().over("account"))
    )
    found: dict[str, dict[str, str]] = {}
    for account, on, cents in stood.select("account", "on", "stood").sort("on", "account").iter_rows():
        found.setdefault(on.isoformat(), {})[account] = str(to_decimal(cents, currency))
    return found
