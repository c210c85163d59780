"""The items that receipts pay, and those that nobody pays: customers, dates, amounts, numbers."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.matching.cast import ENTITIES, Cast
from benchmarks.matching.draws import Bools, Draws, Ints
from benchmarks.matching.plan import DAYS, START, Plan
from benchmarks.matching.profile import Profile

#: Numbering series of each entity as (head before the year, digits of the year, between, digits of the serial); the
#: last of each is the series of credit notes. A look ends in its serial.
SERIES = (
    (("FA-", 4, "-", 6), ("", 4, "/", 5), ("F", 2, "", 6), ("VTE", 0, "", 7), ("AV-", 4, "-", 5)),
    (("INV-", 2, "-", 5), ("10", 0, "", 6), ("FC", 2, "/B/", 5), ("R.", 4, ".", 5), ("AVO", 2, "", 5)),
)
_SERIES = 5
#: First serial by series: apart, so that the last digits alone do not fit every series.
_FIRST_SERIALS = [48_000, 12_000, 20_000, 71_000, 3_000]
_MIN_AMOUNT = 1_500
_CHARGE_FLOOR = 10_000  # a bank charge is small beside what it is taken from
_PAYS_SHORTLY = ("discount",)


def make_items(profile: Profile, cast: Cast, plan: Plan, in_a_row: Bools, seed: int) -> pl.DataFrame:
    """owner (receipt, −1: nobody), customer, note, issued, due (days), amount, discount, number, serial and the rest.

    Rows are in the order in which the items were issued, numbers rise with them in each series. The items of receipts
    `in_a_row` bear consecutive numbers: a range or a list of suffixes can say them.
    """
    draws = Draws(seed, "items")
    owner, note = _owned(plan)
    ratio = profile.items_per_receipt[0 if plan.mode == "stock" else 1]
    extra = max(0, round(ratio * plan.count) - len(owner))
    customer = np.concatenate([_payees(cast, plan, owner, draws), _idle(cast, extra, draws)])
    owner = np.concatenate([owner, np.full(extra, -1)])
    note = np.concatenate([note, draws.chance(0.04, extra)])
    issued, due = _dates(cast, plan, owner, customer, in_a_row, draws)
    frame = pl.DataFrame(
        {
            "owner": owner,
            "customer": customer,
            "note": note,
            "issued": issued,
            "due": due,
            "amount": _amounts(profile, cast, plan, owner, customer, note, draws),
            "series": _series(plan, owner, customer, note, draws),
            "entity": cast.entity[customer],
        }
    )
    frame = frame.with_columns(discount=_discounts(plan, frame, draws))
    return _numbered(frame.sort("issued", "owner", "series", maintain_order=True), draws)


def _owned(plan: Plan) -> tuple[Ints, np.ndarray]:
    """The receipt of every paid item, invoices and then credit notes."""
    place = np.arange(plan.count)
    invoices, notes = np.repeat(place, plan.invoices), np.repeat(place, plan.notes)
    return np.concatenate([invoices, notes]), np.repeat([False, True], [len(invoices), len(notes)])


def _payees(cast: Cast, plan: Plan, owner: Ints, draws: Draws) -> Ints:
    """Whose item it is: the payer's own, one of those it pays for, or anybody's in a batch."""
    payer = plan.payer[owner]
    customer = payer.copy()
    behind = plan.among("parent", "treasury")[owner]
    members = cast.members[payer[behind]]
    width = np.minimum(np.where(plan.among("treasury"), 5, draws.between(1, 3, plan.count))[owner[behind]], members)
    offset = draws.below(1_000, plan.count)[owner[behind]]
    place = (offset + draws.below(width, len(width))) % members
    customer[behind] = cast.first_member[payer[behind]] + place
    for entity in range(len(ENTITIES)):
        anybody = np.flatnonzero((payer < 0) & (plan.entity[owner] == entity))
        pool = np.flatnonzero((cast.entity == entity) & ~cast.public)
        if len(anybody):
            customer[anybody] = pool[draws.weighted(cast.weight[pool], len(anybody))]
    return customer


def _idle(cast: Cast, count: int, draws: Draws) -> Ints:
    """Customers of the items that nobody pays; those who pay what is due leave nothing."""
    pool = np.flatnonzero(~cast.pays_due)
    return pool[draws.weighted(cast.weight[pool], count)]


def _dates(cast: Cast, plan: Plan, owner: Ints, customer: Ints, in_a_row: Bools, draws: Draws) -> tuple[Ints, Ints]:
    """Days of issue and due date: a payment comes late by its customer's habit and a tail, never before the issue."""
    count, paid = len(owner), owner >= 0
    receipt = np.maximum(owner, 0)
    terms = cast.terms[customer]
    delay = cast.lateness[customer] - 5 + draws.lognormal(6, 0.8, count)
    clears = paid & cast.pays_due[customer]
    delay = np.where(clears, -draws.between(1, 15, count), delay)
    balance = paid & plan.among("balance")[receipt]
    delay = np.where(balance, 1 + draws.below(np.maximum(plan.gap[receipt], 1), count) % 30, delay)
    delay = np.where(balance, np.minimum(delay, np.maximum(plan.gap[receipt] - 1, 1)), delay)
    due = np.where(paid, plan.day[receipt] - delay, draws.below(DAYS[plan.mode] + 60, count))
    if plan.mode == "stock":
        # Everything is open at once: what a clearing customer pays otherwise falls due after all balances.
        due = np.where(clears & ~balance, DAYS["stock"] + draws.below(20, count), due)
    early = paid & plan.among(*_PAYS_SHORTLY)[receipt]
    due = np.where(early, plan.day[receipt] + terms - draws.between(1, 10, count), due)
    together = paid & (in_a_row | (draws.below(3, plan.count) == 0))[receipt] & ~balance & ~early
    due = np.where(together, _first_of_each(due, receipt, plan.count), due)
    issued = np.minimum(due - terms, np.where(paid, plan.day[receipt], DAYS[plan.mode] - 1))
    return issued, np.maximum(due, issued)


def _first_of_each(values: Ints, owner: Ints, count: int) -> Ints:
    """For each item the smallest value among the items of its receipt: a delivery invoiced on one day."""
    least = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(least, owner, values)
    return least[owner]


def _amounts(
    profile: Profile, cast: Cast, plan: Plan, owner: Ints, customer: Ints, note: np.ndarray, draws: Draws
) -> Ints:
    count = len(owner)
    amount = draws.lognormal(cast.median[customer], 0.8, count)
    usual = cast.recurring[customer, draws.below(4, count)]
    amount = np.where((usual > 0) & draws.chance(0.8, count), usual, amount)
    amount = np.maximum(amount, _MIN_AMOUNT)
    charged = (owner >= 0) & plan.among("charge")[np.maximum(owner, 0)]
    amount = np.where(charged, amount + _CHARGE_FLOOR, amount)
    amount = np.where(draws.chance(profile.whole_tens, count), (amount + 500) // 1_000 * 1_000, amount)
    # The notes of a receipt stay well below one of its invoices, whose amount is not known before.
    least = np.full(plan.count + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, owner[~note], amount[~note])
    base = np.where(owner >= 0, least[owner], amount)
    return np.where(note, -np.maximum(base * draws.between(5, 30, count) // 100, 100), amount)


def _series(plan: Plan, owner: Ints, customer: Ints, note: np.ndarray, draws: Draws) -> Ints:
    """A customer's invoices come out of one series, one in ten receipts is billed from the next one."""
    own = customer % (_SERIES - 1)
    other = draws.chance(0.1, plan.count + 1)[owner]
    return np.where(note, _SERIES - 1, np.where(other, (own + 1) % (_SERIES - 1), own))


def _discounts(plan: Plan, frame: pl.DataFrame, draws: Draws) -> Ints:
    """The cash discount an item offers: those taken, and some that are not."""
    owner = frame["owner"].to_numpy()
    taken = (owner >= 0) & plan.among("discount")[np.maximum(owner, 0)]
    offered = (taken | draws.chance(0.08, len(owner))) & ~frame["note"].to_numpy()
    rate = np.array([10, 15, 20, 25, 30])[draws.below(5, plan.count + 1)][owner]
    return np.where(offered, (frame["amount"].to_numpy() * rate + 500) // 1_000, 0)


def _numbered(frame: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    count = frame.height
    first = pl.Series(np.array(_FIRST_SERIALS)[frame["series"].to_numpy()])
    serial = first + pl.int_range(pl.len()).over("entity", "series")
    year = (pl.lit(START) + pl.duration(days=pl.col("issued"))).dt.year().cast(pl.String)
    frame = frame.with_columns(serial=serial, year=year)
    look = pl.DataFrame(
        [look for looks in SERIES for look in looks], schema=["head", "year_digits", "between", "digits"], orient="row"
    )[frame["entity"].to_numpy() * _SERIES + frame["series"].to_numpy()]
    # One expression for all looks: a branch for each would hold every number ten times.
    number = pl.concat_str(
        look["head"],
        pl.col("year").str.tail(look["year_digits"]),
        look["between"],
        pl.col("serial").cast(pl.String).str.zfill(look["digits"]),
    )
    order, theirs, delivery = (pl.Series(draws.below(limit, count)) for limit in (900_000, 90_000_000, 9_000_000))
    return frame.with_columns(
        number=number,
        order_ref=pl.format("CO{}", 100_000 + order),
        purchase_order=pl.format("45{}", (10_000_000 + theirs)),
        delivery_ref=pl.format("BL{}", 1_000_000 + delivery),
    ).with_row_index("item")


def item_table(frame: pl.DataFrame, cast: Cast, currency: str = "EUR") -> pl.DataFrame:
    """The Book's items."""
    day = {name: pl.lit(START) + pl.duration(days=pl.col(name)) for name in ("issued", "due")}
    letter = cast.customer_ids[frame["customer"]].str.head(1)
    offers = pl.col("discount") > 0
    return frame.select(
        "number",
        "amount",
        "order_ref",
        "purchase_order",
        "delivery_ref",
        item_id=pl.format("{}:{}", letter, "number"),
        entity_id=letter,
        customer_id=cast.customer_ids[frame["customer"]],
        kind=pl.when("note").then(pl.lit("credit_note")).otherwise(pl.lit("invoice")),
        issued_on=day["issued"],
        due_on=day["due"],
        currency=pl.lit(currency),
        discount_on=pl.when(offers).then(day["issued"] + pl.duration(days=10)),
        discount_amount=pl.when(offers).then("discount"),
    )
