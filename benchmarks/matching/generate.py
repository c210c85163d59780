"""A book with known truth: customers, items, receipts of a profile, and what each receipt settles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.matching.cast import ENTITIES, Cast, cast_tables, make_cast
from benchmarks.matching.channels import capacity_of, through_channels
from benchmarks.matching.draws import Bools, Draws, Ints
from benchmarks.matching.extras import CURRENCY, batch_lines, instrument_tables, rate_table
from benchmarks.matching.items import item_table, make_items
from benchmarks.matching.noise import NOISE_CODE, make_channels, make_noise
from benchmarks.matching.plan import NAMES, START, Plan, make_plan
from benchmarks.matching.profile import CHANNELS, NOISE, UNMATCHABLE, USABLE, Profile
from benchmarks.matching.settle import CAUSES, Settled, settle
from benchmarks.matching.texts import make_texts
from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.base.schema import TABLES

MODES = ("stock", "stream")
#: Who sends what does not come from a customer, by pattern.
_SENDERS = {
    "not_ar": "BANQUE SYNTHETIQUE",
    "card_payout": "CARTES SYNTHETIQUES",
    "factor_batch": "FACTOR SYNTHETIQUE",
}
_KINDS = {"debit_return": "return", "cheque_return": "return", "card_payout": "card", "lcr_batch": "draft"}


@dataclass(frozen=True)
class Case:
    """A book without allocations, and what is true of it.

    `truth`: receipt_id, item_id, amount (what the receipt takes off the item, adjustment included, in the item's sign
    and currency; a return's is negative: the item is open again).
    `receipts`: receipt_id, amount, pattern, noise, channel, adjustment, cause, left_open, matchable, usable, stratum,
    repeats (of a duplicate, a return or a second part: the earlier receipt). `batches`: the lines of payout, draft and
    factor files and of shared advices: batch_id, kind, item_id, amount.
    """

    book: Book
    truth: pl.DataFrame
    receipts: pl.DataFrame
    batches: pl.DataFrame

    def write(self, folder: Path) -> None:
        """`book/` for the product under test, `truth/` for the scorer, both Parquet."""
        write_book(self.book, folder / "book")
        self.batches.write_parquet(folder / "book" / "batches.parquet")
        (folder / "truth").mkdir(parents=True, exist_ok=True)
        self.truth.write_parquet(folder / "truth" / "truth.parquet")
        self.receipts.write_parquet(folder / "truth" / "receipts.parquet")


def generate(profile: Profile, receipts: int, mode: str = "stock", seed: int = 1) -> Case:
    """A case of so many receipts: the same for the same arguments, on every machine.

    Raises ValueError for an unknown mode and for fewer than 100 receipts, which cannot hold the mix.
    """
    if mode not in MODES or receipts < 100:
        raise ValueError(f"mode is one of {', '.join(MODES)}, receipts at least 100; not {mode} and {receipts}")
    cast = make_cast(profile, receipts, seed)
    plan = make_plan(profile, cast, receipts, mode, seed)
    channel = make_channels(profile, plan, seed)
    noise = make_noise(profile, cast, plan, channel, seed)
    in_a_row = np.isin(noise, [NOISE_CODE["range"], NOISE_CODE["suffix_list"]])
    items = make_items(profile, cast, plan, in_a_row, seed)
    settled = settle(plan, items, seed)
    written, named = make_texts(
        plan, settled.lines, items, cast.customer_ids.str.tail(6), noise, capacity_of(channel), seed
    )
    text, lost = through_channels(plan, written, channel, noise, seed)
    noise = np.where(lost & _is_usable(noise), NOISE_CODE["cut"], noise)
    ids = _receipt_ids(plan)
    item_rows = item_table(items, cast)
    truth = settled.lines.select(
        receipt_id=ids[settled.lines["receipt"]], item_id=item_rows["item_id"][settled.lines["item"]], amount="amount"
    )
    lines = batch_lines(plan, settled.lines, item_rows["item_id"])
    drafts = instrument_tables(plan, item_rows, lines)
    rows = _receipt_rows(profile, cast, plan, settled, channel, text, ids, seed)
    tables = {**cast_tables(cast), "items": item_rows, "receipts": rows, **drafts, **rate_table(plan)}
    book = Book.of(**{name: TABLES[name].conform(frame) for name, frame in tables.items()})
    return Case(book, truth, _facts(plan, settled, noise, channel, named, ids), lines)


def _is_usable(noise: Ints) -> Bools:
    found: Bools = np.isin(noise, [NOISE_CODE[name] for name in USABLE])
    return found


def _receipt_ids(plan: Plan) -> pl.Series:
    """Ids in the order of booking, so that an id says nothing that the date does not."""
    order = np.argsort(plan.booked, kind="stable")
    number = np.empty(plan.count, dtype=np.int64)
    number[order] = np.arange(plan.count)
    frame = pl.DataFrame({"entity": np.array(ENTITIES)[plan.entity], "number": number})
    return frame.select(id=pl.format("{}:R{}", "entity", pl.col("number").cast(pl.String).str.zfill(7)))["id"]


def _receipt_rows(
    profile: Profile,
    cast: Cast,
    plan: Plan,
    settled: Settled,
    channel: Ints,
    text: pl.Series,
    ids: pl.Series,
    seed: int,
) -> pl.DataFrame:
    """The Book's receipts, in order of id."""
    draws = Draws(seed, "receipts")
    again = np.where(plan.among("duplicate"), plan.earlier, np.arange(plan.count))
    returned = np.where(plan.among("debit_return"), plan.earlier, -1)
    frame = pl.DataFrame(
        {
            "receipt_id": ids,
            "entity_id": np.array(ENTITIES)[plan.entity],
            "booked": plan.booked,
            "amount": settled.amount,
            "kind": _kinds(plan, channel),
            "remittance": text,
            "carries_reference": channel == CHANNELS.index("camt"),
            "own": draws.below(1_000_000_000, plan.count)[again],
            "says": draws.chance(0.4, plan.count)[again],
            "returned": returned,
            "currency": np.where(plan.among("other_currency"), CURRENCY, "EUR"),
        }
    ).with_columns(_payer_columns(profile, cast, plan, channel, again, draws))
    return _as_receipts(frame.with_columns(original=ids.gather(np.maximum(returned, 0))))


def _as_receipts(frame: pl.DataFrame) -> pl.DataFrame:
    """The Book's columns: only camt carries the payer's end-to-end reference, and mostly none was given."""
    booked = pl.lit(START) + pl.duration(days=pl.col("booked"))
    reference = pl.when("says").then(pl.format("E2E{}", "own")).otherwise(pl.lit("NOTPROVIDED"))
    return frame.select(
        "receipt_id", "entity_id", "amount", "kind", "payer_name", "payer_account", "currency",
        account=pl.format("BANK-{}", "entity_id"),
        booked_on=booked,
        value_on=booked,
        origin=pl.lit("bank"),
        remittance=pl.when(pl.col("remittance") != "").then("remittance"),
        end_to_end_id=pl.when("carries_reference").then(reference),
        returns_receipt_id=pl.when(pl.col("returned") >= 0).then("original"),
    ).sort(pl.col("receipt_id").str.tail(7))  # fmt: skip


def _kinds(plan: Plan, channel: Ints) -> pl.Series:
    kind = np.where(channel == CHANNELS.index("cheque"), "cheque", "transfer").astype("U16")
    for name, word in _KINDS.items():
        kind[plan.rows(name)] = word
    kind[plan.earlier[plan.rows("debit_return")]] = "direct_debit"
    kind[plan.earlier[plan.rows("cheque_return")]] = "cheque"
    return pl.Series(kind)


def _payer_columns(
    profile: Profile, cast: Cast, plan: Plan, channel: Ints, again: Ints, draws: Draws
) -> list[pl.Series]:
    """The payer's name and IBAN as they reach the file: mostly of his first account."""
    payer = np.maximum(plan.payer, 0)
    turn = np.where(draws.chance(0.8, plan.count), 0, draws.below(3, plan.count)) % cast.account_count[payer]
    account = (cast.first_account[payer] + turn)[again]
    named = draws.chance(np.array([profile.name_arrives[name] for name in CHANNELS])[channel], plan.count)[again]
    shown = draws.chance(np.array([profile.iban_arrives[name] for name in CHANNELS])[channel], plan.count)[again]
    known = plan.payer >= 0
    senders = pl.Series([_SENDERS.get(name) for name in NAMES], dtype=pl.String)
    frame = cast.accounts[account].select(
        payer_name=pl.when(pl.Series(named & known)).then("payer_name").otherwise(senders[plan.pattern]),
        payer_account=pl.when(pl.Series(shown & known)).then("iban"),
    )
    return frame.get_columns()


def _facts(plan: Plan, settled: Settled, noise: Ints, channel: Ints, named: Bools, ids: pl.Series) -> pl.DataFrame:
    """What is true of each receipt, in order of id."""
    pattern = pl.Series(NAMES)[plan.pattern]
    usable = _is_usable(noise) & ~plan.among("advance", "not_ar", "lcr_batch", "card_payout", "factor_batch")
    whole = usable & named & (settled.adjustment == 0) & (settled.left_open == 0)
    silent = np.isin(noise, [NOISE_CODE[name] for name in ("nothing", "count", "wrong")])
    stratum = np.where(whole, "quoted_exactly", np.where(silent, "amount_only", "other_reference"))
    again = np.where(plan.among("duplicate"), plan.earlier, np.arange(plan.count))
    cause = np.array([CAUSES.get(name, "") for name in NAMES])[plan.pattern]
    differs = settled.adjustment != 0
    frame = pl.DataFrame(
        {
            "receipt_id": ids,
            "amount": settled.amount,
            "pattern": pattern,
            "noise": pl.Series(NOISE)[noise],
            "channel": pl.Series(CHANNELS)[channel],
            "adjustment": settled.adjustment,
            "cause": np.where(differs, cause, ""),
            "left_open": settled.left_open,
            "matchable": ~plan.among(*UNMATCHABLE),
            "usable": usable[again],
            "stratum": stratum[again],
        }
    )
    earlier = pl.Series(plan.earlier)
    frame = frame.with_columns(
        cause=pl.when(pl.col("cause") != "").then("cause"),
        repeats=pl.when(earlier >= 0).then(ids.gather(np.maximum(plan.earlier, 0))),
    )
    return frame.sort(pl.col("receipt_id").str.tail(7))
