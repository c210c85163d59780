"""The whole story in arrays: customers, documents, items, money, truth; every later module only tells it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from encours.core.sample.aftermath import Quarrels, quarrel, set_off, write_off
from encours.core.sample.batches import Batches, make_batches
from encours.core.sample.billing import Documents, Items, make_documents, make_items
from encours.core.sample.cast import Cast, make_cast
from encours.core.sample.draws import Bools, Ints, Texts, day_number, generator
from encours.core.sample.intent import Intent, intend
from encours.core.sample.lettering import Lettering, letter
from encours.core.sample.money import Money, allocate, receive
from encours.core.sample.options import SampleOptions
from encours.core.sample.texts import REFERENCE_FORMS, reference_forms

#: What a deposit or a collection gathers: the bank shows one line for many receipts.
GATHERED = ("cheque", "draft", "direct_debit", "card")


@dataclass(frozen=True, eq=False)
class Story:
    """Everything that happens to the company, also after its last day. Arrays of receipts have one entry a receipt."""

    entity_id: str
    seed: int
    first: int
    last: int
    cast: Cast
    docs: Documents
    items: Items
    intent: Intent
    money: Money
    quarrels: Quarrels
    form: Texts
    lettering: Lettering
    channel: Texts
    pattern: Texts

    @property
    def present(self) -> Bools:
        """Receipts that reached the bank by the last day."""
        return self.money.day <= self.last


def tell(options: SampleOptions, entity_id: str) -> Story:
    """The story of the options, the same at every run."""
    seed, first, last = options.seed, day_number(options.first_day), day_number(options.last_day)
    cast = make_cast(options, first, last, REFERENCE_FORMS)
    docs = make_documents(cast, seed, first, last)
    items = make_items(cast, docs, seed)
    off = set_off(docs, items)
    intent = intend(cast, docs, items, off.payable, seed, first)
    batches = make_batches(cast, docs, items, intent, seed)
    money = receive(cast, items, intent, batches, seed, first)
    none, kind = np.full(len(off.item), -1), np.full(len(off.item), "credit", dtype=object)
    money = allocate(money, none, off.item, off.note, off.amount, kind, off.day)
    plain = _shape(cast, items, batches, money)
    docs, items, money, quarrels = quarrel(docs, items, money, seed, last)
    money = write_off(cast, items, money, seed, last)
    several = np.bincount(money.receipt[(money.receipt >= 0) & (money.cut_kind == "cash")], minlength=money.size) > 1
    form = reference_forms(cast, money.payer, several, seed)
    channel = np.where(np.isin(money.kind, GATHERED) | (money.payer < 0), "camt", cast.channel[money.payer])
    returned = money.kind == "return"
    channel[returned] = "camt"
    pattern = money.pattern.copy()
    pattern[: len(plain)] = np.where(pattern[: len(plain)] == "plain", plain, pattern[: len(plain)])
    return Story(
        entity_id, seed, first, last, cast, docs, items, intent, money, quarrels, form,
        letter(money, form, last, options.backlog_days, seed), channel.astype(object), pattern,
    )  # fmt: skip


def _shape(cast: Cast, items: Items, made: Batches, money: Money) -> Texts:
    """The pattern of batches without a difference: one, several, balance, credits, treasury, group."""
    count = len(made.payer)
    foreign = np.bincount(made.batch, cast.payer[items.customer[made.item]] != items.customer[made.item], count) > 0
    office = np.zeros(count, dtype=bool)
    office[made.batch] = cast.treasury[items.customer[made.item]] >= 0
    run = (cast.habit[made.payer] == "run") & (made.count > 1)
    shape = np.where(made.count > 1, np.where(run, "balance", "several"), "one").astype(object)
    shape[made.notes > 0] = "credits"
    shape[office] = "treasury"
    shape[foreign] = "group"
    return shape


def settled_by(story: Story, until: Ints) -> Ints:
    """What true allocations take off each item by the end of the item's own day `until`, returned payments undone."""
    money, items = story.money, story.items
    undone_on = np.full(money.size + 1, 10**8)
    back = np.flatnonzero(money.kind == "return")
    undone_on[money.origin[back]] = money.day[back]
    undone = np.where(money.receipt >= 0, undone_on[money.receipt], 10**8)
    stands = (money.cut_day <= until[money.item]) & (undone > until[money.item])
    taken = np.bincount(money.item[stands], money.cut[stands], items.size)
    credit = np.flatnonzero(money.credit_item >= 0)
    credit = credit[money.cut_day[credit] <= until[money.credit_item[credit]]]
    return np.asarray((taken - np.bincount(money.credit_item[credit], money.cut[credit], items.size)).astype(np.int64))


def entity_number(seed: int) -> int:
    """The company's own SIREN as a number: right Luhn key, leading zero."""
    from encours.core.sample.identity import sirens

    return int(sirens(generator(seed, "entity"), 1)[0])
