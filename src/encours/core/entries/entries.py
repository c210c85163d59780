"""Decided settlements become journal entries: dated in an open period, balanced to the cent, each under its id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from encours.core.entries.facts import TAXED, Cash, Claim, Facts, Known, NoRateError, Settled, Values, auxiliary
from encours.core.entries.ids import counter_id, encours_id
from encours.core.entries.legs import Leg, NoSupplierError, Setting, legs_between, legs_of, received
from encours.core.entries.rules import EntryRules

#: One row a line of an entry. `net` is debit − credit in minor units of `currency`, the entity's own. `piece` is the
#: entry's Encours id; `main` that of the decision's first entry, which the others of the same decision follow.
ENTRY = {
    "entity_id": pl.String(),
    "bank": pl.String(),
    "mode": pl.String(),
    "period": pl.Date(),
    "journal": pl.String(),
    "day": pl.Date(),
    "piece": pl.String(),
    "main": pl.String(),
    "account": pl.String(),
    "auxiliary": pl.String(),
    "auxiliary_name": pl.String(),
    "label": pl.String(),
    "net": pl.Int64(),
    "currency": pl.String(),
    "foreign_amount": pl.Int64(),
    "foreign_currency": pl.String(),
    "due_on": pl.Date(),
    "role": pl.String(),
    "item_id": pl.String(),
    "receipt_id": pl.String(),
    "counter": pl.Boolean(),
}
#: One row an allocation that leaves; `piece` is its entry's, null where only letters do. `cash`: what it takes of the
#: receipt, in `cash_currency`; `worth`: what it takes off the claim, in the entity's currency.
COVER = {
    "entity_id": pl.String(),
    "bank": pl.String(),
    "mode": pl.String(),
    "period": pl.Date(),
    "allocation_id": pl.String(),
    "encours_id": pl.String(),
    "piece": pl.String(),
    "receipt_id": pl.String(),
    "item_id": pl.String(),
    "kind": pl.String(),
    "cash": pl.Int64(),
    "cash_currency": pl.String(),
    "from_advance": pl.Int64(),
    "worth": pl.Int64(),
    "counter": pl.Boolean(),
}
HELD = {"allocation_id": pl.String(), "receipt_id": pl.String(), "bank": pl.String(), "reason": pl.String()}
_WORDS = {
    "transfer": "VIR",
    "direct_debit": "PRLV",
    "cheque": "CHQ",
    "draft": "LCR",
    "card": "CB",
    "cash": "ESPECES",
    "return": "IMPAYE",
    "out": "REMBT",
}
_LABEL = 60


@dataclass(frozen=True)
class Written:
    """`entries`: columns of ENTRY; `covers`: of COVER; `held`: of HELD, what cannot leave yet and why."""

    entries: pl.DataFrame
    covers: pl.DataFrame
    held: pl.DataFrame


@dataclass(frozen=True)
class _Place:
    """Which entry a line belongs to: the parts of a decision that bear one day are one entry."""

    entity_id: str
    receipt_id: str
    source: str
    on: date
    counter: bool
    step: str  # main; bank (what lay in collection goes to the bank); other (the other entity's side)


def write_entries(facts: Facts, rules: Mapping[str, EntryRules], open_from: Mapping[str, date]) -> Written:
    """The entries of settlements and advances that have not left yet.

    `rules`: entity -> its rules, for every entity named. `open_from`: entity -> the first day that is not sealed
    (absent: none is): what is dated before is booked on that day. Raises CallError where something named is absent.
    """
    writer = _Writer(facts, rules, open_from)
    sources = dict(facts.settled.select("allocation_id", "source").iter_rows())
    for one in writer.known.settled(facts):
        writer.settle(one, sources[one.allocation_id] or one.allocation_id)
    for row in facts.advances.sort("advance_id").iter_rows(named=True):
        writer.advance(row)
    return writer.done()


def _unknown_supplier(customer: str) -> str:
    return f"nobody has said which supplier customer {customer} is: give its account in the accounts and journals"


class _Writer:
    def __init__(self, facts: Facts, rules: Mapping[str, EntryRules], open_from: Mapping[str, date]) -> None:
        self.known = Known(facts, rules)
        self._rules, self._open_from, self._values = rules, open_from, Values(facts.rates)
        self._legs: dict[_Place, list[Leg]] = {}
        self._covered: dict[_Place, list[dict[str, Any]]] = {}
        self._held: list[dict[str, Any]] = []
        self._taxed = {row[0]: (row[1], row[2]) for row in facts.taxed.select(list(TAXED)).iter_rows()}

    def settle(self, one: Settled, source: str) -> None:
        """One settlement, into its entry and, for another entity's claim, into that entity's too."""
        by = self._setting(one.cash, one.allocation_id)
        if by is None:
            return
        if self.known.home[one.claim.entity_id] != by.home:
            self._hold(one.cash, one.allocation_id, "the two entities keep their books in different currencies")
            return
        place = _Place(one.cash.entity_id, one.cash.receipt_id, source, self._day(one), one.counter, "main")
        between = one.claim.entity_id != one.cash.entity_id
        if between and by.mode == "letters" and not one.cash.stands_on:
            self._hold(one.cash, one.allocation_id, "nobody has said on which account the ledger holds this money")
            return
        if not one.counter:
            before = self._taxed.get(one.claim.item_id, (0, 0))
            one = replace(one, taxed_before=before[0], vat_before=before[1])
        try:
            legs, there = self._sides(one, by) if between else (legs_of(one, by), [])
            # Credit notes and netting take nothing of the receipt, whatever receipt their decision was about.
            taken = one.receipt_amount if one.kind == "cash" else 0
            worth = self._values.of(one.amount, one.claim.currency, by.home, one.claim.valued_on)
        except NoRateError as missing:
            self._hold(one.cash, one.allocation_id, str(missing))
            return
        except NoSupplierError as unknown:
            self._hold(one.cash, one.allocation_id, _unknown_supplier(unknown.customer))
            return
        if not one.counter:
            self._note_vat(one, [*legs, *there], worth)
        if there:
            on = self._open_day(one.claim.entity_id, one.on)
            away = replace(place, entity_id=one.claim.entity_id, on=on, step="other")
            self._legs.setdefault(away, []).extend(there)
        self._legs.setdefault(place, []).extend(legs)
        self._collected(place, legs, by)
        self._cover(place, one.cash, by, {
            "allocation_id": one.allocation_id, "item_id": one.claim.item_id, "kind": one.kind,
            "cash": taken, "from_advance": one.from_advance if legs else 0, "worth": worth,
            "has_entry": bool(legs or there),
        })  # fmt: skip

    def advance(self, row: Mapping[str, Any]) -> None:
        """Money that stands on a customer's account without an invoice: 4191 until it is applied."""
        cash = self.known.cash[row["receipt_id"]]
        by = self._setting(cash, row["advance_id"])
        if by is None:
            return
        if cash.stands_on or by.mode == "letters":
            self._hold(cash, row["advance_id"], "the ledger has booked this money")
            return
        counter = row["undone_on"] is not None
        on = self._open_day(cash.entity_id, row["undone_on"] if counter else row["on"])
        place = _Place(cash.entity_id, cash.receipt_id, row["advance_id"], on, counter, "main")
        try:
            money = self._values.of(row["amount"], cash.currency, by.home, cash.booked_on)
        except NoRateError as missing:
            self._hold(cash, row["advance_id"], str(missing))
            return
        legs = [
            received(cash, by, money, row["amount"]),
            Leg(by.rules.accounts.advances, auxiliary(row["customer_id"]), -money, "advance"),
        ]
        self._legs.setdefault(place, []).extend(legs)
        self._collected(place, legs, by)
        self._cover(place, cash, by, {
            "allocation_id": row["advance_id"], "item_id": "", "kind": "advance", "cash": row["amount"],
            "from_advance": 0, "worth": money, "has_entry": True,
        })  # fmt: skip

    def _setting(self, cash: Cash, key: str) -> Setting | None:
        rule = self._rules[cash.entity_id]
        bank = rule.bank_of(cash.bank)
        if bank is None and not cash.stands_on:
            self._hold(cash, key, f"nobody has said how bank account {cash.bank} is kept")
            return None
        mode = "letters" if cash.stands_on or bank is None else bank.mode
        account = rule.accounts.bank if bank is None else bank.ledger_account
        return Setting(rule, self.known.home[cash.entity_id], mode, account, self._values)

    def _hold(self, cash: Cash, key: str, reason: str) -> None:
        self._held.append({"allocation_id": key, "receipt_id": cash.receipt_id, "bank": cash.bank, "reason": reason})

    def _day(self, one: Settled) -> date:
        return self._open_day(one.cash.entity_id, one.on)

    def _open_day(self, entity_id: str, on: date) -> date:
        return max(on, self._open_from.get(entity_id, on))

    def _sides(self, one: Settled, by: Setting) -> tuple[list[Leg], list[Leg]]:
        """The lines of money for another entity's claim, on both sides."""
        return legs_between(one, by, replace(by, rules=self._rules[one.claim.entity_id]))

    def _note_vat(self, one: Settled, legs: Iterable[Leg], worth: int) -> None:
        """Remembers which part of a claim has borne its VAT."""
        shares = [leg.net for leg in legs if leg.role == "vat"]
        if shares:
            taxed, vat = self._taxed.get(one.claim.item_id, (0, 0))
            moved = sum(share for share in shares if share * worth > 0)
            self._taxed[one.claim.item_id] = (taxed + worth, vat + moved)

    def _collected(self, place: _Place, legs: list[Leg], by: Setting) -> None:
        """What lay in collection is taken up by the bank."""
        for leg in legs:
            if leg.role == "collection":
                bank = replace(leg, account=by.bank_account, role="bank")
                lying = replace(leg, net=-leg.net, role="collection", foreign_amount=None, foreign_currency="")
                self._legs.setdefault(replace(place, step="bank"), []).extend([bank, lying])

    def _cover(self, place: _Place, cash: Cash, by: Setting, row: dict[str, Any]) -> None:
        named = counter_id(row["allocation_id"]) if place.counter else encours_id(row["allocation_id"])
        sign = -1 if place.counter else 1
        signed = {name: sign * row[name] for name in ("cash", "from_advance", "worth")}
        said = {"entity_id": place.entity_id, "bank": cash.bank, "mode": by.mode, "period": place.on.replace(day=1)}
        told = {"encours_id": named, "receipt_id": cash.receipt_id, "cash_currency": cash.currency}
        self._covered.setdefault(place, []).append(row | signed | said | told | {"counter": place.counter})

    def done(self) -> Written:
        """All entries, each balanced."""
        entries, pieces = [], {}
        for place, legs in self._legs.items():
            lines = _merged(legs)
            if not lines:
                continue
            assert sum(leg.net for leg in lines) == 0, place
            home = _home_of(place, self._covered)
            covers = self._covered[home]
            ids = "|".join(sorted(row["allocation_id"] for row in covers))
            main, pieces[place] = (
                encours_id(f"entry:{one.entity_id}:{one.step}:{one.counter}:{ids}") for one in (home, place)
            )
            entries += [self._row(place, leg, (pieces[place], main), covers[0]) for leg in lines]
        rows = [
            {name: row.get(name) for name in COVER} | {"piece": pieces.get(place) if row["has_entry"] else None}
            for place, own in self._covered.items()
            for row in own
        ]
        return Written(
            pl.DataFrame(entries, schema=ENTRY), pl.DataFrame(rows, schema=COVER), pl.DataFrame(self._held, HELD)
        )

    def _row(self, place: _Place, leg: Leg, ids: tuple[str, str], cover: Mapping[str, Any]) -> dict[str, Any]:
        rule, cash = self._rules[place.entity_id], self.known.cash[place.receipt_id]
        claim = self.known.claims.get(leg.item_id)
        sign = -1 if place.counter else 1
        name = self.known.names.get(f"{place.entity_id}:{leg.auxiliary}", "") if leg.auxiliary else ""
        return {
            "entity_id": place.entity_id,
            "bank": cover["bank"],
            "mode": cover["mode"],
            "period": place.on.replace(day=1),
            "journal": _journal(place, cover["mode"], leg, rule, cash, self._legs[place]),
            "day": place.on,
            "piece": ids[0],
            "main": ids[1],
            "account": leg.account,
            "auxiliary": leg.auxiliary,
            "auxiliary_name": name,
            "label": _label(_word(place, cash, leg, claim), name or cash.payer, claim, ids[0]),
            "net": sign * leg.net,
            "currency": self.known.home[place.entity_id],
            "foreign_amount": None if leg.foreign_amount is None else sign * leg.foreign_amount,
            "foreign_currency": leg.foreign_currency,
            "due_on": None,
            "role": leg.role,
            "item_id": leg.item_id,
            "receipt_id": place.receipt_id,
            "counter": place.counter,
        }


def _home_of(place: _Place, covered: Mapping[_Place, object]) -> _Place:
    """The entry that a second step or another entity's side follows."""
    main = replace(place, step="main")
    if main in covered:
        return main
    alike = [
        one
        for one in covered
        if (one.receipt_id, one.source, one.counter) == (place.receipt_id, place.source, place.counter)
    ]
    return alike[0]


def _journal(place: _Place, mode: str, leg: Leg, rule: EntryRules, cash: Cash, legs: Iterable[Leg]) -> str:
    bank = rule.bank_of(cash.bank)
    roles = {one.role for one in legs}
    if place.step == "main" and "collection" in roles:
        return rule.collection_journal
    if mode == "full" and "bank" in roles and bank is not None:
        return bank.journal
    return rule.misc_journal


def _merged(legs: Iterable[Leg]) -> list[Leg]:
    """One line for what is alike: the bank's money, an item's settlements. What came to nothing is no line."""
    sums: dict[tuple[str, str, str, str, str], Leg] = {}
    for leg in legs:
        key = (leg.account, leg.auxiliary, leg.role, leg.item_id, leg.foreign_currency)
        known = sums.get(key)
        if known is None:
            sums[key] = leg
            continue
        foreign = None if known.foreign_amount is None else known.foreign_amount + (leg.foreign_amount or 0)
        sums[key] = replace(known, net=known.net + leg.net, foreign_amount=foreign)
    order = {"claim": 1, "advance": 1}
    return sorted((leg for leg in sums.values() if leg.net), key=lambda leg: order.get(leg.role, 0))


def _word(place: _Place, cash: Cash, leg: Leg, claim: Claim | None) -> str:
    """What the line is, in a word; of VAT its rates, or that the entity's rate was taken for want of the item's own."""
    if place.counter:
        return "CONTREPASSATION"
    if leg.role == "vat" and claim is not None:
        return f"TVA {claim.vat_words}" if claim.vat_words else f"TVA {claim.vat_rate / 100:g} % (TAUX PAR DEFAUT)"
    return _WORDS.get(cash.kind, "REGLT")


def _label(word: str, who: str, claim: Claim | None, piece: str) -> str:
    """What a bookkeeper reads on the line; the id stands at its end, for ERPs that number their pieces themselves."""
    text = " ".join(part for part in (word, who, claim.number if claim else "") if part)
    return f"{text[:_LABEL].strip()} {piece}"
