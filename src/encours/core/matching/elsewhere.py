"""Money that came to the wrong entity: the text quotes, number for number, what another entity has open.

A step of its own after the search, for receipts that found nothing at home or were given items for their amount alone;
and for those that quote items of both entities, which together make the money to the cent. What it proposes is for a
person with rights in both entities; it never posts by itself.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.numbers import number_key
from encours.core.base.rows import rows_at
from encours.core.matching.scope import Scope

#: The rules of its proposals: all of the receipt is the other entity's, or a part of it.
RULE, BOTH = "other_entity", "two_entities"
RULES = (RULE, BOTH)
#: Why nothing was found at home: a number of another entity may explain it.
_FOUND_NOTHING = ("no_reference", "no_fit", "not_from_customer", "advance")
#: What does not make the money at home, or makes it by more than is quoted: the rest of the numbers may be another's.
_FOUND_A_PART = (
    "amount_differs", "quoted_more", "quoted_part", "quoted_rounding", "quoted_charge", "quoted_over", "quoted_some",
)  # fmt: skip
#: Fewer characters turn up in any text; from so many, or so many digits, a number stands for itself without its amount.
_KEY_MIN, _STRONG_MIN, _STRONG_DIGITS = 5, 6, 8
_KEY_MAX = 40
#: A number may be written in so many pieces.
_PIECES = 4
#: Sure where the amounts tie to the cent; a guess worth a look where only the number does.
CONFIDENCE, CONFIDENCE_IN_PART = 0.95, 0.75
#: Columns of items as this step takes them: of every entity that bears a quoted number, settled ones, too.
QUOTED_ITEM: dict[str, pl.DataType] = {
    "item_id": pl.String(), "entity_id": pl.String(), "customer_id": pl.String(), "number": pl.String(),
    "number_key": pl.String(), "open": pl.Int64(), "currency": pl.String(), "dated_on": pl.Date(),
}  # fmt: skip
_LINE: dict[str, pl.DataType] = {
    "receipt_id": pl.String(), "item_id": pl.String(), "allocated_on": pl.Date(), "amount": pl.Int64(),
    "kind": pl.String(), "allocation_id": pl.String(), "source": pl.String(),
}  # fmt: skip


@dataclass(frozen=True)
class Elsewhere:
    """A receipt's items are another entity's (`entity_id`); `rule` and `reason` say why nothing was found at home."""

    entity_id: str
    rule: str
    reason: str


@dataclass(frozen=True, eq=False)
class Sought:
    """Receipts that look elsewhere, in order of booking, and the spellings in their texts.

    `receipts`: receipt_id, entity_id, currency, unapplied, day, decision, rule, reason, text; `only_both`: at home
    a part of the money was found, so that only items of both entities together say more.
    """

    receipts: pl.DataFrame

    @cached_property
    def keys(self) -> pl.DataFrame:
        """receipt_id, number_key: each spelling once."""
        return _spellings(self.receipts.select("receipt_id", "text"))


@dataclass(frozen=True)
class FoundElsewhere:
    """`decisions` and `allocations` that take the place of those of their receipts, and whose items they are."""

    decisions: pl.DataFrame
    allocations: pl.DataFrame
    owners: Mapping[str, Elsewhere]


def sought_elsewhere(receipts: pl.DataFrame, decisions: pl.DataFrame) -> Sought:
    """The receipts for which another entity's numbers are worth reading.

    `receipts`: as `asks.make_receipts` gives them; `decisions`: receipt_id, decision, rule, reason.
    """
    # The families bring the compiled search with them: whoever only shows what was found does not need it.
    from encours.core.matching.certificate.history import AMOUNT
    from encours.core.matching.families import strata

    by_amount = [rule for rule, stratum in strata().items() if stratum == AMOUNT]
    nothing = (pl.col("decision") == "none") & pl.col("rule").is_in(_FOUND_NOTHING)
    guessed = (pl.col("decision") != "none") & pl.col("rule").is_in(by_amount)
    in_part = (pl.col("decision") != "auto") & pl.col("rule").is_in(_FOUND_A_PART)
    told = decisions.select("receipt_id", "decision", "rule", "reason", only_both=~(nothing | guessed))
    rows = (
        receipts.filter((pl.col("unapplied") > 0) & ~pl.col("kind").is_in(["return", "out"]))
        .join(told.filter(nothing | guessed | in_part), on="receipt_id")
        .filter(pl.col("text").fill_null("") != "")
    )
    kept = ("receipt_id", "entity_id", "unapplied", "day", "decision", "rule", "reason", "text", "only_both")
    return Sought(rows.select(*kept, currency="currency_word"))


def _spellings(texts: pl.DataFrame) -> pl.DataFrame:
    """receipt_id, number_key: every word of letters and digits, and those that follow each other written as one."""
    from encours.core.matching.references.scan import FIELD_BREAK, GAP

    words = (
        texts.select("receipt_id", field=pl.col("text").str.split(FIELD_BREAK))
        .with_row_index("row")
        .explode("field")
        .with_row_index("place")
        .select("receipt_id", "place", piece=pl.col("field").str.extract_all(r"[0-9A-Z]+[^0-9A-Z]*"))
        .explode("piece")
        .drop_nulls("piece")
        .with_columns(word=pl.col("piece").str.extract(r"([0-9A-Z]+)"))
        .with_columns(near=pl.col("piece").str.len_bytes() - pl.col("word").str.len_bytes() <= GAP)
    )
    parts, joined = [], pl.col("word")
    for piece in range(_PIECES):
        if piece:  # the words of one text lie side by side
            near = pl.col("near").shift(1 - piece)  # as near as where a number of the own entity is read
            follows = near & (pl.col("place") == pl.col("place").shift(-piece))
            joined = joined + pl.when(follows).then(pl.col("word").shift(-piece))
        spelled = words.lazy().select("receipt_id", number_key=joined).drop_nulls("number_key")
        size = pl.col("number_key").str.len_bytes()
        parts.append(spelled.filter(size.is_between(_KEY_MIN, _KEY_MAX) & pl.col("number_key").str.contains(r"[0-9]")))
    return pl.concat(parts).unique(maintain_order=True).collect()


def items_by_number(items: pl.DataFrame, scope: Scope, sought: Sought, places: npt.NDArray[np.int64]) -> pl.DataFrame:
    """Of the items of several entities (as `prepare` keeps them) those at some places that bear one of the spellings:
    columns of QUOTED_ITEM."""
    rows = rows_at(items, pl.Series(np.unique(places))).with_columns(number_key=number_key(pl.col("number")))
    named = rows.filter(pl.col("number_key").is_in(sought.keys["number_key"].implode()))
    words = {
        "entity_id": pl.Series(scope.entities, dtype=pl.String).gather(named["entity"]),
        "customer_id": scope.customers["customer_id"].gather(named["customer"]),
        "currency": pl.Series(scope.currencies, dtype=pl.String).gather(named["currency"]),
    }
    return named.with_columns(**words).select(list(QUOTED_ITEM))


def quoted_with_others(sought: Sought, items: pl.DataFrame) -> pl.DataFrame:
    """The items whose numbers stand in a text that quotes another entity's, too: only of these more can be said.

    Most texts quote their own entity's items alone, and each text that is looked at is looked at by itself.
    """
    quotes = sought.keys.join(sought.receipts.select("receipt_id", own="entity_id"), on="receipt_id")
    borne = quotes.join(items.select("number_key", "entity_id").unique(), on="number_key")
    theirs = borne.filter(pl.col("entity_id") != pl.col("own"))["receipt_id"].unique()
    keys = borne.filter(pl.col("receipt_id").is_in(theirs.implode()))["number_key"].unique()
    return items.filter(pl.col("number_key").is_in(keys.implode()))


def propose_elsewhere(
    sought: Sought, items: pl.DataFrame, taken: Mapping[str, int], own: Mapping[str, Mapping[str, int]]
) -> FoundElsewhere:
    """What the sought receipts pay of other entities' items.

    `items`: columns of QUOTED_ITEM, every item of every entity that bears one of the spellings. `taken`: item_id →
    what the proposals of this run take of it, `own`: receipt_id → the same of the receipt's own proposal, of which
    this one takes the place. A number that several customers or entities bear, or that is no longer open, says
    nothing; one of the receipt's own entity only where both entities' items together are the money.
    """
    by_key: dict[str, list[dict[str, Any]]] = {}
    for item in items.iter_rows(named=True):
        by_key.setdefault(item["number_key"], []).append(item)
    keys: dict[str, list[str]] = {}
    hits = sought.keys.filter(pl.col("number_key").is_in(items["number_key"].unique().implode()))
    for receipt_id, key in hits.iter_rows():
        keys.setdefault(receipt_id, []).append(key)
    used = dict(taken)
    decisions, lines, owners = [], [], {}
    for row in sought.receipts.filter(pl.col("receipt_id").is_in(list(keys))).iter_rows(named=True):
        receipt_id = row["receipt_id"]
        mine = own.get(receipt_id, {})
        others = {item_id: used[item_id] - amount for item_id, amount in mine.items()}
        paid, confidence = _split(row, _quoted(row, keys[receipt_id], by_key, ChainMap(others, used)))
        if not paid:
            continue
        rule = BOTH if any(item["entity_id"] == row["entity_id"] for item, _ in paid) else RULE
        used |= others
        for item, amount in paid:
            used[item["item_id"]] = used.get(item["item_id"], 0) + amount
            lines.append(_line(row, item, amount, rule))
        decisions.append(_decision(row, [item for item, _ in paid], rule, confidence))
        owners[receipt_id] = _owner(row, [item for item, _ in paid], rule)
    return FoundElsewhere(pl.DataFrame(decisions, _DECISION), pl.DataFrame(lines, _LINE), owners)


def _decision(row: Mapping[str, Any], quoted: list[dict[str, Any]], rule: str, confidence: float) -> dict[str, Any]:
    home = [item for item in quoted if item["entity_id"] == row["entity_id"]]
    people = {item["customer_id"] for item in home or quoted}
    return {
        "receipt_id": row["receipt_id"],
        "decision": "review",
        "customer_id": people.pop() if len(people) == 1 else None,
        "confidence": confidence,
        "rule": rule,
        "alternatives": 0,
        "reason": _reason_of_both(home, quoted) if rule == BOTH else _reason(quoted, confidence == CONFIDENCE),
    }


def _owner(row: Mapping[str, Any], quoted: list[dict[str, Any]], rule: str) -> Elsewhere:
    """Whose items they are, and why nothing was found at home, for who may not know the other entity."""
    other = next(item["entity_id"] for item in quoted if item["entity_id"] != row["entity_id"])
    if row["decision"] == "none":
        return Elsewhere(other, row["rule"], row["reason"])
    if rule == BOTH:
        return Elsewhere(other, "amount_differs", "items are quoted, but their open amounts do not make the receipt")
    return Elsewhere(other, "no_reference", "no number of an item stands in the text")


_DECISION: dict[str, pl.DataType] = {
    "receipt_id": pl.String(), "decision": pl.String(), "customer_id": pl.String(), "confidence": pl.Float64(),
    "rule": pl.String(), "alternatives": pl.Int64(), "reason": pl.String(),
}  # fmt: skip


def _quoted(
    receipt: Mapping[str, Any], keys: Iterable[str], by_key: Mapping[str, list[dict[str, Any]]], used: Mapping[str, int]
) -> list[dict[str, Any]]:
    """The open items that the text names, of its own entity and of one other; empty where a number is not certainly
    theirs, or a number of our own is of no open item: what is wrong with that is said at home."""
    found: dict[str, dict[str, Any]] = {}
    for key in keys:
        bearers = by_key[key]
        if len({(one["entity_id"], one["customer_id"]) for one in bearers}) > 1:
            return []
        for one in bearers:
            left = one["open"] - used.get(one["item_id"], 0)
            if left * one["open"] > 0 and one["currency"] == receipt["currency"]:
                found[one["item_id"]] = {**one, "open": left}
            elif one["entity_id"] == receipt["entity_id"]:
                return []
    if len({one["entity_id"] for one in found.values()} - {receipt["entity_id"]}) != 1:
        return []
    return sorted(found.values(), key=lambda one: (one["dated_on"], one["item_id"]))


def _split(receipt: Mapping[str, Any], quoted: list[dict[str, Any]]) -> tuple[list[tuple[dict[str, Any], int]], float]:
    """What is paid of each quoted item. With items of our own among them: all of them, to the cent, or nothing."""
    home = [one for one in quoted if one["entity_id"] == receipt["entity_id"]]
    if not home:
        return ([], 0.0) if receipt["only_both"] else _paid(receipt, quoted)
    exact = sum(one["open"] for one in quoted) == receipt["unapplied"]
    one_customer = len({one["customer_id"] for one in home}) == 1
    return ([(one, one["open"]) for one in quoted], CONFIDENCE) if exact and one_customer else ([], 0.0)


def _paid(receipt: Mapping[str, Any], quoted: list[dict[str, Any]]) -> tuple[list[tuple[dict[str, Any], int]], float]:
    """What is paid of each item, and how sure that is; nothing where neither amount nor number is proof enough."""
    total, money = sum(one["open"] for one in quoted), receipt["unapplied"]
    if quoted and total == money:
        return [(one, one["open"]) for one in quoted], CONFIDENCE
    same = [one for one in quoted if one["open"] == money]
    if len(same) == 1:  # one due date of several that bear the number
        return [(same[0], money)], CONFIDENCE
    strong = receipt["decision"] == "none" and all(_is_strong(one["number_key"]) for one in quoted)
    if not strong or not quoted or min(one["open"] for one in quoted) < 0:
        return [], 0.0
    if len(quoted) == 1:
        return [(quoted[0], min(total, money))], CONFIDENCE_IN_PART
    return ([(one, one["open"]) for one in quoted], CONFIDENCE_IN_PART) if total < money else ([], 0.0)


def _is_strong(key: str) -> bool:
    digits = sum(one.isdigit() for one in key)
    return digits >= _STRONG_DIGITS or (len(key) >= _STRONG_MIN and digits >= 3 and not key.isdigit())


def _line(receipt: Mapping[str, Any], item: Mapping[str, Any], amount: int, rule: str) -> dict[str, Any]:
    return {
        "receipt_id": receipt["receipt_id"],
        "item_id": item["item_id"],
        "allocated_on": max(receipt["day"], item["dated_on"]),
        "amount": amount,
        "kind": "cash",
        "allocation_id": f"match:{receipt['receipt_id']}:{item['item_id']}",
        "source": f"match:{rule}",
    }


def _reason(quoted: list[dict[str, Any]], exact: bool) -> str:
    """What a clerk with rights in both entities reads."""
    numbers = ", ".join(dict.fromkeys(one["number"] for one in quoted))
    owed = f"{numbers} is quoted in full and owed to entity {quoted[0]['entity_id']}"
    said = f"{owed}; no item of this entity bears the number"
    return said if exact else f"{said}; but the amount is another one"


def _reason_of_both(home: list[dict[str, Any]], quoted: list[dict[str, Any]]) -> str:
    there = [one for one in quoted if one not in home]
    ours, theirs = (", ".join(dict.fromkeys(one["number"] for one in part)) for part in (home, there))
    return (
        f"{ours} is quoted in full and owed here; {theirs} is quoted in full and owed to entity {there[0]['entity_id']}"
        "; together they are exactly the receipt"
    )
