"""Which items are paid together: run lengths per payer, runs that pay all that is due, credit notes deducted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from encours.core.sample.billing import Documents, Items
from encours.core.sample.cast import Cast
from encours.core.sample.draws import Ints, Texts, generator
from encours.core.sample.intent import NEVER, Intent

#: Sizes of payments of several invoices (matching of French receipts): (least, most) -> share.
SIZES = {(2, 2): 0.36, (3, 3): 0.22, (4, 4): 0.14, (5, 8): 0.16, (9, 20): 0.09, (21, 70): 0.03}
#: Items further apart than this are never paid together, a payment run apart.
GAP_DAYS = 6
NOTES_MAX = 3


@dataclass(frozen=True, eq=False)
class Batches:
    """Payments before anything goes wrong with them: one entry a batch; `of_item` gives (batch, item, amount)."""

    payer: Ints
    day: Ints
    method: Texts
    discounted: Ints
    count: Ints
    notes: Ints
    batch: Ints
    item: Ints
    amount: Ints


def make_batches(cast: Cast, docs: Documents, items: Items, intent: Intent, seed: int) -> Batches:
    """Items paid in the same payment, with the credit notes that the payer deducts."""
    rng = generator(seed, "batches")
    rows = np.flatnonzero(intent.day < NEVER)
    payer, day = cast.payer[items.customer[rows]], intent.day[rows]
    method, discounted = intent.method[rows], intent.discounted[rows].astype(np.int64)
    _, method_code = np.unique(method.astype(str), return_inverse=True)
    treasury = cast.treasury[items.customer[rows]]
    order = np.lexsort((rows, day, method_code, discounted, payer))
    rows, payer, day, method = rows[order], payer[order], day[order], method[order]
    discounted, method_code = discounted[order], method_code[order]
    pool = _changes(payer) | _changes(discounted) | _changes(method_code) | _changes(treasury[order])
    run = cast.habit[payer] == "run"
    alone = np.isin(method, ["lcr", "direct_debit", "card"])
    start = pool | alone | _starts(rng, pool, cast.rate[payer])
    start |= np.append(True, np.diff(day) > GAP_DAYS)
    # A payment run pays everything of its day at once.
    start = np.where(run & ~alone & (discounted == 0), pool | np.append(True, np.diff(day) > 0), start)
    batch = np.cumsum(start) - 1
    head = np.flatnonzero(start)
    tail = np.append(head[1:], len(rows)) - 1
    made = Batches(
        payer[head],
        day[tail],
        method[head],
        discounted[head],
        np.bincount(batch, minlength=len(head)),
        np.zeros(len(head), dtype=np.int64),
        batch,
        rows,
        intent.payable[rows],
    )
    return _with_notes(cast, docs, items, made, seed)


def _changes(values: Ints) -> np.ndarray:
    return np.append(True, values[1:] != values[:-1]) if len(values) else np.zeros(0, dtype=bool)


def _starts(rng: np.random.Generator, pool: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Where a payment begins: draws of run lengths laid end to end within each pool."""
    count = len(pool)
    several = rng.random(count) < np.clip(0.06 + 0.055 * rate, 0.06, 0.6)
    shares = np.cumsum(list(SIZES.values()))
    band = np.searchsorted(shares, rng.random(count)).clip(0, len(SIZES) - 1)
    low, high = (np.array(side) for side in zip(*SIZES, strict=True))
    size = np.where(several, rng.integers(low[band], high[band] + 1), 1)
    head = np.flatnonzero(pool)
    place = np.cumsum(size) - size
    offset = np.repeat(place[head], np.diff(np.append(head, count)))
    position = place - offset + np.repeat(head, np.diff(np.append(head, count)))
    end = np.repeat(np.append(head[1:], count), np.diff(np.append(head, count)))
    start = np.zeros(count, dtype=bool)
    start[position[position < end]] = True
    return start


def _with_notes(cast: Cast, docs: Documents, items: Items, made: Batches, seed: int) -> Batches:
    """Credit notes go into the first transfer of their payer that follows them, where it can bear them."""
    note = np.flatnonzero((items.kind == "credit_note") & docs.deducted[items.document])
    usable = np.flatnonzero((made.method == "transfer") & (made.discounted == 0))
    left = pl.DataFrame({"payer": cast.payer[items.customer[note]], "day": items.issued[note] + 2, "note": note}).sort(
        "payer", "day", "note"
    )
    right = pl.DataFrame({"payer": made.payer[usable], "day": made.day[usable], "batch": usable}).sort(
        "payer", "day", "batch"
    )
    met = (
        left.join_asof(right, on="day", by="payer", strategy="forward", check_sortedness=False)
        if left.height and right.height
        else None
    )
    if met is None:
        return made
    met = met.drop_nulls("batch").sort("batch", "note")
    batch, chosen = met["batch"].to_numpy(), met["note"].to_numpy()
    total = np.bincount(made.batch, made.amount, len(made.payer)).astype(np.int64)
    nth = np.arange(len(batch)) - np.searchsorted(batch, batch)
    kept = nth < NOTES_MAX
    borne = np.bincount(batch[kept], -items.amount[chosen[kept]], len(total))
    kept &= borne[batch] < total[batch] * 0.7
    batch, chosen = batch[kept], chosen[kept]
    return Batches(
        made.payer,
        made.day,
        made.method,
        made.discounted,
        made.count,
        np.bincount(batch, minlength=len(total)),
        np.concatenate([made.batch, batch]),
        np.concatenate([made.item, chosen]),
        np.concatenate([made.amount, items.amount[chosen]]),
    )
