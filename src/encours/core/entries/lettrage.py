"""Lettrage of what leaves: which lines of the ledger belong together, under the ERP's next free codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain

import polars as pl

from encours.core.entries.entries import Written
from encours.core.entries.facts import Claim, Facts, Known, auxiliary
from encours.core.entries.letters import next_letters
from encours.core.entries.rules import EntryRules

#: One row a line to be lettered. `subject`: item and payment are lines that the ERP has, entry is one of ours.
#: `erp_line` is the id under which the ERP's line was imported, without its entity.
LETTER = {
    "entity_id": pl.String(),
    "bank": pl.String(),
    "period": pl.Date(),
    "account": pl.String(),
    "auxiliary": pl.String(),
    "letter": pl.String(),
    "subject": pl.String(),
    "reference": pl.String(),
    "erp_line": pl.String(),
    "day": pl.Date(),
    "net": pl.Int64(),
    "item_id": pl.String(),
    "receipt_id": pl.String(),
}


@dataclass(frozen=True)
class _Line:
    """A line of the ledger that a letter may name."""

    entity_id: str
    account: str
    auxiliary: str
    subject: str
    reference: str
    erp_line: str
    day: date
    net: int
    item_id: str = ""
    receipt_id: str = ""


def letter_lines(written: Written, facts: Facts, rules: Mapping[str, EntryRules]) -> pl.DataFrame:
    """The lines that what was written ties together, each group under one code: columns of LETTER.

    A group that balances bears a capital code, one that does not yet a small one. A group takes in what earlier
    exports have booked on its items, so that a small letter becomes a capital one when the rest has come.
    """
    web = _Web()
    known = Known(facts, rules)
    _tie_entries(web, written, known, _advanced(facts, known))
    _tie_pairs(web, written, facts, known)
    _tie_earlier(web, facts, known)
    placed = {
        row[name]: (row["bank"], row["period"])
        for row in written.covers.iter_rows(named=True)
        for name in ("item_id", "receipt_id")
    }
    # The other entity's side may leave in another month than the receipt's: where that one is sealed.
    sides = {
        (row["entity_id"], row["item_id"]): (row["bank"], row["period"])
        for row in written.entries.filter(pl.col("role") == "claim").iter_rows(named=True)
        if row["entity_id"] != known.cash[row["receipt_id"]].entity_id
    }
    groups = [group for group in web.groups() if len(group) > 1]
    codes = _codes(groups, facts.seen)
    rows = []
    for group, code in zip(groups, codes, strict=True):
        own = (sides[key] for line in group if (key := (line.entity_id, line.item_id)) in sides)
        told = (placed[key] for line in group for key in (line.receipt_id, line.item_id) if key in placed)
        bank, period = next(chain(own, told))
        letter = code if sum(line.net for line in group) == 0 else code.lower()
        rows += [{"bank": bank, "period": period, "letter": letter, **vars(line)} for line in group]
    return pl.DataFrame(rows, schema=LETTER)


class _Web:
    """Lines and what ties them."""

    def __init__(self) -> None:
        self._above: dict[_Line, _Line] = {}

    def tie(self, one: _Line, other: _Line) -> None:
        """Both are in one group, where they stand on one account of one auxiliary."""
        if (one.entity_id, one.account, one.auxiliary) == (other.entity_id, other.account, other.auxiliary):
            self._above[self._root(one)] = self._root(other)

    def groups(self) -> list[list[_Line]]:
        """The groups, in a lasting order."""
        found: dict[_Line, list[_Line]] = {}
        for line in list(self._above):
            found.setdefault(self._root(line), []).append(line)
        ordered = [sorted(group, key=_order) for group in found.values()]
        return sorted(ordered, key=lambda group: _order(group[0]))

    def _root(self, line: _Line) -> _Line:
        self._above.setdefault(line, line)
        while self._above[line] != line:
            self._above[line] = line = self._above[self._above[line]]
        return line


def _order(line: _Line) -> tuple[str, str, str, date, str, str]:
    return (line.entity_id, line.account, line.auxiliary, line.day, line.subject, line.reference + line.item_id)


def _item(claim: Claim) -> _Line:
    return _Line(
        claim.entity_id,
        claim.account,
        auxiliary(claim.customer_id),
        "item",
        claim.number,
        claim.item_id.split(":", 1)[-1],
        claim.valued_on,
        claim.amount,
        claim.item_id,
    )


def _payment(known: Known, receipt_id: str, claim: Claim) -> _Line:
    """The ERP's line of a receipt, on the account of the claim that it pays."""
    cash = known.cash[receipt_id]
    return _Line(
        claim.entity_id,
        claim.account,
        auxiliary(claim.customer_id),
        "payment",
        receipt_id.split(":", 1)[-1],
        receipt_id.split(":", 1)[-1],
        cash.booked_on,
        -cash.amount,
        "",
        receipt_id,
    )


def _advanced(facts: Facts, known: Known) -> dict[str, list[_Line]]:
    """Receipt -> the lines on which earlier exports booked it as an advance."""
    found: dict[str, list[_Line]] = {}
    for row in facts.earlier.filter((pl.col("role") == "advance") & ~pl.col("undone")).iter_rows(named=True):
        cash = known.cash.get(row["receipt_id"])
        if cash is not None:
            found.setdefault(cash.receipt_id, []).append(_own({**row, "entity_id": cash.entity_id}))
    return found


def _tie_entries(web: _Web, written: Written, known: Known, advanced: Mapping[str, list[_Line]]) -> None:
    """Our lines and the items that they settle; a transfer's line and the money that the ERP has there."""
    for row in written.entries.filter(~pl.col("counter")).iter_rows(named=True):
        line = _own(row)
        if row["role"] == "claim":
            web.tie(line, _item(known.claims[row["item_id"]]))
        elif row["role"] == "advance" and row["net"] > 0:
            for other in advanced.get(row["receipt_id"], []):
                web.tie(line, other)
        elif row["role"] == "transfer":
            cash = known.cash[row["receipt_id"]]
            key = cash.receipt_id.split(":", 1)[-1]
            there = (row["entity_id"], row["account"], row["auxiliary"])
            web.tie(line, _Line(*there, "payment", key, key, cash.booked_on, -cash.amount, "", cash.receipt_id))


def _own(row: Mapping[str, object]) -> _Line:
    names = ("entity_id", "account", "auxiliary")
    entity, account, aux = (str(row[name]) for name in names)
    day, net = row["day"], row["net"]
    assert isinstance(day, date)
    assert isinstance(net, int)
    piece = str(row["piece"])
    return _Line(entity, account, aux, "entry", piece, piece, day, net, str(row["item_id"]), str(row["receipt_id"]))


def _tie_pairs(web: _Web, written: Written, facts: Facts, known: Known) -> None:
    """Settlements that need no entry: the ERP's payment and the item, the credit note and the invoice."""
    bare = written.covers.filter(pl.col("piece").is_null() & ~pl.col("counter"))
    against = dict(facts.settled.select("allocation_id", "credit_item_id").iter_rows())
    for row in bare.iter_rows(named=True):
        claim = known.claims[row["item_id"]]
        credit = against.get(row["allocation_id"])
        if credit:
            web.tie(_item(claim), _item(known.claims[credit]))
        elif row["kind"] == "cash":
            web.tie(_item(claim), _payment(known, row["receipt_id"], claim))


def _tie_earlier(web: _Web, facts: Facts, known: Known) -> None:
    """Lines of earlier exports: of an item that stands settled with it; an advance with what uses it up."""
    for row in facts.earlier.filter(~pl.col("undone")).iter_rows(named=True):
        claim = known.claims.get(row["item_id"])
        if claim is not None:
            web.tie(_own({**row, "entity_id": claim.entity_id}), _item(claim))


def _codes(groups: Iterable[list[_Line]], seen: Mapping[tuple[str, str], str]) -> list[str]:
    """A code a group, from the next free one of each account."""
    listed = list(groups)
    keys = [(group[0].entity_id, group[0].account) for group in listed]
    free = {key: iter(next_letters([seen.get(key, "")], keys.count(key))) for key in set(keys)}
    return [next(free[key]) for key in keys]
