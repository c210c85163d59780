"""The stage before the families: money of which a file says what it is made of, and money that stands for many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.matching.asks import Asks
from encours.core.matching.line_items import Left, Paid, Settled, settle
from encours.core.matching.pairing import Money, Pair, make_money, pair_up, subsets
from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import OTHER
from encours.core.matching.references.scan import Marks
from encours.core.matching.remittance import ADVICE, BATCH, Remittance
from encours.core.matching.remittance_words import differs, none_left, said

#: Confidence of what is proposed: a proof; named and all lines tied; not named, or tied by amounts; with a doubt.
PROVEN, NAMED, LIKELY, DOUBTFUL = 0.9999, 0.99, 0.93, 0.75
#: Words of a bank that speak of one credit for many customers.
SAYS_MANY = (
    r"\b(REMISE|REM|BORDEREAU|BORD)\b.{0,14}\b(CHEQUES?|CHQS?|LCR|EFFETS?|CB|CARTES?|PRLV|PRELEVEMENTS?|SDD)\b"
    r"|\b(TPE|TELECOLLECTE|PAYOUT|FACTURETTES?)\b"
)
#: Services that pay out what they collected from many.
PAYOUT_SERVICES = (
    r"\b(STRIPE|ADYEN|PAYPAL|SUMUP|WORLDLINE|PAYPLUG|GOCARDLESS|MOLLIE|CHECKOUT COM|LYRA|KLARNA|ALMA|SLIMPAY|ZETTLE)\b"
)
#: Why nothing is proposed for what stands for many, or for whom nobody can say.
FILE_MISSING = "a remittance of several customers: its file is missing"
UNNAMED_CHEQUE = "a cheque without a name: its deposit slip says whose it is"
_KINDS_OF_MANY = ("cheque", "draft", "card")


@dataclass
class Early:
    """What the stage decides. `proposed`: row, rule, posts, proof, confidence, alternatives, proposed_customer, reason;
    `allocations`: as in `decide`; `unmatched`: row, none_rule, none_reason of what no family may guess at;
    `remittances`: receipt_id → the batch or advice that explains it; `instruments`: receipt_id →
    the instruments that it pays, each with its items."""

    proposed: list[dict[str, Any]] = field(default_factory=list)
    allocations: list[dict[str, Any]] = field(default_factory=list)
    unmatched: list[dict[str, Any]] = field(default_factory=list)
    remittances: dict[str, str] = field(default_factory=dict)
    instruments: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def proposed_frame(self) -> pl.DataFrame:
        """The proposals as a frame."""
        return pl.DataFrame(self.proposed, schema=_PROPOSED)

    def allocation_frame(self) -> pl.DataFrame:
        """The allocations as a frame, in the order of their ids."""
        return pl.DataFrame(self.allocations, schema=_ALLOCATION).sort("allocation_id")

    def unmatched_frame(self) -> pl.DataFrame:
        """Why nothing is proposed, as a frame."""
        return pl.DataFrame(self.unmatched, schema=_UNMATCHED)


_PROPOSED: dict[str, pl.DataType] = {
    "row": pl.UInt32(), "rule": pl.String(), "posts": pl.Boolean(), "proof": pl.Boolean(), "confidence": pl.Float64(),
    "alternatives": pl.Int64(), "proposed_customer": pl.String(), "reason": pl.String(),
}  # fmt: skip
_ALLOCATION: dict[str, pl.DataType] = {
    "receipt_id": pl.String(), "item_id": pl.String(), "allocated_on": pl.Date(), "amount": pl.Int64(),
    "kind": pl.String(), "allocation_id": pl.String(), "source": pl.String(),
}  # fmt: skip
_UNMATCHED: dict[str, pl.DataType] = {"row": pl.UInt32(), "none_rule": pl.String(), "none_reason": pl.String()}


@dataclass(frozen=True)
class Scene:
    """What the stage reads: receipts and items in the order of their arrays, and who is behind the customers' codes."""

    receipts: pl.DataFrame
    items: pl.DataFrame
    asks: Asks
    pool: Pool
    marks: Marks
    customers: pl.Series
    family: npt.NDArray[np.int32]


def decide_early(remittances: list[Remittance], scene: Scene) -> Early:
    """Explains receipts by remittances and keeps the rest of what stands for many from being guessed at.

    What is decided takes no part in the search: its items are taken or held in the pool, its rows no longer searched.
    """
    early = Early()
    if remittances:
        money = make_money(scene.receipts, scene.asks)
        left = Left(scene.pool)
        for pair in pair_up(remittances, money, scene.family):
            _decide_pair(pair, scene, money, left, early)
    for row, why in _many(scene):
        early.unmatched.append({"row": row, "none_rule": "batch_missing", "none_reason": why})
        scene.asks.searched[row] = False
    return early


def _decide_pair(pair: Pair, scene: Scene, money: Money, left: Left, early: Early) -> None:
    """Writes what a pair gives: a proposal, or why it is none though the text names the remittance."""
    settled = settle(pair.remittance, left)
    currency = scene.receipts["currency_word"][pair.rows[0]]
    received = sum(int(scene.asks.amount[row]) for row in pair.rows)
    fee = _fee(pair, settled)
    if not settled.paid and not pair.named:
        return  # an old remittance of the same total: the money is another's
    why = None
    nothing_left = not settled.paid or (fee is not None and settled.cash <= fee)  # the fee alone would be booked
    if nothing_left:
        why = none_left(pair)
    elif fee is None or settled.cash - fee > received:
        why = differs(pair, received, currency)
    if why is not None:
        rule = "batch_settled" if nothing_left else "batch_differs"
        for row in pair.rows:
            early.unmatched.append({"row": row, "none_rule": rule, "none_reason": why})
            scene.asks.searched[row] = False
        return
    paid = _less_fee(settled.paid, fee or 0)
    amounts = [int(scene.asks.amount[row]) for row in pair.rows]
    shares = _by_lines(pair.remittance, paid, amounts) or _shared(paid, amounts)
    _write(pair, settled, shares, fee or 0, scene, early)
    left.take(paid)


def _fee(pair: Pair, settled: Settled) -> int | None:
    """What the money is short of the lines: the stated fee, or what is missing; None where it is not explained so."""
    if pair.gap < 0:
        return None
    lost = sum(pair.remittance.lines[n].amount for n in settled.lost)
    if pair.gap and lost == pair.gap:
        return pair.remittance.fee or 0  # these lines were not credited at all
    if pair.gap and (pair.remittance.fee or lost or pair.gap * 25 > pair.remittance.total):
        return None
    return pair.gap + (pair.remittance.fee or 0)


def _less_fee(paid: tuple[Paid, ...], fee: int) -> list[Paid]:
    """The lines with the fee taken off their cash, from the largest down: it closes the items as a charge."""
    order = sorted(range(len(paid)), key=lambda n: (-paid[n].cash, n))
    share = dict.fromkeys(order, 0)
    for n in order:
        share[n] = max(0, min(fee, paid[n].cash))
        fee -= share[n]
    charged = []
    for n, one in enumerate(paid):
        if share[n] and one.deducted:  # a line with a discount of its own: the charge stands beside it
            charged.append(Paid(one.line, one.place, one.cash - share[n], one.deducted, one.cause))
            charged.append(Paid(one.line, one.place, 0, share[n], "charge"))
        elif share[n]:
            charged.append(Paid(one.line, one.place, one.cash - share[n], share[n], "charge"))
        else:
            charged.append(one)
    return charged


def _by_lines(one: Remittance, paid: list[Paid], amounts: list[int]) -> list[list[Paid]] | None:
    """Whole lines for each of several receipts, where their amounts are made of whole lines."""
    if len(amounts) == 1:
        return [list(paid)]
    rest, shares = list(range(one.count)), []
    for amount in amounts:
        sets = subsets(one, amount, rest)
        if not sets:
            return None
        shares.append([line for line in paid if line.line in sets[0]])
        rest = [n for n in rest if n not in sets[0]]
    fits = all(sum(line.cash for line in share) <= amount for share, amount in zip(shares, amounts, strict=True))
    return shares if fits else None


def _shared(paid: list[Paid], amounts: list[int]) -> list[list[Paid]]:
    """The lines given to one receipt after the other, cut where a receipt is used up; credit notes first."""
    shares: list[list[Paid]] = [[] for _ in amounts]
    room = list(amounts)
    at = 0
    for one in sorted(paid, key=lambda line: line.cash >= 0):
        rest = one.cash
        if rest < 0:
            shares[0].append(one)
            room[0] -= rest
            continue
        while at < len(room) - 1 and rest > room[at]:
            if room[at]:
                shares[at].append(Paid(one.line, one.place, room[at]))
                rest -= room[at]
                room[at] = 0
            at += 1
        shares[at].append(Paid(one.line, one.place, rest, one.deducted, one.cause))
        room[at] -= rest
    return shares


def _write(pair: Pair, settled: Settled, shares: list[list[Paid]], fee: int, scene: Scene, early: Early) -> None:
    rule = "advice" if pair.remittance.form == ADVICE else "batch"
    places = [one.place for one in settled.paid]
    day = int(min(scene.asks.day[row] for row in pair.rows))
    late = any(scene.pool.known[place] > day for place in places)
    proof = _is_proof(pair, settled, late, fee)
    given = scene.pool.taken if proof else scene.pool.held
    for row, share in zip(pair.rows, shares, strict=True):
        scene.asks.searched[row] = False
        if not share:
            early.unmatched.append({"row": row, "none_rule": "batch_settled", "none_reason": none_left(pair)})
            continue
        for one in share:
            given[one.place] += one.cash + one.deducted
            scene.pool.owner[one.place] = row
        early.allocations += _rows(row, share, rule, scene)
        receipt_id = scene.receipts["receipt_id"][row]
        early.remittances[receipt_id] = pair.remittance.key
        if pair.remittance.form == BATCH:
            early.instruments[receipt_id] = _instruments(pair.remittance, share, scene)
        used = sum(one.cash for one in share)
        rest = int(scene.asks.amount[row]) - used
        owners = {int(scene.pool.customer[one.place]) for one in share}
        early.proposed.append(
            {
                "row": row,
                "rule": rule,
                "posts": proof,
                "proof": proof,
                "confidence": _confidence(pair, settled, proof, late),
                "alternatives": pair.alike,
                "proposed_customer": scene.customers[owners.pop()] if len(owners) == 1 else None,
                "reason": said(pair, settled, fee, rest, late, scene.receipts["currency_word"][row]),
            }
        )


def _instruments(one: Remittance, share: list[Paid], scene: Scene) -> dict[str, tuple[str, ...]]:
    """The instruments that a receipt pays, each with its items."""
    found: dict[str, tuple[str, ...]] = {}
    ids = scene.items["item_id"].gather([paid.place for paid in share]).to_list()
    for paid, item_id in zip(share, ids, strict=True):
        key = one.lines[paid.line].key
        found[key] = (*(other for other in found.get(key, ()) if other != item_id), item_id)
    return found


def _is_proof(pair: Pair, settled: Settled, late: bool, fee: int) -> bool:
    """Total, number of lines and reference agree, and every line pays in full what it names: nothing is guessed."""
    agrees = pair.named and not pair.gap and not fee and pair.counted is True and not pair.alike
    whole = not (settled.lost or settled.short or settled.by_amount or settled.withheld or late)
    return agrees and whole and not any(line.unpaid for line in pair.remittance.lines)


def _confidence(pair: Pair, settled: Settled, proof: bool, late: bool) -> float:
    if proof:
        return PROVEN
    if pair.alike or settled.lost or settled.short or pair.counted is False or late:
        return DOUBTFUL
    return LIKELY if settled.by_amount or not pair.named else NAMED


def _rows(row: int, share: list[Paid], rule: str, scene: Scene) -> list[dict[str, Any]]:
    """Allocations of one receipt: what several lines pay of one item is one row of each kind."""
    sums: dict[tuple[int, str], int] = {}
    for one in share:
        for kind, amount in (("cash", one.cash), (one.cause, one.deducted)):
            if amount:
                sums[one.place, kind] = sums.get((one.place, kind), 0) + amount
    receipt_id, day = scene.receipts["receipt_id"][row], scene.receipts["day"][row]
    places = [place for place, _ in sums]
    ids, dates = (scene.items[name].gather(places).to_list() for name in ("item_id", "dated_on"))
    found = []
    for (_, kind), amount, item_id, dated_on in zip(sums, sums.values(), ids, dates, strict=True):
        name = f"match:{receipt_id}:{item_id}" + ("" if kind == "cash" else f":{kind}")
        found.append(
            {
                "receipt_id": receipt_id,
                "item_id": item_id,
                "allocated_on": max(day, dated_on),
                "amount": amount,
                "kind": kind,
                "allocation_id": name,
                "source": f"match:{rule}",
            }
        )
    return found


def _many(scene: Scene) -> Iterable[tuple[int, str]]:
    """Receipts that stand for many customers by what the bank or the payer says, and quote no open item; and why.

    A cheque without a name is one customer's: which one stands on the deposit slip alone.
    """
    receipts = scene.receipts
    bare = pl.col("payer_name").is_null() & pl.col("payer_account").is_null()
    speaks = pl.col("text").str.contains(SAYS_MANY).fill_null(False)
    service = pl.col("payer_name").str.to_uppercase().str.contains(PAYOUT_SERVICES).fill_null(False)
    stands_for_many = (pl.col("kind").is_in(_KINDS_OF_MANY) & bare) | (speaks & bare) | service
    lone = (pl.col("kind") == "cheque") & ~speaks & ~service
    why = pl.when(lone).then(pl.lit(UNNAMED_CHEQUE)).otherwise(pl.lit(FILE_MISSING))
    rows = receipts.filter(stands_for_many & (pl.col("unapplied") > 0) & (pl.col("customer") < 0))
    for row, reason in rows.select("row", why).iter_rows():
        if scene.asks.searched[row] and not _quotes_open(row, scene):
            yield row, reason


def _quotes_open(row: int, scene: Scene) -> bool:
    marks, pool = scene.marks, scene.pool
    return any(
        marks.kind[quote] <= OTHER and pool.open[marks.item[quote]] != 0 and marks.namesakes[quote] <= 4
        for mark in range(marks.start[row], marks.start[row + 1])
        for quote in range(marks.first[mark], marks.last[mark])
    )
