"""States of drafts, cheques and direct debits: paid when the remittance is applied, back when that is taken back.

A payment that comes back makes its instrument unpaid. What the bank discounted stays discounted: the debtor has not
paid yet, and the entries go by it (519).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from encours.core.base.issue import no_issues
from encours.core.base.schema import TABLES
from encours.core.matching import Proposals
from encours.store import frames
from encours.store.models import InstrumentPayment, Proposal
from encours.usecases import clock
from encours.usecases.merge.diff import Difference

PAID, UNPAID = "paid", "unpaid"
#: States that money ends.
_AWAITED = ("requested", "accepted", "presented", UNPAID)


def keep_instruments(proposals: Iterable[Proposal], found: Proposals) -> None:
    """Keeps of new proposals which instruments they pay."""
    InstrumentPayment.objects.bulk_create(
        InstrumentPayment(proposal=row, entity_id=row.entity_id, instrument_id=one, items=list(items))
        for row in proposals
        for one, items in found.instruments.get(row.receipt_id, {}).items()
        if row.rule == "batch"
    )


def paid_by(fits: Sequence[Any], receipts: Mapping[str, Mapping[str, Any]]) -> Difference | None:
    """The next versions of the instruments that these posts (`posting.Fit`) pay, or give back.

    Called before the posts are written; keeps what each state was. None where no instrument moves.
    """
    moves: dict[str, InstrumentPayment] = {}
    days: dict[str, date] = {}
    for fit, rows in _payments(fits, receipts):
        day = receipts[fit.proposal.receipt_id]["booked_on"]
        for row in rows:
            moves[row.instrument_id], days[row.instrument_id] = row, day
    if not moves:
        return None
    states = {}
    for instrument_id, state, state_on in _current(moves).iter_rows():
        move = moves[instrument_id]
        if state in _AWAITED if move.became == PAID else state == PAID:
            move.was, move.was_on = state, state_on
            states[instrument_id] = (move.became, days[instrument_id])
    kept = [move for key, move in moves.items() if key in states]
    InstrumentPayment.objects.bulk_create(
        kept,
        update_conflicts=True,
        unique_fields=["proposal", "instrument_id"],
        update_fields=["items", "was", "was_on", "became"],
    )
    return _difference(states)


def taken_back(proposals: Sequence[Proposal]) -> Difference | None:
    """The versions that give instruments their state of before; None where none moves."""
    rows = [
        row
        for part in _parts(proposal.pk for proposal in proposals)
        for row in InstrumentPayment.objects.filter(proposal_id__in=part).exclude(became="")
    ]
    if not rows:
        return None
    moved = {row.instrument_id: row for row in rows}
    states = {
        row["instrument_id"]: (moved[row["instrument_id"]].was, moved[row["instrument_id"]].was_on)
        for row in _current(moved).iter_rows(named=True)
        if row["state"] == moved[row["instrument_id"]].became
    }
    InstrumentPayment.objects.filter(pk__in=[row.pk for row in rows]).update(was="", was_on=None, became="")
    return _difference(states)


def _payments(
    fits: Sequence[Any], receipts: Mapping[str, Mapping[str, Any]]
) -> Iterable[tuple[Any, list[InstrumentPayment]]]:
    """Each post with the instruments that it moves; `became` says to which state."""
    returned = {fit.proposal.receipt_id: _originals(fit, receipts[fit.proposal.receipt_id]) for fit in fits}
    by_receipt: dict[str, list[InstrumentPayment]] = {}
    for part in _parts({*returned, *(one for originals in returned.values() for one in originals)}):
        rows = InstrumentPayment.objects.filter(proposal__receipt_id__in=part)
        for row in rows.select_related("proposal").order_by("pk"):
            by_receipt.setdefault(row.proposal.receipt_id, []).append(row)
    for fit in fits:
        originals = returned[fit.proposal.receipt_id]
        known = [row for one in originals for row in by_receipt.get(one, [])]
        moved = _opened(fit, known) if originals else _settled(fit, by_receipt)
        if moved:
            yield fit, moved


def _originals(fit: Any, receipt: Mapping[str, Any]) -> list[str]:
    """The receipts that may have come back with this one: the one that the bank names, else those that had paid what it
    opens; none where it is no return."""
    if receipt["returns_receipt_id"] is not None:
        return [receipt["returns_receipt_id"]]
    if receipt["kind"] != "return":
        return []
    opened = pl.Series(sorted({line["item_id"] for line in fit.lines if line["kind"] == "cash"}), dtype=pl.String)
    columns = ["receipt_id", "reversed_on"]
    rows = frames.versions("allocations", opened, columns, current=True, by="item_id")
    paid = rows.filter(pl.col("reversed_on").is_null())["receipt_id"].drop_nulls()
    return sorted(set(paid) - {fit.proposal.receipt_id})


_FEW = 500


def _parts(ids: Iterable[Any]) -> Iterable[list[Any]]:
    ordered = sorted(ids)
    return (ordered[start : start + _FEW] for start in range(0, len(ordered), _FEW))


def _settled(fit: Any, by_receipt: Mapping[str, list[InstrumentPayment]]) -> list[InstrumentPayment]:
    """Those of the proposal itself; of a match by hand those that a proposal of the receipt named for its items."""
    known = by_receipt.get(fit.proposal.receipt_id, [])
    paid = {line["item_id"] for line in fit.lines if line["kind"] == "cash"}
    own = [row for row in known if row.proposal_id == fit.proposal.pk]
    named = own or list({row.instrument_id: row for row in known}.values())
    return [_move(fit, row, PAID) for row in named if row.items and paid.issuperset(row.items)]


def _opened(fit: Any, known: Iterable[InstrumentPayment]) -> list[InstrumentPayment]:
    """Those that the returned money had paid and whose items it opens again, all of them."""
    opened = {line["item_id"] for line in fit.lines if line["kind"] == "cash"}
    return [
        _move(fit, row, UNPAID) for row in known if row.became == PAID and row.items and opened.issuperset(row.items)
    ]


def _move(fit: Any, row: InstrumentPayment, state: str) -> InstrumentPayment:
    return InstrumentPayment(
        proposal=fit.proposal,
        entity_id=fit.proposal.entity_id,
        instrument_id=row.instrument_id,
        items=row.items,
        became=state,
    )


def _current(moves: Iterable[str]) -> pl.DataFrame:
    ids = pl.Series(sorted(moves), dtype=pl.String)
    return frames.versions("instruments", ids, ["instrument_id", "state", "state_on"], current=True)


def _difference(states: Mapping[str, tuple[str, date | None]]) -> Difference | None:
    """The next version of each instrument, known from today."""
    if not states:
        return None
    schema = TABLES["instruments"].schema | {"entity_id": pl.String()}
    ids = pl.Series(sorted(states), dtype=pl.String)
    before = frames.versions("instruments", ids, [*schema, "id"], current=True)
    rows = [
        row | {"state": states[row["instrument_id"]][0], "state_on": states[row["instrument_id"]][1]}
        for row in before.drop("id").iter_rows(named=True)
    ]
    fresh = pl.DataFrame(rows, schema=schema).with_columns(known_on=pl.lit(clock.today()), is_current=pl.lit(True))
    return Difference(fresh, before["id"], no_issues(), 0, 0, fresh.height)
