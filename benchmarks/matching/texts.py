"""What payers write: references in the style of each receipt, introduced and joined by the payer's habit."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.matching.draws import Bools, Draws, Ints
from benchmarks.matching.extras import batch_numbers, cheque_words
from benchmarks.matching.noise import NOISE_CODE
from benchmarks.matching.plan import CODE, MANY_CUSTOMERS, Plan

_INTROS = ["", "FACT ", "FACTURE ", "REGLT FACT ", "VIR ", "PAIEMENT ", "V/REF ", "RGT "]
_JOINS = [" ", ", ", "/", " + ", ";", " ET "]
_CHANGED = [" ", ".", "/", "_"]
_COUNTED = ["SELON AVIS", "VOTRE RELEVE", "{} FACTURES", "REGLT {} FACT", "SELON DETAIL JOINT"]
#: Receipts whose references are written at once: what bounds the memory.
_CHUNK_RECEIPTS = 50_000
_SILENT = ["VIREMENT", "REGLEMENT", "PAIEMENT FOURNISSEUR", "VIR SEPA", "MERCI", "FACTURES"]
_NOT_AR = ["REMBOURSEMENT CREDIT TVA", "INTERETS CREDITEURS", "VIREMENT INTERNE", "INDEMNITE ASSURANCE", "SUBVENTION"]
#: What payers write beside the references where they set something off.
_SET_OFF = {
    "netting": "COMPENSATION VOTRE COMPTE FOURNISSEUR",
    "rebate": "DEDUCTION RFA",
    "logistics_penalty": "PENALITES LOGISTIQUES",
    "deducted_advance": "ACOMPTE DEDUIT",
    "late_penalty": "AVEC INTERETS ET INDEMNITE 40 EUR",
}
_BATCHES = {"card_payout": "REMISE CB {} NET", "lcr_batch": "REMISE LCR {}", "factor_batch": "BORDEREAU {}"}


def make_texts(
    plan: Plan,
    lines: pl.DataFrame,
    items: pl.DataFrame,
    customer_number: pl.Series,
    noise: Ints,
    room: Ints,
    seed: int,
) -> tuple[pl.Series, Bools]:
    """The whole text of every receipt before a channel touches it, and whether it names every item it settles.

    `lines`: receipt, item (the truth); `customer_number` by place of the cast; `room`: what the channel takes, where a
    list that just fits goes without introduction. A duplicate repeats its original's text.
    """
    draws = Draws(seed, "texts")
    quiet = plan.among("credit_notes") & draws.chance(0.3, plan.count)
    cited = _cited(plan, lines, items, customer_number, noise, draws)
    hidden = pl.col("note") & pl.Series(quiet[cited["receipt"].to_numpy()])
    joined = _joined(plan, cited.filter(~hidden), noise)
    frame = pl.DataFrame({"receipt": np.arange(plan.count), "noise": noise, "pattern": plan.pattern})
    frame = frame.join(joined, on="receipt", how="left", maintain_order="left")
    frame = frame.with_columns(
        intro=pl.Series(np.array(_INTROS)[np.maximum(plan.payer, 0) * 7 % len(_INTROS)]),
        size=pl.Series(plan.invoices),
        room=pl.Series(room),
        counted=pl.Series(np.array(_COUNTED)[draws.below(len(_COUNTED), plan.count)]),
        silent=pl.Series(np.array(_SILENT)[draws.below(len(_SILENT), plan.count)]),
        other=pl.Series(np.array(_NOT_AR)[draws.below(len(_NOT_AR), plan.count)]),
        order=pl.format("ACOMPTE COMMANDE CO{}", pl.Series(draws.between(100_000, 999_999, plan.count))),
        batch=batch_numbers(plan),
        **cheque_words(plan),
    )
    text = frame.select(text=_text())["text"]
    again = np.where(plan.among("duplicate"), plan.earlier, np.arange(plan.count))
    return text.gather(again), ~quiet


def _text() -> pl.Expr:
    """The text by pattern, then by noise."""
    noise, pattern = pl.col("noise"), pl.col("pattern")
    counted = pl.col("counted").str.replace("{}", pl.col("size").cast(pl.String), literal=True)
    whole = pl.concat_str("intro", "said")
    whole = pl.when(whole.str.len_chars() > pl.col("room")).then("said").otherwise(whole)
    text = pl.when(noise == NOISE_CODE["nothing"]).then("silent").otherwise(whole)
    text = pl.when(noise == NOISE_CODE["count"]).then(counted).otherwise(text)
    text = pl.when(pattern == CODE["not_ar"]).then("other").otherwise(text)
    advance = pl.when(noise == NOISE_CODE["nothing"]).then(pl.lit("ACOMPTE")).otherwise("order")
    text = pl.when(pattern == CODE["advance"]).then(advance).otherwise(text)
    text = pl.when(pattern == CODE["shared_advice"]).then(pl.format("SELON AVIS {}", "batch")).otherwise(text)
    text = pl.when(pattern == CODE["debit_return"]).then(pl.format("REJET PRLV {}", text)).otherwise(text)
    text = pl.when(pl.col("cheque").is_not_null()).then(pl.format("CHQ {} {}", "cheque", text)).otherwise(text)
    text = pl.when(pattern == CODE["cheque_return"]).then("bounced").otherwise(text)
    for name, words in _SET_OFF.items():
        text = pl.when(pattern == CODE[name]).then(pl.format("{} " + words, text)).otherwise(text)
    for name in MANY_CUSTOMERS:
        text = pl.when(pattern == CODE[name]).then(pl.format(_BATCHES[name], "batch")).otherwise(text)
    return text.str.strip_chars()


def _cited(
    plan: Plan, lines: pl.DataFrame, items: pl.DataFrame, customer_number: pl.Series, noise: Ints, draws: Draws
) -> pl.DataFrame:
    """One row an item a receipt settles, with what the payer writes for it (empty: nothing of its own)."""
    lines = lines.select("receipt", "item", note=items["note"].gather(lines["item"])).sort("receipt", "note", "item")
    mark, which = draws.below(len(_CHANGED), plan.count), draws.below(4, plan.count + 1)
    lines = lines.with_columns(
        at=pl.Series(draws.below(3, lines.height).astype(np.int8)),
        slip=pl.Series(draws.below(9, lines.height).astype(np.int8)),
    )
    avoir = draws.chance(0.5, plan.count)
    wrong = _wrong_numbers(items)
    parts = []
    for start in range(0, plan.count, _CHUNK_RECEIPTS):
        part = lines.filter(pl.col("receipt").is_between(start, start + _CHUNK_RECEIPTS, closed="left"))
        item, receipt = part["item"], part["receipt"].to_numpy()
        said = part.with_columns(
            items.select("entity", "number", "serial", "order_ref", "purchase_order", "delivery_ref", full="amount")[
                item
            ],
            wrong=wrong.gather(item),
            client=customer_number.gather(items["customer"].gather(item)),
            noise=pl.Series(noise[receipt]),
            mark=pl.Series(np.array(_CHANGED)[mark[receipt]]),
            which=pl.Series(which[plan.payer[receipt]]),
            avoir=pl.Series(avoir[receipt]),
            first=pl.col("item") == pl.col("item").first().over("receipt"),
            last=pl.col("item") == pl.col("item").last().over("receipt"),
        ).with_columns(opening=pl.col("number").first().over("receipt"))
        parts.append(_written(said, items))
    return pl.concat(parts)


def _written(cited: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The rows with `said`, one style after the other: all styles of all rows at once would fill the memory."""
    ways, parts = _ways(), []
    for name, code in NOISE_CODE.items():
        rows = cited.filter(pl.col("noise") == code)
        rows = rows.with_columns(said=ways.get(name, pl.col("number")))
        rows = _harmless(rows, items) if name == "slip" else rows
        parts.append(rows.select("receipt", "note", "item", "avoir", "said"))
    avoir = pl.col("note") & pl.col("avoir")
    said = pl.when(avoir).then(pl.format("AVOIR {}", "said")).otherwise("said")
    return pl.concat(parts).sort("receipt", "note", "item").with_columns(said=said)


def _wrong_numbers(items: pl.DataFrame) -> pl.Series:
    """For each item another's number, mostly of the same customer. Never one of the same amount: then the quoted item
    would be paid, and the truth would mean nothing."""
    order = items.select("customer", "item").sort("customer", "item")["item"].to_numpy().astype(np.int64)
    amount, place = items["amount"].to_numpy()[order], np.arange(items.height)
    other = place.copy()
    for step in (3, -2, 2, -1, 1):
        there = np.clip(place + step, 0, items.height - 1)
        other = np.where(amount[there] != amount, there, other)
    wrong = np.empty(items.height, dtype=np.int64)
    wrong[order] = order[other]
    return items["number"].gather(wrong)


def _harmless(cited: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """A slip that happens to spell another item of the same amount types the last digit twice instead."""
    there = items.select("entity", said="number", full="amount").join(
        cited.select("full").unique(), on="full", how="semi"
    )
    hits = there.unique().with_columns(hit=pl.lit(True))
    joined = cited.join(hits, on=["entity", "said", "full"], how="left", maintain_order="left")
    slips = pl.col("hit").fill_null(False) & (pl.col("said") != pl.col("number"))
    twice = pl.format("{}{}", "number", pl.col("number").str.tail(1))
    return joined.with_columns(said=pl.when(slips).then(twice).otherwise("said")).drop("hit")


def _ways() -> dict[str, pl.Expr]:
    """How a number is written, by noise; what is not here writes it as it is."""
    number = pl.col("number")
    parted = number.str.contains(r"[-/.]")
    split = pl.concat_str(number.str.slice(0, number.str.len_chars() - 5), "mark", number.str.tail(5))
    changed = pl.when(parted).then(
        number.str.replace_all(r"[-/.]", "¤").str.replace_all("¤", pl.col("mark"), literal=True)
    )
    once = pl.col("first")
    other = (
        pl.when(pl.col("which") == 0).then("order_ref")
        .when(pl.col("which") == 1).then("purchase_order")
        .when(pl.col("which") == 2).then("delivery_ref")
        .otherwise(pl.when(once).then(pl.format("CLIENT {}", "client")).otherwise(pl.lit("")))
    )  # fmt: skip
    same_head = number.str.slice(0, number.str.len_chars() - 2) == pl.col("opening").str.slice(
        0, pl.col("opening").str.len_chars() - 2
    )
    suffix = pl.when(once | ~same_head).then(number).otherwise(number.str.tail(2))
    ranged = pl.when(once).then(number).when("last").then(pl.format("A {}", number.str.tail(5))).otherwise(pl.lit(""))
    return {
        "digits": number.str.replace_all(r"\D", ""),
        "no_separator": number.str.replace_all(r"[^0-9A-Z]", ""),
        "changed_separator": changed.otherwise(split),
        "short": pl.col("serial").cast(pl.String),
        "slip": pl.when("last").then(_slipped()).otherwise(number),
        "other_number": other,
        "wrong": pl.when(once).then("wrong").otherwise(pl.lit("")),
        "suffix_list": suffix,
        "range": ranged,
    }


def _slipped() -> pl.Expr:
    """One of the last three digits misread (0 as O, 1 as I, 5 as S, 8 as B) or mistyped."""
    number = pl.col("number")
    place = number.str.len_chars() - 1 - pl.col("at")
    digit = number.str.slice(place, 1)
    letters = {"0": "O", "1": "I", "5": "S", "8": "B"}
    typed = ((digit.cast(pl.Int64) + 1 + pl.col("slip")) % 10).cast(pl.String)
    misread = (pl.col("slip") < 3) & digit.is_in(list(letters))
    new = pl.when(misread).then(digit.replace(letters)).otherwise(typed)
    return pl.concat_str(number.str.slice(0, place), new, number.str.slice(place + 1))


def _joined(plan: Plan, cited: pl.DataFrame, noise: Ints) -> pl.DataFrame:
    """receipt, said: the references of each receipt in one text."""
    joint = np.array(_JOINS)[np.maximum(plan.payer, 0) * 5 % len(_JOINS)]
    joint = np.where(noise == NOISE_CODE["suffix_list"], "/", np.where(noise == NOISE_CODE["range"], " ", joint))
    spoken = cited.filter(pl.col("said") != "")
    spoken = spoken.with_columns(joint=pl.Series(joint[spoken["receipt"].to_numpy()]))
    spoken = spoken.with_columns(
        said=pl.when(pl.col("receipt") == pl.col("receipt").shift(1))
        .then(pl.concat_str("joint", "said"))
        .otherwise(pl.col("said"))
    )
    return spoken.group_by("receipt", maintain_order=True).agg(pl.col("said").str.join(""))
