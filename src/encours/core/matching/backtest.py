"""The past replayed: each day's receipts decided on what was known then, beside the letters made since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.base.schema import TABLES, known_on_expr
from encours.core.matching.families import families
from encours.core.matching.propose import DEFAULT_MAX_ERROR_RATE, propose

#: Money that waits longer than this is off the desk: it claims no items any more.
_WAITS = timedelta(days=120)
#: Tables that matching does not read: left out of what is copied for every day.
_UNREAD = ("documents", "statements", "contacts", "promises", "orders", "touches", "events")
AGREES, SAME_LETTER, DIFFERS = "agrees", "same_letter", "differs"
NOT_LETTERED, NOT_PROPOSED, NEITHER = "not_lettered", "not_proposed", "neither"
#: Stratum of a receipt for which nothing is proposed, and of proposals that no family makes (returned payments).
NOTHING, OUTSIDE = "nothing_proposed", "outside"
#: Upper ends of the bands of value, in minor units.
_BANDS = (("under 500", 50_000), ("500 to 5,000", 500_000), ("5,000 to 50,000", 5_000_000))
_BAND_REST = "over 50,000"
BANDS = (*(name for name, _ in _BANDS), _BAND_REST)

#: One row a receipt of the window. `stratum`: how the proposal knows its items. `proposed`, `lettered`: numbers of the
#: items; `verdict`: agrees, same_letter (inside a letter of several payments, which does not say which paid what),
#: differs, not_lettered (proposed, without letters to compare), not_proposed, neither.
REPLAYED_SCHEMA: dict[str, pl.DataType] = {
    "receipt_id": pl.String(),
    "entity_id": pl.String(),
    "day": pl.Date(),
    "month": pl.String(),
    "amount": pl.Int64(),
    "currency": pl.String(),
    "payer_name": pl.String(),
    "remittance": pl.String(),
    "decision": pl.String(),
    "rule": pl.String(),
    "stratum": pl.String(),
    "confidence": pl.Float64(),
    "customer_id": pl.String(),
    "proposed": pl.String(),
    "lettered": pl.String(),
    "lettered_on": pl.Date(),
    "verdict": pl.String(),
    "reason": pl.String(),
}


@dataclass(frozen=True)
class Backtest:
    """`decisions` (REPLAYED_SCHEMA), `allocations` as each day's run proposed them (the Book's columns), `figures`.

    `figures`: a row a group (all, month, stratum, month and stratum, value) with counts and shares, see `figures_of`.
    """

    decisions: pl.DataFrame
    allocations: pl.DataFrame
    figures: pl.DataFrame

    @property
    def disagreements(self) -> pl.DataFrame:
        """What a person should judge: proposals that say another thing than the letters, automatic ones first."""
        rows = self.decisions.filter(verdict=DIFFERS)
        return rows.sort(pl.col("decision") != "auto", pl.col("amount").abs(), descending=[False, True])


def backtest(
    book: Book,
    start: date,
    end: date,
    max_error_rate: float = DEFAULT_MAX_ERROR_RATE,
    watch: Callable[[date], None] | None = None,
) -> Backtest:
    """Replays the receipts booked (and known) from `start` to `end`, both included, day by day.

    On each day the engine sees the book as known that day: letters made by then for earlier receipts, none of the day's
    own. A bank line's customer is hidden, because it comes from the ledger that lettered it. Letters are those that
    stand on the book's last day; they are themselves wrong in about one case in a hundred. `watch` hears of every day.
    Raises CallError where the window is turned round.
    """
    if start > end:
        raise CallError([f"the window begins on {start} and ends before, on {end}"])
    unread = {name: TABLES[name].empty() for name in _UNREAD}
    hidden = book.replace(receipts=_without_customer(book.receipts), **unread)
    runs = [_one_day(hidden, day, max_error_rate, watch) for day in _days(hidden, start, end)]
    allocations = pl.concat([TABLES["allocations"].empty(), *(run[0] for run in runs)])
    decided = [run[1] for run in runs]
    last = book.last_day()
    final = book.as_of(last) if last else book
    decisions = _compared(final, pl.concat(decided) if decided else None, allocations)
    return Backtest(decisions, allocations, figures_of(decisions))


def _without_customer(receipts: pl.DataFrame) -> pl.DataFrame:
    hides = pl.when(pl.col("origin") != "bank").then("customer_id")
    return receipts.with_columns(customer_id=hides)


def _seen_on() -> pl.Expr:
    return pl.max_horizontal("booked_on", known_on_expr(TABLES["receipts"]))


def _days(book: Book, start: date, end: date) -> Iterator[date]:
    seen = book.current().receipts.select(day=_seen_on())["day"]
    yield from seen.filter(seen.is_between(start, end)).unique().sort()


def _one_day(
    book: Book, day: date, max_error_rate: float, watch: Callable[[date], None] | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the engine proposes for the receipts of one day: allocations, decisions with the day."""
    if watch:
        watch(day)
    seen = book.receipts.with_columns(seen=_seen_on())
    today = seen.filter(pl.col("seen") == day).select("receipt_id")
    letters = book.allocations.join(today, on="receipt_id", how="anti")
    touched = letters.filter(known_on_expr(TABLES["allocations"]).fill_null(day) <= day)["receipt_id"].drop_nulls()
    waits = (pl.col("seen") >= day - _WAITS) | pl.col("receipt_id").is_in(touched.unique().implode())
    known = book.replace(receipts=seen.filter(waits).drop("seen"), allocations=letters)
    found = propose(known, day, max_error_rate)
    return (
        found.allocations.join(today, on="receipt_id", how="semi"),
        found.decisions.join(today, on="receipt_id", how="semi").with_columns(day=pl.lit(day)),
    )


def _compared(final: Book, decided: pl.DataFrame | None, allocations: pl.DataFrame) -> pl.DataFrame:
    """REPLAYED_SCHEMA: each decision beside the letters that stand in the end."""
    if decided is None:
        return pl.DataFrame(schema=REPLAYED_SCHEMA)
    letters = final.allocations.filter(pl.col("reversed_on").is_null() & pl.col("receipt_id").is_not_null())
    part = pl.format("{}/{}", "number", "part")
    numbers = final.items.select("item_id", number=pl.when(pl.col("part").is_null()).then("number").otherwise(part))
    verdicts = against_letters(letters, allocations)
    strata = {family.name: family.stratum for family in families()}
    stratum = pl.col("rule").replace_strict(strata, default=OUTSIDE, return_dtype=pl.String)
    rows = (
        decided.with_columns(stratum=pl.when(pl.col("decision") == "none").then(pl.lit(NOTHING)).otherwise(stratum))
        .join(
            final.receipts.select("receipt_id", "entity_id", "amount", "currency", "payer_name", "remittance"),
            on="receipt_id",
        )
        .join(_said(allocations, numbers, "proposed"), on="receipt_id", how="left")
        .join(_said(letters, numbers, "lettered"), on="receipt_id", how="left")
        .join(letters.group_by("receipt_id").agg(lettered_on=pl.col("allocated_on").min()), on="receipt_id", how="left")
        .join(verdicts, on="receipt_id", how="left")
        .with_columns(month=pl.col("day").dt.strftime("%Y-%m"), verdict=_verdict())
    )
    return rows.sort("day", "receipt_id").select(pl.col(name).cast(dtype) for name, dtype in REPLAYED_SCHEMA.items())


def _verdict() -> pl.Expr:
    """The word for each receipt: `proposed` and `lettered` are null where there is none."""
    offered, lettered = pl.col("decision") != "none", pl.col("lettered").is_not_null()
    return (
        pl.when(offered & lettered)
        .then(pl.when("equal").then(pl.lit(AGREES)).when("inside").then(pl.lit(SAME_LETTER)).otherwise(pl.lit(DIFFERS)))
        .when(offered)
        .then(pl.lit(NOT_LETTERED))
        .when(lettered)
        .then(pl.lit(NOT_PROPOSED))
        .otherwise(pl.lit(NEITHER))
    )


def _said(rows: pl.DataFrame, numbers: pl.DataFrame, name: str) -> pl.DataFrame:
    """receipt_id and the numbers of its items as people read them."""
    named = rows.select("receipt_id", "item_id").unique().join(numbers, on="item_id", how="left")
    said = pl.coalesce("number", "item_id").sort().str.join(", ")
    return named.group_by("receipt_id").agg(said.alias(name))


def against_letters(letters: pl.DataFrame, proposed: pl.DataFrame) -> pl.DataFrame:
    """What is proposed for receipts beside the letters on them and on the same items (the Book's allocations).

    receipt_id, `equal` (items and cash, or items and all that is taken off, are the same), `inside` (all of it lies in
    a letter of several payments, which does not say which of them paid what).
    """
    both = _by_item(proposed, "ours").join(
        _by_item(letters, "theirs"), on=["receipt_id", "item_id"], how="full", coalesce=True
    )
    cash, taken = (
        pl.col("ours_cash").eq_missing(pl.col("theirs_cash")),
        pl.col("ours_all").eq_missing(pl.col("theirs_all")),
    )
    equal = both.group_by("receipt_id").agg(equal=cash.all() | taken.all())
    letter = _letters(letters)
    several = letter.filter(pl.col("kind") == "receipt").filter(pl.len().over("letter") > 1)
    of_receipt = several.select(receipt_id="id", letter="letter")
    of_item = letter.filter(kind="item").select(item_id="id", of="letter")
    inside = (
        proposed.join(of_receipt, on="receipt_id")
        .join(of_item, on="item_id", how="left")
        .group_by("receipt_id")
        .agg(inside=(pl.col("letter") == pl.col("of")).fill_null(False).all())
    )
    return equal.join(inside, on="receipt_id", how="left").with_columns(pl.col("inside").fill_null(False))


def _by_item(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    cash = pl.col("amount").filter(pl.col("kind") == "cash").sum()
    return rows.group_by("receipt_id", "item_id").agg(
        cash.alias(f"{name}_cash"), pl.col("amount").sum().alias(f"{name}_all")
    )


def _letters(letters: pl.DataFrame) -> pl.DataFrame:
    """kind (receipt or item), id, letter: what hangs together through settlements, each lot named by its least id."""
    head: dict[tuple[str, str], tuple[str, str]] = {}

    def find(one: tuple[str, str]) -> tuple[str, str]:
        while head.setdefault(one, one) != one:
            head[one] = head[head[one]]
            one = head[one]
        return one

    for receipt, item in letters.select("receipt_id", "item_id").unique().sort("receipt_id", "item_id").iter_rows():
        first, second = sorted((find(("receipt", receipt)), find(("item", item))))
        head[second] = first
    names = [(kind, one, "/".join(find((kind, one)))) for kind, one in list(head)]
    return pl.DataFrame(names, schema={"kind": pl.String, "id": pl.String, "letter": pl.String}, orient="row")


def figures_of(decisions: pl.DataFrame) -> pl.DataFrame:
    """Counts and shares of replayed decisions, a row a group.

    group, value; receipts, lettered, proposed, automatic; compared (proposed and lettered), agree, same_letter, differ;
    automatic_compared, automatic_differ; amount and automatic_amount (minor units, null over several currencies);
    automatic_rate (automatic / receipts), agreement (agree + same_letter / compared), automatic_agreement. A share
    without a base is null.
    """
    banded = decisions.with_columns(band=_band(), both=pl.format("{} {}", "month", "stratum"))
    groups = {"month": "month", "stratum": "stratum", "month and stratum": "both", "value": "band"}
    parts = [banded.with_columns(group=pl.lit("all"), value=pl.lit("all"))]
    parts += [banded.with_columns(group=pl.lit(name), value=pl.col(column)) for name, column in groups.items()]
    place = {name: n for n, name in enumerate(["all", *groups])}
    counted = pl.concat([part.group_by("group", "value").agg(*_counts()) for part in parts])
    order = pl.col("group").replace_strict(place, return_dtype=pl.Int64)
    return counted.with_columns(*_shares()).sort(order, "value")


def _band() -> pl.Expr:
    band = pl.lit(_BAND_REST)
    for name, end in reversed(_BANDS):
        band = pl.when(pl.col("amount").abs() < end).then(pl.lit(name)).otherwise(band)
    return band


def _counts() -> list[pl.Expr]:
    automatic, verdict = pl.col("decision") == "auto", pl.col("verdict")
    compared = verdict.is_in([AGREES, SAME_LETTER, DIFFERS])
    one_currency = pl.col("currency").n_unique() == 1
    counts = {
        "lettered": compared | (verdict == NOT_PROPOSED),
        "proposed": pl.col("decision") != "none",
        "automatic": automatic,
        "compared": compared,
        "agree": verdict == AGREES,
        "same_letter": verdict == SAME_LETTER,
        "differ": verdict == DIFFERS,
        "automatic_compared": automatic & compared,
        "automatic_differ": automatic & (verdict == DIFFERS),
    }
    return [
        pl.len().cast(pl.Int64).alias("receipts"),
        *(holds.sum().cast(pl.Int64).alias(name) for name, holds in counts.items()),
        pl.when(one_currency).then(pl.col("amount").abs().sum()).alias("amount"),
        pl.when(one_currency).then(pl.col("amount").abs().filter(automatic).sum()).alias("automatic_amount"),
    ]


def _shares() -> list[pl.Expr]:
    ratios = {
        "automatic_rate": (pl.col("automatic"), pl.col("receipts")),
        "proposed_rate": (pl.col("proposed"), pl.col("receipts")),
        "agreement": (pl.col("compared") - pl.col("differ"), pl.col("compared")),
        "automatic_agreement": (
            pl.col("automatic_compared") - pl.col("automatic_differ"),
            pl.col("automatic_compared"),
        ),
    }
    return [pl.when(base > 0).then(part / base).alias(name) for name, (part, base) in ratios.items()]
