"""Which payment came back: the one that the bank names, else the one that text, payer and amount point to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.base.numbers import bare_signs
from encours.core.matching.names import name_keys
from encours.core.matching.references.bytes import cleaned

#: How the payment is known: the bank names it; the texts share a number; the payer is the same; the amount alone.
BANK, NAMED, PAYER, AMOUNT = "bank", "named", "payer", "amount"
#: A direct debit may come back for thirteen months; a cheque of an amount alone is sought in two.
_WITHIN, _WITHIN_ALONE = 400, 60
#: At most so much beyond the payment is the bank's fee for it, minor units.
FEE_MAX = 5_000
#: A line that is the bank's fee for a return, and no return: at most FEE_MAX.
FEE_WORDS = r"\b(FRAIS|COMMISSIONS?|FEES?|CHARGES?|ENTGELTE?|GEB(UE|Ü)HR(EN)?)\b"
_RETURN_WORDS = (
    r"\b(IMPAYES?|REJETS?|RETOUR(S|E|EN)?|RETURN\w*|UNPAID|R-TRANSACTION|R(UE|Ü)CK(LASTSCHRIFT|GABE|BEL)\w*)"
)
_CHEQUE_WORDS = r"\b(CHEQUES?|CHQS?|CHECKS?)\b"
#: Kinds of money that banks take back. A transfer comes back only where the bank itself names it.
_KINDS = ("cheque", "direct_debit", "draft", "card", "other")
_WORD = re.compile(r"[0-9A-Z]+(?:[-/.][0-9A-Z]+)*")
_WORD_MIN, _DIGITS_MIN = 5, 4
#: A number, or a cheque's amount, that more payments bear tells none of them.
_ALIKE_MAX = 50


@dataclass(frozen=True)
class Tie:
    """A returned payment (`row`, place of the receipt) and the receipt that came back.

    `money`: what came back, positive, minor units; `day` since 1970. `paid`: item_id and amount of the cash that the
    book knows of the original; `slip`: items of the one instrument of this amount that the original was the money of.
    `alike`: other payments that fit as well; the latest
    is taken.
    """

    row: int
    original: str
    basis: str
    money: int
    day: int
    paid: tuple[tuple[str, int], ...] = ()
    slip: frozenset[str] = frozenset()
    alike: int = 0


def is_fee(receipts: pl.DataFrame) -> pl.Series:
    """Which receipts are a fee of the bank for a return: the label of a return, a word for fees, a small amount."""
    small = receipts.filter(pl.col("unapplied").is_between(-FEE_MAX, -1) & pl.col("returns_receipt_id").is_null())
    words = pl.col("text").str.contains(FEE_WORDS) & pl.col("text").str.contains(_RETURN_WORDS)
    return receipts["row"].is_in(small.filter(words.fill_null(False))["row"].implode())


def find_returned(receipts: pl.DataFrame, known: Book) -> list[Tie]:
    """The ties of the returns among `receipts` (`asks.make_receipts`), in the order of booking.

    `known`: the book as known. Of payments that fit alike the latest is taken, by its amount alone none.
    """
    returns = receipts.filter((pl.col("kind") == "return") & (pl.col("unapplied") < 0))
    if not returns.height:
        return []
    returns = returns.filter(~is_fee(returns))
    back = known.receipts["returns_receipt_id"].drop_nulls()
    paid = _paid(known)
    found: dict[int, tuple[str, str, int]] = {}
    named = returns.filter(pl.col("returns_receipt_id").is_not_null())
    for row, original in named.select("row", "returns_receipt_id").iter_rows():
        found[row] = (original, BANK, 0)
    rest = returns.filter(pl.col("returns_receipt_id").is_null())
    slips = _slips(rest, known)
    if rest.height:
        found |= _sought(rest, known, paid, back, slips)
    ties = []
    for row, money, day in returns.select("row", "unapplied", "day").sort("row").iter_rows():
        if row in found:
            original, basis, alike = found[row]
            lines = paid.filter(receipt_id=original)
            tied = tuple(lines.select("item_id", "amount").sort("item_id").iter_rows())
            covered = frozenset(slips.get(row, {}).get(original, ()))
            ties.append(Tie(row, original, basis, -money, _number(day), tied, covered, alike))
    return ties


def _number(day: object) -> int:
    return int(np.datetime64(str(day), "D").astype(np.int64))


def _paid(known: Book) -> pl.DataFrame:
    """receipt_id, item_id, number, amount: standing cash of which the item has still so much settled."""
    cash = known.allocations.filter(
        (pl.col("kind") == "cash") & pl.col("reversed_on").is_null() & pl.col("receipt_id").is_not_null()
    )
    sums = cash.group_by("receipt_id", "item_id").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0)
    items = known.open_items().select("item_id", "number", "open", worth="amount")
    settled = (pl.col("worth") - pl.col("open")).abs() >= pl.col("amount").abs()
    return sums.join(items, on="item_id").filter(settled).select("receipt_id", "item_id", "number", "amount")


def _words(text: str | None) -> frozenset[str]:
    """Numbers that a text bears, however they are parted: at least five signs, four of them digits."""
    bare = (bare_signs(word).lstrip("0") for word in _WORD.findall(text or ""))
    return frozenset(
        word for word in bare if len(word) >= _WORD_MIN and sum(one.isdigit() for one in word) >= _DIGITS_MIN
    )


def _bears(text: str | None, number: str | None) -> bool:
    """Whether a text bears an item's number, with or without what parts it."""
    signs = bare_signs(number or "")
    if sum(one.isdigit() for one in signs) < _DIGITS_MIN:
        return False
    spelled = r"[^0-9A-Z]{0,2}".join(signs)
    return re.search(rf"(?<![0-9A-Z]){spelled}(?![0-9A-Z])", text or "") is not None


def _sought(
    rest: pl.DataFrame, known: Book, paid: pl.DataFrame, back: pl.Series, slips: dict[int, dict[str, list[str]]]
) -> dict[int, tuple[str, str, int]]:
    """row → original, basis and how many fit alike, of the returns whose payment the bank does not name."""
    payments = known.receipts.filter(
        (pl.col("amount") > 0) & pl.col("kind").is_in(_KINDS) & ~pl.col("receipt_id").is_in(back.implode())
    )
    text = pl.concat_str(["remittance", "end_to_end_id"], separator=" ", ignore_nulls=True)
    far = payments.select(
        "entity_id", "receipt_id", "customer_id",
        kind_paid="kind", paid_on="booked_on", received="amount", currency_word="currency",
        account=_bare("payer_account"),
        name=name_keys(payments["payer_name"]),
        said=text,
    ).with_columns(pl.col("said").map_batches(cleaned, return_dtype=pl.String))  # fmt: skip
    near = rest.select(
        "row", "entity_id", "currency_word", "day", "text", "customer_id", received=-pl.col("unapplied"),
        account=_bare("payer_account"), name=name_keys(rest["payer_name"]),
    )  # fmt: skip
    pairs = _pairs(near, far, paid, slips).join(near, on="row").join(far, on="receipt_id", suffix="_paid")
    beyond = pl.col("received") - pl.col("received_paid")
    fitting = pairs.with_columns(beyond=beyond).filter(
        (pl.col("entity_id") == pl.col("entity_id_paid"))
        & (pl.col("currency_word") == pl.col("currency_word_paid"))
        & (pl.col("paid_on") <= pl.col("day"))
        & ((pl.col("day") - pl.col("paid_on")).dt.total_days() <= _WITHIN)
        & (pl.col("beyond") <= FEE_MAX)
    )
    return _chosen(fitting, paid, slips)


def _bare(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(" ", "").str.to_uppercase()


def _pairs(
    near: pl.DataFrame, far: pl.DataFrame, paid: pl.DataFrame, slips: dict[int, dict[str, list[str]]]
) -> pl.DataFrame:
    """row, receipt_id: payments that have something in common with a return, whatever it is worth."""
    money = ["entity_id", "currency_word", "received"]
    alike = [near.join(far, on=[*money, key]) for key in ("account", "name", "customer_id")]
    cheques = far.filter((pl.col("kind_paid") == "cheque") & (pl.len().over(money) <= _ALIKE_MAX))
    alike.append(near.filter(pl.col("text").str.contains(_CHEQUE_WORDS)).join(cheques, on=money))
    words = _exploded(near, "text").select("row", "word")
    theirs = _exploded(far, "said").filter(pl.len().over("word") <= _ALIKE_MAX)
    numbers = paid.select("receipt_id", word=pl.col("number").str.to_uppercase().str.replace_all(r"[^0-9A-Z]", ""))
    shared = words.join(pl.concat([theirs.select("receipt_id", "word"), numbers]), on="word")
    listed = [(row, receipt) for row, receipts in slips.items() for receipt in receipts]
    told = pl.DataFrame(listed, schema={"row": near.schema["row"], "receipt_id": pl.String()}, orient="row")
    found = [part.select("row", "receipt_id") for part in (*alike, shared, told)]
    return pl.concat(found).unique()


def _exploded(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The frame with `word`: each number of a text, what parts it and leading zeros left out."""
    words = frame.with_columns(word=pl.col(column).str.extract_all(r"[0-9A-Z]+(?:[-/.][0-9A-Z]+)*")).explode("word")
    bare = pl.col("word").str.replace_all(r"[^0-9A-Z]", "").str.strip_chars_start("0")
    told = (pl.col("word").str.len_bytes() >= _WORD_MIN) & (pl.col("word").str.count_matches(r"\d") >= _DIGITS_MIN)
    return words.with_columns(word=bare).filter(told)


def _chosen(
    pairs: pl.DataFrame, paid: pl.DataFrame, slips: dict[int, dict[str, list[str]]]
) -> dict[int, tuple[str, str, int]]:
    """The surest payment of each return, the earlier return first; a payment comes back whole once."""
    numbers: dict[str, list[str]] = dict(paid.group_by("receipt_id").agg("number").iter_rows())
    by_row: dict[int, list[_Fit]] = {}
    for pair in pairs.sort("row", "receipt_id").iter_rows(named=True):
        rank, basis = _rank(pair, numbers.get(pair["receipt_id"], []), slips.get(pair["row"], {}))
        if basis:
            fit = _Fit(rank, -_days(pair), pair["receipt_id"], basis, pair["beyond"] >= 0)
            by_row.setdefault(pair["row"], []).append(fit)
    found: dict[int, tuple[str, str, int]] = {}
    taken: set[str] = set()
    for row in sorted(by_row):
        free = sorted((one for one in by_row[row] if one.receipt_id not in taken), reverse=True)
        alike = sum(one.rank == free[0].rank for one in free) - 1 if free else 0
        if free and not (alike and free[0].basis == AMOUNT):
            found[row] = (free[0].receipt_id, free[0].basis, alike)
            if free[0].whole:
                taken.add(free[0].receipt_id)
    return found


class _Fit(NamedTuple):
    """A payment that may have come back: greater is surer, of equal ones the latest. `whole`: all of it came back."""

    rank: tuple[int, ...]
    nearness: int
    receipt_id: str
    basis: str
    whole: bool


def _rank(pair: dict[str, object], numbers: list[str], slips: dict[str, list[str]]) -> tuple[tuple[int, ...], str]:
    """How well a payment fits a return, greater is surer, and on what it rests; "" where on nothing.

    More money than came back (a deposit slip, a batch of direct debits) fits only by a number or by its slip; what
    came back beyond the payment is a fee, which takes a number, too.
    """
    text, said = str(pair["text"] or ""), str(pair["said"] or "")
    shared = len(_words(text) & _words(said)) + sum(_bears(text, number) for number in numbers)
    listed = pair["receipt_id"] in slips
    exact = pair["beyond"] == 0
    same = any(pair[one] is not None and pair[one] == pair[f"{one}_paid"] for one in ("account", "name", "customer_id"))
    if shared or listed:
        return (2, exact or listed, shared, same), NAMED
    if exact and same:
        return (1, 1, 0, 1), PAYER
    cheques = pair["kind_paid"] == "cheque" and re.search(_CHEQUE_WORDS, text) is not None
    alone = exact and cheques and _days(pair) <= _WITHIN_ALONE
    return (0, 1, 0, 0), AMOUNT if alone else ""


def _days(pair: dict[str, object]) -> int:
    return _number(pair["day"]) - _number(pair["paid_on"])


def _slips(rest: pl.DataFrame, known: Book) -> dict[int, dict[str, list[str]]]:
    """row → receipt → items: the one instrument of a slip that has just the amount of a return, and whose money came.

    Known by the instrument's state (unpaid) or by its number in the return's text; its items were paid by the receipt.
    """
    of_slip = known.instruments.filter(pl.col("batch_id").is_not_null()).select(
        "instrument_id", "customer_id", "state", "batch_id", money="amount", currency_word="currency"
    )
    if not (rest.height and of_slip.height):
        return {}
    cash = known.allocations.filter((pl.col("kind") == "cash") & pl.col("reversed_on").is_null())
    paid = known.instrument_items.join(cash.select("item_id", "receipt_id"), on="item_id").drop_nulls("receipt_id")
    wanted = rest.select("row", "text", "currency_word", "customer_id", money=-pl.col("unapplied"))
    pairs = wanted.join(of_slip, on=["currency_word", "money"], suffix="_slip")
    found: dict[int, dict[str, list[str]]] = {}
    for (row,), part in pairs.group_by("row"):
        sure = [one for one in part.iter_rows(named=True) if one["state"] == "unpaid" or _names(one)]
        if len(sure) == 1:
            lines = paid.filter(instrument_id=sure[0]["instrument_id"])
            for receipt, items in lines.group_by("receipt_id").agg("item_id").iter_rows():
                found.setdefault(int(str(row)), {})[receipt] = items
    return found


def _names(pair: dict[str, object]) -> bool:
    text = str(pair["text"] or "")
    return bool(_words(text) & _words(str(pair["instrument_id"]).upper().replace(":", " ")))


def without_returned_twins(receipts: pl.DataFrame, ties: list[Tie]) -> pl.DataFrame:
    """The receipts; money that follows a payment which came back before it is no second payment of the same."""
    if not ties:
        return receipts
    back = pl.DataFrame(
        [(tie.original, tie.day) for tie in ties], schema={"twin_of": pl.String, "back_on": pl.Int32}, orient="row"
    )
    last = back.group_by("twin_of").agg(pl.col("back_on").min())
    joined = receipts.join(last, on="twin_of", how="left", maintain_order="left")
    came_back = (pl.col("back_on") <= pl.col("day").cast(pl.Int32)).fill_null(False)
    found = joined.with_columns(
        twin=pl.when(came_back).then(0).otherwise("twin").cast(receipts.schema["twin"]),
        twin_of=pl.when(~came_back).then("twin_of"),
    )
    return found.drop("back_on")
