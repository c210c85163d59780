"""Payments that leave something open: one entry a payment, how often and when rests come, the money of an item."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.base.book import Book
from encours.core.behaviour import predict, study
from encours.core.behaviour.curves import Curves, left_at
from encours.core.behaviour.grid import NEVER
from encours.core.behaviour.history import history
from encours.core.behaviour.panel import day_number
from encours.core.behaviour.replay import came
from encours.core.behaviour.rests import Rests, _leave, of_money, rests
from encours.core.behaviour.study import Study
from tests.core.behaviour.books import book_of, day

_DAY = 420


def _item(key: str, customer: str = "C", issued: int = 0) -> dict[str, object]:
    span = {"issued_on": day(issued), "due_on": day(issued + 30)}
    return {"item_id": key, "customer_id": customer, "amount": 100_000, **span}


def _letter(key: str, amount: int, on: int, kind: str = "cash", known: int | None = None) -> dict[str, object]:
    return {
        "item_id": key,
        "amount": amount,
        "allocated_on": day(on),
        "kind": kind,
        "known_on": day(on if known is None else known),
    }


def _entries(of: Study, key: str) -> list[tuple[bool, int, int, bool, float]]:
    """rest, seen and end (days of the book), paid, share left of each entry of an item."""
    begin, items = day_number(day(0)), of.items
    rows = np.flatnonzero(of.history["item_id"].to_numpy()[items.row] == key)
    return [
        (bool(items.rest[k]), int(items.seen[k]) - begin, int(items.end[k]), bool(items.paid[k]),
         round(float(items.left[k]), 6))
        for k in rows
    ]  # fmt: skip


def _in_days(number: int) -> int:
    return day_number(day(number))


def test_a_payment_that_leaves_something_ends_one_entry_and_begins_another() -> None:
    book = book_of(
        [_item("whole"), _item("parted"), _item("short")],
        [
            _letter("whole", 100_000, 33), _letter("parted", 40_000, 31), _letter("parted", 60_000, 61),
            _letter("short", 95_000, 30),
        ],
    )  # fmt: skip
    of = study(book, day(100))
    assert _entries(of, "whole") == [(False, 0, _in_days(33), True, 0.0)]
    assert _entries(of, "parted") == [
        (False, 0, _in_days(31), True, 0.6), (True, 31, _in_days(61), True, 0.6)
    ]  # fmt: skip
    assert _entries(of, "short") == [(False, 0, _in_days(30), True, 0.05), (True, 30, NEVER, False, 0.05)]
    assert of.payments_by(of.day) == 3, "a rest is no payment of a habit"
    before = study(book, day(50))
    assert _entries(before, "parted")[1] == (True, 31, NEVER, False, 0.6)


def test_what_is_settled_with_the_first_payment_leaves_no_rest() -> None:
    book = book_of(
        [_item("discount"), _item("credited_before"), _item("two_entries"), _item("credited_after")],
        [
            _letter("discount", 98_000, 31), _letter("discount", 2_000, 31, "discount"),
            _letter("credited_before", 20_000, 10, "credit"), _letter("credited_before", 80_000, 31),
            # One transfer, the second half of which somebody applied a week later.
            _letter("two_entries", 50_000, 31), _letter("two_entries", 50_000, 31, known=38),
            _letter("credited_after", 80_000, 31), _letter("credited_after", 20_000, 50, "credit"),
        ],
    )  # fmt: skip
    of = study(book, day(100))
    for key in ("discount", "credited_before", "two_entries"):
        assert len(_entries(of, key)) == 1, key
    first, rest = _entries(of, "credited_after")
    assert first[2:4] == (_in_days(31), True)
    assert rest[2:4] == (_in_days(50), False), "what was credited is no payment"


def _customers(parted: int, whole: int, short: int = 0) -> Book:
    """C pays so many items in halves 30 days apart, so many whole, so many less 5 % that never come; D all whole."""
    items, letters = [], []
    for n in range(parted + whole + short):
        items += [_item(f"C{n}", "C", 3 * n), _item(f"D{n}", "D", 3 * n)]
        letters.append(_letter(f"D{n}", 100_000, 3 * n + 32))
        if n < parted:
            letters += [_letter(f"C{n}", 50_000, 3 * n + 32), _letter(f"C{n}", 50_000, 3 * n + 62)]
        else:
            letters.append(_letter(f"C{n}", 100_000 if n < parted + whole else 95_000, 3 * n + 32))
    return book_of(items, letters)


def test_how_often_a_payer_pays_in_parts_leans_on_the_book() -> None:
    of = study(_customers(parted=10, whole=20, short=6), day(300))
    known = rests(of.items, of.day, of.lag)
    assert known.share == pytest.approx([0.05, 0.5])
    for kind, own in enumerate((6, 10)):
        # Of 72 payments, 36 of each, all of C: between them (36 · 2 · usual² − chance) / (72 − 36) of variance.
        usual = own / 72
        chance = usual * (1 - usual)
        # It leans on the book by 5.5 payments of short ones; by 2.4 of halves, but 5 is the least.
        leans = max(5.0, chance / ((72 * usual**2 - chance) / 36) - 1)
        expected = [(own + leans * usual) / (36 + leans), leans * usual / (36 + leans)]
        assert known.chance[:, kind] == pytest.approx(expected)


def test_payers_that_do_not_differ_are_taken_for_the_book() -> None:
    alike = [_letter(f"C{n}", 100_000 if n % 8 else 60_000, 3 * n + 32) for n in range(160)]
    of = study(book_of([_item(f"C{n}", f"C{n % 5}", 3 * n) for n in range(160)], alike), day(700))
    known = rests(of.items, of.day, of.lag)
    assert known.chance[:, 1] == pytest.approx(1 / 8, abs=0.01), "each payer's four of 32 are chance"
    assert not known.chance[:, 0].any()


def test_rests_are_paid_when_rests_were() -> None:
    of = study(_customers(parted=60, whole=10, short=30), day(_DAY))
    known = rests(of.items, of.day, of.lag)
    short, instalment = known.paid
    assert (np.diff(known.paid, axis=1) >= 0).all()
    assert known.paid + known.stays == pytest.approx(1.0), "nothing else ended one"
    assert instalment[21] < 0.2, "nobody paid an instalment's rest before its thirtieth day"
    assert instalment[45] > 0.75
    assert short[45] < 0.25, "what was taken off never came"


def test_what_is_credited_does_not_come_as_money() -> None:
    letters = []
    for n in range(60):
        letters += [_letter(f"C{n}", 90_000, 3 * n + 32), _letter(f"C{n}", 10_000, 3 * n + 42, "credit")]
    of = study(book_of([_item(f"C{n}", "C", 3 * n) for n in range(60)], letters), day(300))
    known = rests(of.items, of.day, of.lag)
    assert known.stays[0, 30] < 0.1
    assert known.paid[0, -1] < 0.1, "who waits long enough is not paid for that"


def test_later_days_tell_nothing_of_rests() -> None:
    book = _customers(parted=60, whole=10, short=30)
    once = study(book, day(150))
    known, same = rests(once.items, once.day, once.lag), study(book, day(_DAY))
    then = rests(same.items, once.day, once.lag)
    assert then.paid == pytest.approx(known.paid)
    assert then.chance == pytest.approx(known.chance)


def _slow(of: Curves, chance: np.ndarray, paid_by: np.ndarray) -> np.ndarray:
    """The share of an item's money that has not come, one payment day after the other."""
    found = []
    for row in range(len(of.left)):
        end, share, before = int(of.begin[row] + of.length[row] - 1), float(of.left[row]), 1.0
        for at in range(row + 1):
            came_then, before = before - float(of.left[at]), float(of.left[at])
            middle = int(of.begin[at]) + (int(of.length[at]) - 1) // 2
            share += came_then * sum(chance[kind] * (1 - paid_by[kind][end - middle]) for kind in range(2))
        found.append(share)
    return np.array(found)


@given(
    hazards=st.lists(st.floats(0, 1), min_size=1, max_size=12),
    lengths=st.lists(st.integers(1, 40), min_size=12, max_size=12),
    chance=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)),
    daily=st.tuples(st.floats(0, 0.2), st.floats(0, 0.2)),
)
def test_the_money_of_an_item_lies_between_its_next_payment_and_none(
    hazards: list[float], lengths: list[int], chance: tuple[float, float], daily: tuple[float, float]
) -> None:
    size = len(hazards)
    length = np.array(lengths[:size], dtype=np.int32)
    begin = (np.concatenate([[0], np.cumsum(length)[:-1]]) + 20_000).astype(np.int32)
    left = np.cumprod(1 - np.array(hazards))
    of = Curves(np.array([0, size]), begin, length, left)
    paid = np.stack([1 - (1 - rate) ** np.arange(1, 700) for rate in daily])
    money = left.copy()
    _leave(of, np.array([chance]), paid, money)
    assert money == pytest.approx(_slow(of, np.array(chance), paid), abs=1e-7)
    assert (money >= left - 1e-12).all()
    assert (np.diff(money) <= 1e-7).all(), "money that has come does not go"


def test_a_book_of_whole_payments_is_as_before() -> None:
    of = study(_customers(parted=0, whole=40), day(60))
    item = np.arange(len(of.items.seen))
    same = Curves(
        np.arange(len(item) + 1), item.astype(np.int32), np.ones(len(item), np.int32), np.full(len(item), 0.5)
    )
    assert of_money(same, of.items, item, rests(of.items, of.day, of.lag)) is same
    flat = Rests(np.ones((2, 2)), np.zeros(2), np.zeros((2, 10)), np.ones((2, 10)))
    assert of_money(same, of.items, item, flat) is same


def test_who_pays_in_halves_is_expected_to() -> None:
    book = _customers(parted=110, whole=0)
    found = predict(book, day(330))
    rows = found.items.with_row_index().filter(pl.col("item_id").is_in(["C108", "D108"])).sort("item_id")
    left = left_at(found.curves, np.full(found.items.height, _in_days(365), dtype=np.int32))
    c, d = rows["index"].to_list()
    assert rows["p_partial"][0] > 0.8
    assert rows["p_partial"][1] < 0.15
    assert left[c] > left[d] + 0.25, "both pay on day 356, C a half of it"


def test_an_item_paid_in_part_waits_for_its_rest() -> None:
    book = _customers(parted=110, whole=0)
    found = predict(book, day(330))
    parted = found.items.filter(pl.col("item_id") == "C95")  # half of it came on day 317
    assert parted["open"].to_list() == [50_000]
    assert abs((parted["p50_on"].item() - day(347)).days) <= 8
    old = _customers(parted=40, whole=0, short=70)
    short = predict(old, day(330)).items.filter(pl.col("item_id") == "C80")
    assert short["open"].to_list() == [5_000]
    assert short["p50_on"].item() > day(330 + 120), "nobody has paid what was taken off so far"


def test_who_always_takes_something_off_still_pays_on_time() -> None:
    book = _customers(parted=0, whole=0, short=110)
    found = predict(book, day(330))
    rows = found.items.filter(pl.col("item_id").is_in(["C105", "D105"])).sort("item_id")
    assert (rows["p50_on"][0] - rows["p50_on"][1]).days == pytest.approx(0, abs=2)


def test_forecasts_are_judged_by_the_day_on_which_half_of_the_money_had_come() -> None:
    book = book_of(
        [_item("most_first"), _item("most_last"), _item("whole"), _item("kept_back")],
        [
            _letter("most_first", 60_000, 31), _letter("most_first", 40_000, 61), _letter("most_last", 40_000, 31),
            _letter("most_last", 60_000, 61), _letter("whole", 100_000, 33), _letter("kept_back", 95_000, 35),
        ],
    )  # fmt: skip
    told = history(book, day(200))
    early = dict(came(told, day(10)).select("item_id", "paid_on").iter_rows())
    assert early == {"most_first": day(31), "most_last": day(61), "whole": day(33), "kept_back": day(35)}
    late = dict(came(told, day(40)).select("item_id", "paid_on").iter_rows())
    assert late == {"most_first": day(61), "most_last": day(61)}
    rows = came(told, day(10))
    assert rows["delay_days"].to_list() == [(on - day(30)).days for on in rows["paid_on"]]
