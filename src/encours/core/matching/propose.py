"""The whole run: a book in, decisions with their reasons and new allocations out; money is asserted on leaving."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.base.rows import rows_at
from encours.core.base.schema import TABLES
from encours.core.matching.advice_tables import Advices
from encours.core.matching.assert_money import assert_money

if TYPE_CHECKING:
    from encours.core.matching.elsewhere import Elsewhere, Sought
    from encours.core.matching.prepare import Prepared

#: Columns of `decisions`: one row for each receipt with money unapplied on the day.
DECISION_SCHEMA: dict[str, pl.DataType] = {
    "receipt_id": pl.String(),
    "decision": pl.String(),
    "customer_id": pl.String(),
    "confidence": pl.Float64(),
    "rule": pl.String(),
    "alternatives": pl.Int64(),
    "reason": pl.String(),
}
DEFAULT_MAX_ERROR_RATE = 0.001
#: What is less probable than this is not proposed: a wrong suggestion costs more time than an empty line.
LEAST_CONFIDENCE = 0.6
#: Where the ledger or a person says whose money it is and nothing is quoted, less is worth a look: the list is short.
LEAST_ON_ACCOUNT = 0.3


@dataclass(frozen=True)
class Proposals:
    """New `allocations` (the Book's columns), `decisions` (DECISION_SCHEMA), and counts by decision.

    `proven`: the receipts whose proposal stands on a proof that nothing else fits. `remittances`: receipt_id → the
    batch or advice that explains it. `instruments`: receipt_id → the instruments that it pays, each with its items.
    `sought`: receipts whose text may quote what another entity has open, `elsewhere` those of which it does
    (`look_elsewhere`).
    """

    allocations: pl.DataFrame
    decisions: pl.DataFrame
    summary: Mapping[str, object]
    proven: frozenset[str] = frozenset()
    remittances: Mapping[str, str] = field(default_factory=dict)
    instruments: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    sought: Sought | None = None
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=dict)


def propose(
    book: Book,
    as_of: date,
    max_error_rate: float = DEFAULT_MAX_ERROR_RATE,
    certified: float | Mapping[str, float] | None = None,
    advices: Advices | None = None,
    misled: Collection[str] = (),
) -> Proposals:
    """What each receipt with unapplied money pays, as known at the end of `as_of`.

    `book` holds all versions. A receipt is decided on what was known on its own day; what fits only on `as_of` is at
    most `review`. Nothing posts by itself that is expected to be wrong more often than `max_error_rate`; without proof
    it takes a confidence that a certificate allows (`certified`, for all matches or by stratum; None: nothing does).
    `advices`: what payers and payment services said their money is for; an advice known by then is followed when its
    money is there. `misled`: receipts whose standing match teaches nothing, because a person found it wrong. Raises
    CallError for a rate outside 0..1, and for advices without their required columns.
    """
    _check_rate(max_error_rate)
    # The compiled search is loaded by whoever matches, not by every page that could.
    from encours.core.matching.prepare import prepare

    return propose_prepared(prepare(book, as_of, advices, misled), max_error_rate, certified)


def propose_prepared(
    ready: Prepared,
    max_error_rate: float = DEFAULT_MAX_ERROR_RATE,
    certified: float | Mapping[str, float] | None = None,
) -> Proposals:
    """The same for a book that is laid out already (`prepare`): who has no other need of the book may let it go."""
    _check_rate(max_error_rate)
    from encours.core.matching.credits import without_money
    from encours.core.matching.decide import decide
    from encours.core.matching.engine import run
    from encours.core.matching.foreign import in_other_currency
    from encours.core.matching.policy import Policy

    policy = Policy(LEAST_CONFIDENCE, LEAST_ON_ACCOUNT, certified=_by_family(certified))
    decided = decide(ready, run(ready.facts, ready.lessons, policy), max_error_rate)
    table = TABLES["allocations"]
    parts = [table.conform(decided.allocations)]
    if not (ready.receipts["origin"] == "bank").any():
        # Nothing but a ledger: its credit notes are lettered with the invoices that they cancel, too.
        parts.append(table.conform(without_money(ready.items, parts[0])))
    decisions = decided.decisions.select(pl.col(name).cast(dtype) for name, dtype in DECISION_SCHEMA.items())
    if ready.rates.height:
        decisions, abroad = in_other_currency(ready, decisions, ready.rates)
        parts.append(table.conform(abroad))
    allocations = pl.concat(parts)
    sought, elsewhere = _assert_and_seek(ready, allocations, decided.allocations.select("row", "item"), decisions)
    early = ready.early
    found = Proposals(allocations, decisions, {}, decided.proven, early.remittances, early.instruments, sought=sought)
    if elsewhere is not None:
        found = look_elsewhere(found, elsewhere)
    return replace(found, summary=_summary(ready.receipts, found.decisions, ready.as_of, max_error_rate))


def _check_rate(max_error_rate: float) -> None:
    if not 0 <= max_error_rate <= 1:
        raise CallError([f"max_error_rate is {max_error_rate}; it is a share between 0 and 1"])


def _assert_and_seek(
    ready: Prepared, allocations: pl.DataFrame, places: pl.DataFrame, decisions: pl.DataFrame
) -> tuple[Sought, pl.DataFrame | None]:
    """The receipts that look elsewhere and the items that they may quote (None: there is one entity). Beside it the
    money is asserted."""
    from encours.core.matching.elsewhere import items_by_number, sought_elsewhere

    with ThreadPoolExecutor(1) as beside:
        asserting = beside.submit(assert_money, ready.receipts, ready.items, allocations, places, decisions)
        receipts, items = ready.receipts, None
        if ready.strangers is not None:  # the items of the others are here: who quotes none of them need not look
            receipts = rows_at(receipts, pl.Series(np.unique(ready.strangers.row)))
        sought = sought_elsewhere(receipts, decisions)
        if ready.strangers is not None:
            items = items_by_number(ready.items, ready.scope, sought, ready.strangers.item)
        asserting.result()
    return sought, items


def look_elsewhere(found: Proposals, items: pl.DataFrame) -> Proposals:
    """The proposals with those for other entities' items, which take the place of what was guessed at home.

    `items`: columns of `elsewhere.QUOTED_ITEM`, of every entity, for the spellings in `found.sought`. Counts in the
    summary by rule stay those of the search at home.
    """
    from encours.core.matching.elsewhere import propose_elsewhere, quoted_with_others

    if found.sought is None or not items.height:
        return found
    items = quoted_with_others(found.sought, items)
    of_these = found.allocations.filter(pl.col("item_id").is_in(items["item_id"].implode()))
    taken = dict(of_these.group_by("item_id").agg(pl.col("amount").sum()).iter_rows())
    by_receipt = of_these.group_by("receipt_id", "item_id").agg(pl.col("amount").sum()).drop_nulls("receipt_id")
    own: dict[str, dict[str, int]] = {}
    for receipt_id, item_id, amount in by_receipt.iter_rows():
        own.setdefault(receipt_id, {})[item_id] = amount
    there = propose_elsewhere(found.sought, items, taken, own)
    if not there.owners:
        return found
    anew = pl.col("receipt_id").is_in(list(there.owners))
    placed = found.decisions.with_row_index("place")
    instead = there.decisions.join(placed.filter(anew).select("receipt_id", "place"), on="receipt_id")
    decisions = pl.concat([placed.filter(~anew), instead.select(placed.columns)]).sort("place")
    table = TABLES["allocations"]
    allocations = pl.concat([found.allocations.filter(~anew.fill_null(False)), table.conform(there.allocations)])
    _assert_elsewhere(there.allocations, items, found.sought.receipts)
    counts = dict(decisions["decision"].value_counts().iter_rows())
    summary = {**found.summary, **{name: counts.get(name, 0) for name in ("auto", "review", "none")}}
    return replace(
        found,
        allocations=allocations,
        decisions=decisions.drop("place"),
        summary=summary,
        proven=found.proven - set(there.owners),
        elsewhere=there.owners,
    )


def _assert_elsewhere(lines: pl.DataFrame, items: pl.DataFrame, receipts: pl.DataFrame) -> None:
    """No item beyond what is open of it, no receipt beyond its money."""
    paid = lines.group_by("item_id").agg(pl.col("amount").sum()).join(items, on="item_id", how="left")
    over = paid.filter((pl.col("amount") * pl.col("open").sign() > pl.col("open").abs()).fill_null(True))
    used = lines.group_by("receipt_id").agg(pl.col("amount").sum()).join(receipts, on="receipt_id", how="left")
    wrong = used.filter((pl.col("amount") > pl.col("unapplied")).fill_null(True))
    assert not over.height, f"items of other entities would be paid beyond their amount: {over['item_id'].to_list()}"
    assert not wrong.height, f"receipts would be used beyond their money: {wrong['receipt_id'].to_list()}"


def _by_family(certified: float | Mapping[str, float] | None) -> npt.NDArray[np.float64]:
    """The least confidence that posts without a proof, in the order of the families."""
    from encours.core.matching.families import families
    from encours.core.matching.policy import NOTHING

    given = {} if certified is None else certified
    least = [given.get(one.stratum, NOTHING) if isinstance(given, Mapping) else given for one in families()]
    return np.array(least, dtype=np.float64)


def _summary(receipts: pl.DataFrame, decisions: pl.DataFrame, as_of: date, max_error_rate: float) -> dict[str, object]:
    # The decisions stand in the order of the receipts: that was asserted.
    beside = decisions.select("decision").with_columns(receipts["currency_word"], receipts["unapplied"])
    counts = dict(decisions["decision"].value_counts().iter_rows())
    amounts: dict[str, dict[str, int]] = {}
    totals = beside.group_by("currency_word", "decision").agg(pl.col("unapplied").sum())
    for currency, decision, amount in totals.sort("currency_word", "decision").iter_rows():
        amounts.setdefault(currency, {})[decision] = amount
    by_rule = decisions.group_by("rule", "decision").len().sort("rule", "decision")
    return {
        "as_of": as_of.isoformat(),
        "max_error_rate": max_error_rate,
        "receipts": decisions.height,
        **{name: counts.get(name, 0) for name in ("auto", "review", "none")},
        "auto_share": round(counts.get("auto", 0) / decisions.height, 4) if decisions.height else None,
        "amount_minor_by_currency": amounts,
        "rules": [{"rule": rule, "decision": decision, "receipts": n} for rule, decision, n in by_rule.iter_rows()],
    }
