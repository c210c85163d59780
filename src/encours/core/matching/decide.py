"""From the outcome of a run to decisions and allocations: who decides, why, and which money goes where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.kernel import kernel
from encours.core.base.rows import rows_at
from encours.core.base.threads import side_by_side
from encours.core.matching.asks import SAYS_ADVANCE, SAYS_OTHER
from encours.core.matching.engine import Outcome
from encours.core.matching.explain import SPOKEN_OF, reasons
from encours.core.matching.families import families
from encours.core.matching.payers import Payers, learned_of
from encours.core.matching.pool import NEVER, Pool
from encours.core.matching.prepare import Prepared
from encours.core.matching.references.keys import OTHER
from encours.core.matching.references.scan import Marks
from encours.core.matching.returned import is_fee
from encours.core.matching.returns import no_lines, taken_back

#: What a text quotes (bits): something; something still open; something in another currency.
QUOTES, QUOTES_OPEN, QUOTES_FOREIGN = 1, 2, 4
#: Receipts whose sentences and allocations are written at once.
_SHARE = 100_000


@dataclass(frozen=True)
class Decided:
    """The rows of `allocations` and of `decisions`, and the receipts decided on a proof.

    Of the allocations that the search found, `allocations` tells beside the ids the places of receipt and item (`row`,
    `item`; null for the others).
    """

    allocations: pl.DataFrame
    decisions: pl.DataFrame
    proven: frozenset[str]


def decide(ready: Prepared, outcome: Outcome, max_error_rate: float) -> Decided:
    """Decisions for every receipt and allocations for those proposed."""
    lines = _lines(outcome)
    early = ready.early
    allocations = pl.concat([early.allocation_frame(), _allocated(ready, lines)], how="diagonal_relaxed")
    back, returned = _returned(ready, allocations)
    with ThreadPoolExecutor(1) as beside:
        telling = beside.submit(_unmatched, ready, outcome)
        found = _proposed(ready, outcome, lines)
        unmatched = telling.result()
    proposed = pl.concat([early.proposed_frame(), found, back], how="diagonal_relaxed")
    # A proof is held to the rate here; what a certificate lets through was held to it when that was made.
    within = (1 - pl.col("confidence") <= max_error_rate + 1e-12) | ~pl.col("proof")
    certain = pl.col("posts") & within
    rows = (
        ready.receipts.select("row", "receipt_id", "customer_id", likely_customer=_likely(ready))
        .join(proposed, on="row", how="left", maintain_order="left")
        .join(unmatched, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("posts", "proof").fill_null(False))
    )
    decision = pl.when(pl.col("rule").is_null()).then(pl.lit("none")).when(certain).then(pl.lit("auto"))
    decisions = rows.select(
        "receipt_id",
        decision=decision.otherwise(pl.lit("review")),
        customer_id=pl.coalesce("customer_id", "proposed_customer", "likely_customer"),
        confidence=pl.col("confidence").fill_null(0.0),
        rule=pl.coalesce("rule", "none_rule"),
        alternatives=pl.col("alternatives").fill_null(0),
        reason=pl.coalesce("reason", "none_reason"),
    )
    stands = rows.filter("proof")["receipt_id"]
    return Decided(pl.concat([allocations, returned], how="diagonal_relaxed"), decisions, frozenset(stands.to_list()))


def _returned(ready: Prepared, allocations: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Decisions and allocations of the payments that came back; those of receipts with a deduction are taken now."""
    back = ready.facts.back
    if back is None:
        return taken_back(ready.receipts, [], no_lines())
    cash = allocations.filter((pl.col("kind") == "cash") & pl.col("receipt_id").is_in(list(back.row_of)))
    decided: dict[int, list[tuple[int, int]]] = {}
    item_ids = ready.items["item_id"]
    places = {item_ids[at]: at for at in item_ids.is_in(cash["item_id"].implode()).arg_true().to_list()}
    for receipt_id, item_id, amount in cash.select("receipt_id", "item_id", "amount").iter_rows():
        if receipt_id not in back.early:
            decided.setdefault(back.row_of[receipt_id], []).append((places[item_id], amount))
    back.reopen(NEVER, decided, ready.facts.pool)
    lines = back.frame(item_ids)
    of = ready.items.select("item_id", "customer", "group")
    found, taken = taken_back(ready.receipts, ready.ties, lines)
    payers = _payers(ready, lines.join(of, on="item_id"))
    return found.join(payers, on="row", how="left", maintain_order="left"), taken


def _lines(outcome: Outcome) -> pl.DataFrame:
    """row, item (place in the pool), pay, gap, family (place): what each proposal takes off which item."""
    row, item, pay = outcome.lines.flat()
    return pl.DataFrame(
        {
            "row": pl.Series(row, dtype=pl.UInt32),
            "item": pl.Series(item, dtype=pl.UInt32),
            "pay": pl.Series(pay, dtype=pl.Int64),
            "gap": pl.Series(outcome.gap[row], dtype=pl.Int64),
            "family": pl.Series(outcome.family[row], dtype=pl.Int32),
        }
    )


def _proposed(ready: Prepared, outcome: Outcome, lines: pl.DataFrame) -> pl.DataFrame:
    """row, rule, posts, confidence, alternatives, proposed_customer, reason of every receipt with a proposal."""
    rows = np.flatnonzero(outcome.family >= 0)
    ids = ready.receipts["receipt_id"]
    family = pl.Series([family.name for family in families()], dtype=pl.String)
    spoken = {name: outcome.spoken[rows, place] for place, name in enumerate(SPOKEN_OF)}
    rival = outcome.rival[rows]
    frame = pl.DataFrame(spoken).with_columns(
        row=pl.Series(rows, dtype=pl.UInt32),
        family_place=pl.Series(outcome.family[rows]),
        gap=pl.Series(outcome.gap[rows]),
        currency=ready.receipts["currency_word"].gather(rows),
        weak=pl.Series(outcome.weak[rows]),
        crossed=pl.Series(ready.facts.marks.crossed[rows]),
        contested=_named(ids, rival),
        twin_of=ready.receipts["twin_of"].gather(rows),
        reopened_by=_named(ids, _reopened_by(ready, outcome, rows)),
        posts=pl.Series(outcome.posts[rows]),
        proof=pl.Series(outcome.proof[rows]),
        confidence=pl.Series(outcome.confidence[rows]),
        second=pl.Series(outcome.second[rows]),
        second_place=pl.Series(outcome.second_family[rows]),
        second_items=pl.Series(outcome.second_items[rows]),
    )
    said = frame.select(
        "row",
        "posts",
        "proof",
        "confidence",
        rule=family.gather(frame["family_place"]),
        alternatives=(pl.col("ways") - 1 + pl.col("rivals")).cast(pl.Int64),
    ).with_columns(reason=pl.concat(side_by_side(reasons, list(frame.iter_slices(_SHARE))) or [reasons(frame)]))
    owners = rows_at(ready.items.select("customer", "group"), lines["item"]).with_columns(lines["row"])
    return said.join(_payers(ready, owners), on="row", how="left", maintain_order="left")


def _reopened_by(ready: Prepared, outcome: Outcome, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Rows of the returns that opened what each receipt pays; −1 where none did."""
    back = ready.facts.back
    found = np.full(len(rows), -1, dtype=np.int32)
    if back is None or not back.by_item:
        return found
    receipt, item, _ = outcome.lines.flat()
    touched = receipt[np.isin(item, np.fromiter(back.by_item, dtype=np.int64, count=len(back.by_item)))]
    for place in np.flatnonzero(np.isin(rows, touched)).tolist():
        row = int(rows[place])
        found[place] = back.opened(outcome.lines.of(row)[0], row)
    return found


def _named(ids: pl.Series, places: npt.NDArray[np.int32]) -> pl.Series:
    """The ids at some places, null at −1."""
    there = pl.Series(places, dtype=pl.Int64)
    return (
        pl.select(pl.when(there >= 0).then(ids.gather(there.clip(0)))).to_series()
        if len(ids)
        else there.cast(pl.String)
    )


def _payers(ready: Prepared, owners: pl.DataFrame) -> pl.DataFrame:
    """row, proposed_customer: the one customer of the items, or who pays for all of them. `owners`: row, customer and
    group of each item."""
    people = ready.scope.customers
    payer = people.filter(pl.col("customer_id") == pl.col("payer_id")).select("group", payer_id="customer_id")
    one = owners.group_by("row").agg(
        pl.when(pl.col(code).min() == pl.col(code).max()).then(pl.col(code).first()) for code in ("customer", "group")
    )
    joined = one.join(people.select("customer", "customer_id"), on="customer", how="left")
    joined = joined.join(payer, on="group", how="left")
    return joined.select("row", proposed_customer=pl.coalesce("customer_id", "payer_id"))


def _allocated(ready: Prepared, lines: pl.DataFrame) -> pl.DataFrame:
    """The allocations of all lines, in shares of the receipts: millions of ids at once would be the most memory."""
    begins = np.arange(0, max(1, ready.receipts.height), _SHARE)
    cuts = [*np.searchsorted(lines["row"].to_numpy(), begins).tolist(), lines.height]
    shares = [lines[begin:end] for begin, end in pairwise(cuts)]
    return pl.concat(side_by_side(lambda share: _allocations(ready, share), shares))


def _allocations(ready: Prepared, lines: pl.DataFrame) -> pl.DataFrame:
    """Cash, and the deductions that close an item beside it; dated when both the money and the item were there."""
    dated = lines.with_columns(
        rows_at(ready.receipts.select("receipt_id", "day", "unapplied"), lines["row"]),
    ).with_columns(
        rows_at(ready.items.select("item_id", "dated_on", "discount"), lines["item"]),
    )
    dated = dated.with_columns(
        allocated_on=pl.max_horizontal("day", "dated_on"),
        rule=pl.Series([family.name for family in families()], dtype=pl.String).gather(lines["family"]),
        gap_kind=pl.Series([family.gap for family in families()], dtype=pl.String).gather(lines["family"]),
    )
    # Only where more is settled than came; the other way the rest of the money stays on the receipt.
    gap = (pl.col("gap_kind") != "") & (pl.col("gap") * pl.col("unapplied") > 0)
    bears = pl.when(pl.col("pay") * pl.col("unapplied") > 0).then(pl.col("pay").abs()).otherwise(0)
    less = dated.filter(gap).with_columns(weight=bears).with_columns(deducted=_deducted())
    named = ("row", "item", "receipt_id", "item_id", "allocated_on", "rule")
    parts = [
        dated.filter(~gap).select(*named, amount="pay", kind=pl.lit("cash")),
        less.select(*named, amount=pl.col("pay") - pl.col("deducted"), kind=pl.lit("cash")),
        less.select(*named, amount="deducted", kind="gap_kind"),
    ]
    cash = pl.col("kind") == "cash"
    found = pl.concat(parts).filter(pl.col("amount") != 0).sort("row", "item_id", ~cash)
    name = [pl.lit("match"), "receipt_id", "item_id", pl.when(~cash).then("kind")]
    return found.select(
        "receipt_id",
        "item_id",
        "allocated_on",
        "amount",
        "kind",
        allocation_id=pl.concat_str(name, separator=":", ignore_nulls=True),
        source=pl.format("match:{}", "rule"),
        row="row",
        item="item",
    )


def _deducted() -> pl.Expr:
    """What of each line is not money: the gap of the receipt, on the items whose terms offer it, else by size.

    Takes the lines of receipts with a gap to book, `weight` being what a line can bear of it.
    """
    gap, weight = pl.col("gap"), pl.col("weight")
    largest = weight == weight.max().over("row")
    first_largest = largest & (largest.cum_sum().over("row") == 1)
    offered = pl.when(pl.col("discount").sum().over("row") == gap.abs()).then(pl.col("discount") * gap.sign())
    whole = weight.sum().over("row").clip(1)
    # By size, in whole units; what the division leaves goes to the largest.
    shared = (gap.abs().cast(pl.Int128) * weight // whole).cast(pl.Int64) * gap.sign()
    shared = shared + pl.when(first_largest).then(gap - shared.sum().over("row")).otherwise(0)
    single = pl.when(first_largest).then(gap).otherwise(0)
    return pl.when(pl.col("gap_kind") == "discount").then(pl.coalesce(offered, shared)).otherwise(single)


def _unmatched(ready: Prepared, outcome: Outcome) -> pl.DataFrame:
    """row, none_rule, none_reason: why the search proposes nothing for a receipt."""
    facts = ready.facts
    quotes, taker = _quoting(facts.marks, facts.pool, facts.asks.currency)
    ids = ready.receipts["receipt_id"]
    rival = np.where(outcome.rival >= 0, outcome.rival, taker)
    by = _named(ids, rival)
    taught = learned_of(facts.payers)
    frame = ready.receipts.select("row", "kind", "amount", "text", "twin", "twin_of", "customer").with_columns(
        quotes=pl.Series(quotes), by=by, says=pl.Series(facts.asks.says), fee=is_fee(ready.receipts),
        nominated=pl.Series(_nominated(facts.payers.account_start, facts.payers.account)
                            | _nominated(facts.payers.name_start, facts.payers.name)
                            | _nominated(facts.payers.own_start, np.arange(ready.receipts.height, dtype=np.int32))
                            | (taught[0] >= 0) | (taught[1] >= 0)),
    ).filter(pl.Series(outcome.family < 0))  # fmt: skip

    def has(column: str, bit: int) -> pl.Expr:
        return pl.col(column) & bit != 0

    second = pl.format("receipt {} took the quoted item: this may be a second payment", "by")
    settled = pl.lit("every quoted item is settled: this may be a second payment")
    twin = pl.format("receipt {} brought the same amount and text: this may be a second payment", "twin_of")
    known = pl.col("nominated") | (pl.col("customer") >= 0)
    why: list[tuple[pl.Expr, str, pl.Expr]] = [
        (pl.col("fee"), "return_fee",
         pl.lit("the bank's fee for a payment that came back: a bank charge, of no item")),
        (pl.col("row").is_in([tie.row for tie in ready.ties]), "returned_payment",
         pl.lit("the payment that came back is applied to nothing: the two cancel each other")),
        (pl.col("kind") == "return", "returned_payment",
         pl.lit("a returned payment reverses what it paid; it settles nothing")),
        (has("quotes", QUOTES_OPEN), "amount_differs",
         pl.lit("items are quoted, but their open amounts do not make the receipt")),
        (has("quotes", QUOTES) & pl.col("by").is_not_null(), "settled_already", second),
        (has("quotes", QUOTES), "settled_already", settled),
        (has("quotes", QUOTES_FOREIGN), "other_currency", pl.lit("the quoted item is in another currency")),
        ((pl.col("kind") == "out") & (pl.col("amount") < 0), "money_out",
         pl.lit("the money went out and quotes no item: it is not from a customer")),
        ((pl.col("twin") > 1) & pl.col("twin_of").is_not_null(), "second_payment", twin),
        (has("says", SAYS_ADVANCE), "advance", pl.lit("the text speaks of an advance: nothing open fits it")),
        (has("says", SAYS_OTHER) & ~known, "not_from_customer",
         pl.lit("neither payer nor text point to a customer")),
        (known, "no_fit", pl.lit("the customer is known, but no open items fit the amount")),
        (pl.col("text").fill_null("") == "", "no_text", pl.lit("the receipt has no text")),
    ]  # fmt: skip
    rule, reason = pl.lit("no_reference"), pl.lit("no number of an item stands in the text")
    for holds, name, sentence in reversed(why):
        rule = pl.when(holds).then(pl.lit(name)).otherwise(rule)
        reason = pl.when(holds).then(sentence).otherwise(reason)
    found = frame.select("row", none_rule=rule, none_reason=reason)
    told = ready.early.unmatched_frame()
    return pl.concat([found.join(told, on="row", how="anti"), told], how="diagonal_relaxed")


def _likely(ready: Prepared) -> pl.Series:
    """The one customer that each receipt may come from, null where it is not known or the money is of many."""
    only = _only_nominee(ready.facts.payers)
    only[[told["row"] for told in ready.early.unmatched]] = -1
    return _named(ready.scope.customers["customer_id"], only)


def _nominated(start: npt.NDArray[np.int64], code: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Whether a receipt's account or name points to a customer."""
    there = np.append(np.diff(start) > 0, False)
    found: npt.NDArray[np.bool_] = there[code] & (code >= 0)
    return found


def _only_nominee(payers: Payers) -> npt.NDArray[np.int32]:
    """The one customer to whom account, name and text of a receipt point, and what matches taught of both.

    −1 where they point to none or to several; what an account taught chooses among several of a name.
    """
    only = np.full(len(payers.account), -1, dtype=np.int32)
    agree = np.ones(len(only), dtype=np.bool_)
    by_account, by_name = learned_of(payers)
    sources = (
        (payers.account_start, payers.account),
        (payers.name_start, payers.name),
        (payers.own_start, np.arange(len(only), dtype=np.int32)),
    )
    for start, code in sources:
        if len(start) < 2 or not len(payers.nominee):
            continue
        there = code >= 0
        at = np.where(there, code, 0)
        count = np.where(there, start[at + 1] - start[at], 0)
        one = payers.nominee[np.minimum(start[at], len(payers.nominee) - 1)]
        several = (count > 1) if code is payers.account else (count > 1) & (by_account < 0)
        agree &= ~several & ~((count == 1) & (only >= 0) & (only != one))
        only = np.where((count == 1) & (only < 0), one, only).astype(np.int32)
    for taught in (by_account, by_name):
        agree &= ~((taught >= 0) & (only >= 0) & (only != taught))
        only = np.where((taught >= 0) & (only < 0), taught, only).astype(np.int32)
    return np.where(agree, only, -1).astype(np.int32)


@kernel
def _quoting(
    marks: Marks, pool: Pool, currency: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The bits of what each text quotes by number, and the receipt that took the first of it in this run (−1: none)."""
    bits = np.zeros(len(currency), dtype=np.int32)
    taker = np.full(len(currency), -1, dtype=np.int32)
    for ask in range(len(currency)):
        for mark in range(marks.start[ask], marks.start[ask + 1]):
            for quote in range(marks.first[mark], marks.last[mark]):
                item = marks.item[quote]
                if marks.kind[quote] > OTHER:
                    continue
                if pool.currency[item] != currency[ask]:
                    bits[ask] |= QUOTES_FOREIGN
                    continue
                bits[ask] |= QUOTES
                if pool.open[item] - pool.taken[item] - pool.held[item] != 0:
                    bits[ask] |= QUOTES_OPEN
                elif taker[ask] < 0:
                    taker[ask] = pool.owner[item]
    return bits, taker
