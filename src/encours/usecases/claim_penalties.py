"""Late-payment penalties and the indemnity of a letter, invoice by invoice and line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from encours.core.terms.interest import Interest, Line, Regime, late_interest
from encours.core.terms.rates import Rates
from encours.store.models import Item
from encours.usecases.chased_facts import Settled, customers_of, events_of, items_of, settled_of
from encours.usecases.payment_block import Chased
from encours.usecases.reference_rates import reference_rates, regime_of

#: Allocations that are money; all others (credit notes, discounts, losses) mean that less was owed from the start.
_MONEY = ("cash", "ledger", "netting", "fx")


@dataclass(frozen=True)
class Penalty:
    """What the delay of one invoice costs: interest in its own minor units, the indemnity in euro cents.

    `lines` are the stretches of one rate and one base; their interest is not rounded, `interest` is their sum rounded
    once. `warnings`: what the rates rest on, where that is not certain.
    """

    item_id: str
    number: str
    due_on: date
    currency: str
    base: int
    interest: int
    indemnity_cents: int
    lines: tuple[Line, ...]
    warnings: tuple[str, ...]

    @property
    def days(self) -> int:
        """Days late on the letter's day."""
        return sum(line.days for line in self.lines)


def penalties(items: Sequence[Chased], day: date) -> list[Penalty]:
    """Interest from the day after each due date to `day` (included), and 40 € an invoice; of invoices that are late.

    What is held back of an item bears nothing, for it is contested; a consumer owes neither; a public buyer's rate is
    frozen; where insolvency law forbids payment there is no indemnity. The rates are those of the entity's settings.
    """
    asked = {one.item_id: one for one in items if one.amount > 0}
    rows = [row for row in items_of(asked) if row.due_on < day and row.amount > 0]
    kinds = {row.customer_id: row.kind for row in customers_of({row.customer_id for row in rows})}
    insolvent = _insolvent({row.customer_id for row in rows}, day)
    rates: dict[str, Rates] = {}
    regimes: dict[tuple[str, str | None, bool], Regime] = {}
    found = []
    for row in rows:
        if row.kind not in ("invoice", "debit_note", "opening") or kinds.get(row.customer_id) == "consumer":
            continue
        chased = asked[row.item_id]
        kind, broke = kinds.get(row.customer_id), row.customer_id in insolvent
        if row.entity_id not in rates:
            rates[row.entity_id] = reference_rates(row.entity_id, day)
        if (row.entity_id, kind, broke) not in regimes:
            regimes[row.entity_id, kind, broke] = regime_of(row.entity_id, kind, day, insolvent=broke)
        law = rates[row.entity_id], regimes[row.entity_id, kind, broke]
        claim = _claim(row, chased, settled_of(row.item_id, day), day, *law)
        if claim.interest or claim.indemnity_cents:
            found.append(
                Penalty(
                    row.item_id,
                    row.number,
                    row.due_on,
                    row.currency,
                    chased.amount,
                    claim.interest,
                    claim.indemnity_cents if row.kind == "invoice" else 0,
                    claim.lines,
                    claim.warnings,
                )
            )
    return found


def _claim(row: Item, chased: Chased, settled: Sequence[Settled], day: date, rates: Rates, regime: Regime) -> Interest:
    """The claim on one item: money counts from its day, all else as never owed."""
    money = [(max(one.on, row.due_on), one.amount) for one in settled if one.kind in _MONEY]
    # Whatever is neither asked for now nor was paid in money was no debt: a credit note, a discount, what is held back.
    base = min(row.amount, chased.amount + sum(minor for _, minor in money))
    paid = [(on, minor) for on, minor in money if on < day]
    if sum(minor for _, minor in paid) > base:  # a payment that was entered back and forth
        return Interest((), 0, 0)
    return late_interest(base, row.due_on, day, rates, regime, paid)


def _insolvent(customer_ids: set[str], day: date) -> set[str]:
    told = [row for row in events_of(customer_ids, day) if row.subject == "customer"]
    state = {row.subject_id: row.kind for row in told if row.kind.startswith("insolvency:")}
    return {subject for subject, kind in state.items() if kind != "insolvency:closed"}
