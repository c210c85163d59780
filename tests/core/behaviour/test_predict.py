"""Predictions: one row an item, in order, of one distribution; nothing later is looked at; events move them."""

from __future__ import annotations

import builtins
from datetime import date, timedelta
from functools import cache
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.behaviour import learn, model_of, predict, study
from encours.core.behaviour.calibrate import MODEL
from encours.core.behaviour.curves import left_at
from encours.core.behaviour.figures import payer_figures
from encours.core.behaviour.history import history
from encours.core.behaviour.learn import LEAST_PAYMENTS
from encours.core.behaviour.panel import day_number
from encours.core.behaviour.predict import PREDICTION_SCHEMA, Predictions
from encours.core.behaviour.shifts.promise import SHIFT as PROMISE
from encours.core.behaviour.shifts.refused import SHIFT as REFUSED
from encours.core.behaviour.shifts.sent import SHIFT as SENT
from encours.core.behaviour.weekly import by_week
from tests.core.behaviour.books import DAY, HABITS, company, day, habits, learnt


@cache
def predicted() -> Predictions:
    """The predictions of that day."""
    return predict(company(), day(DAY), learnt())


def test_every_open_item_has_one_row_in_order() -> None:
    items = predicted().items
    assert items.schema == PREDICTION_SCHEMA
    known = company().as_of(day(DAY)).open_items().filter(pl.col("open") > 0)
    assert sorted(items["item_id"]) == sorted(known["item_id"])
    assert items.select(((pl.col("p10_on") <= pl.col("p50_on")) & (pl.col("p50_on") <= pl.col("p90_on"))).all()).item()
    assert (items["p10_on"] > day(DAY)).all()
    assert items.null_count().drop("shift").sum_horizontal().item() == 0


def test_a_model_that_is_learnt_wins_its_trial_and_knows_the_habits() -> None:
    assert learnt().basis == MODEL
    assert learnt().payments >= LEAST_PAYMENTS
    items = predicted().items.filter(pl.col("due_on") > day(DAY + 6))
    for name, (mean, spread) in HABITS.items():
        said = (
            items.filter(customer_id=name).select((pl.col("p50_on") - pl.col("due_on")).dt.total_days().mean()).item()
        )
        assert said is None or abs(said - 1.2 - mean) < 2 + spread


def test_a_model_is_kept_as_text() -> None:
    again = predict(company(), day(DAY), model_of(learnt().as_text()))
    assert again.items.equals(predicted().items)


def test_weeks_and_distribution_say_the_same() -> None:
    found = predicted()
    weeks, rows = found.weeks(13), found.distribution()
    first = weeks.filter(week_start=day(DAY + 1)).select("item_id", "p")
    soon = (
        rows.filter(pl.col("from_on") <= day(DAY + 7))
        .filter(pl.col("days") == 1)
        .group_by("item_id")
        .agg(pl.col("p").sum())
    )
    both = first.join(soon, on="item_id", how="left").with_columns(pl.col("p_right").fill_null(0.0))
    near = found.items.filter(pl.col("due_on") < day(DAY + 15)).select("item_id")
    both = both.join(near, on="item_id", how="semi")
    assert both["p"].to_numpy() == pytest.approx(both["p_right"].to_numpy())


def test_kept_distributions_give_the_same_weeks() -> None:
    found = predicted()
    weeks = found.weeks(13).filter(week_start=day(DAY + 8)).select("item_id", "p")
    kept = by_week(found.distribution(), found.as_of, 13)
    both = weeks.join(kept, on="item_id")
    assert both.height == found.items.height
    assert both["week_2"].to_numpy() == pytest.approx(both["p"].to_numpy(), abs=1e-6)


def _shuffled_after(book: Book, as_of: date, seed: int) -> Book:
    """The same book up to a day; whatever came or became known after it is another company's future."""
    chance = np.random.default_rng(seed)
    known = book.allocations.filter(pl.col("allocated_on") <= as_of)
    later = book.allocations.filter(pl.col("allocated_on") > as_of)
    moved = later.with_columns(
        allocated_on=pl.lit(as_of) + pl.duration(days=pl.Series(chance.integers(1, 90, later.height)))
    )
    moved = moved.sample(fraction=0.7, shuffle=True, seed=seed)
    future = book.items.filter(pl.col("issued_on") > as_of).sample(fraction=0.5, shuffle=True, seed=seed)
    items = pl.concat([book.items.filter(pl.col("issued_on") <= as_of), future]).sample(
        fraction=1.0, shuffle=True, seed=seed
    )
    promised = pl.DataFrame(
        {"promise_id": ["P"], "customer_id": ["C1"], "item_id": [items["item_id"][0]], "kind": ["promise"],
         "made_on": [as_of + timedelta(days=1)], "due_on": [as_of + timedelta(days=9)]}
    )  # fmt: skip
    return book.replace(items=items, allocations=pl.concat([moved, known]), promises=promised)


def test_nothing_after_the_day_changes_a_bit_of_what_is_learnt_and_predicted() -> None:
    other = _shuffled_after(company(), day(DAY), 7)
    model = learn(study(other, day(DAY)))
    assert model.as_text() == learnt().as_text()
    found = predict(other, day(DAY), model)
    assert found.items.sort("item_id").equals(predicted().items.sort("item_id"))
    assert np.array_equal(np.sort(found.curves.left), np.sort(predicted().curves.left))


def test_little_history_gives_the_payers_own_past_and_says_so() -> None:
    book = habits({"A": (9, 1), "B": (0, 1)}, 60, 240)
    found = predict(book, day(230))
    assert found.model.learnt is None
    assert found.issues["code"].to_list() == ["history_thin"]
    assert set(found.items["basis"]) == {"own_past"}
    late = found.items.filter((pl.col("customer_id") == "A") & (pl.col("due_on") > day(235)))
    assert late.select((pl.col("p50_on") - pl.col("due_on")).dt.total_days().median()).item() == pytest.approx(
        10.5, abs=1.5
    )


def test_a_book_without_payments_predicts_all_the_same() -> None:
    book = habits({"A": (9, 1)}, 5, 15)
    found = predict(book, day(16))
    assert found.items.height == 4
    assert found.items.null_count().drop("shift").sum_horizontal().item() == 0
    assert predict(Book.of(), day(16)).items.is_empty()


def _with(item: str, **tables: pl.DataFrame) -> tuple[dict[str, object], dict[str, object]]:
    """An item's prediction before and after something is known of it."""
    moved = predict(company().replace(**tables), day(DAY), learnt())
    before = predicted().items.filter(item_id=item).row(0, named=True)
    return before, moved.items.filter(item_id=item).row(0, named=True)


def _an_item() -> dict[str, object]:
    return predicted().items.filter(pl.col("due_on") < day(DAY + 3)).row(0, named=True)


def test_a_dispute_postpones() -> None:
    item, owed = str(_an_item()["item_id"]), _an_item()["open"]
    rows = pl.DataFrame(
        {"dispute_id": ["D"], "item_id": [item], "amount": [owed], "reason": ["price"], "opened_on": [day(DAY - 2)]}
    )
    before, after = _with(item, disputes=rows)
    assert after["shift"] == "dispute"
    assert after["p10_on"] >= day(DAY + 14) > before["p10_on"]


def test_a_dispute_about_a_part_holds_that_part_alone() -> None:
    item, owed = str(_an_item()["item_id"]), cast(int, _an_item()["open"])
    rows = pl.DataFrame(
        {"dispute_id": ["D"], "item_id": [item], "amount": [owed // 5], "reason": ["price"],
         "opened_on": [day(DAY - 2)]}
    )  # fmt: skip
    found = predict(company().replace(disputes=rows), day(DAY), learnt())
    soon, before = _money_by(found, item, 13), _money_by(predicted(), item, 13)
    assert soon == pytest.approx(0.8 * before, abs=0.01)
    assert _money_by(found, item, 120) == pytest.approx(_money_by(predicted(), item, 120), abs=0.02)
    others = (one.items.filter(pl.col("item_id") != item) for one in (found, predicted()))
    assert next(others).equals(next(others)), "no other item is touched"


def _money_by(found: Predictions, item: str, days: int) -> float:
    """The share of an item that has come so many days after the day of the predictions."""
    at = found.items.with_row_index().filter(item_id=item)["index"][0]
    left = left_at(found.curves, np.full(found.items.height, day_number(day(DAY + days)), dtype=np.int32))
    return 1.0 - float(left[at])


def _plan(item: str, owed: int, parts: int, made: int, first: int) -> pl.DataFrame:
    """Equal instalments of an item, a month apart."""
    return pl.DataFrame(
        {"promise_id": [f"P{n}" for n in range(parts)], "customer_id": "C", "item_id": item, "kind": "instalment",
         "amount": owed // parts, "made_on": day(made), "due_on": [day(first + 30 * n) for n in range(parts)]}
    )  # fmt: skip


def test_each_instalment_moves_its_own_part_to_its_own_date() -> None:
    item, owed = str(_an_item()["item_id"]), cast(int, _an_item()["open"])
    found = predict(company().replace(promises=_plan(item, owed, 4, DAY - 1, DAY + 10)), day(DAY), learnt())
    assert found.items.filter(item_id=item)["shift"].item() == "promise"
    assert _money_by(found, item, 8) == pytest.approx(0, abs=1e-4), "a cent is left over"
    # Two in three are kept where nothing is known of this book's promises; what is not comes as usual, later.
    for part, then in ((0.25, 25), (0.5, 55), (0.75, 85), (1.0, 115)):
        assert part * 0.65 <= _money_by(found, item, then) <= part + 1e-4


def test_instalments_that_were_paid_are_kept_and_the_rest_is_still_awaited() -> None:
    row = _an_item()
    item, owed = str(row["item_id"]), cast(int, row["open"])
    plan = _plan(item, owed, 6, DAY - 81, DAY - 80)
    paid = pl.DataFrame(
        {"allocation_id": ["X1", "X2", "X3"], "item_id": item, "amount": owed // 6, "kind": "cash", "source": "test",
         "allocated_on": [day(DAY - 80), day(DAY - 50), day(DAY - 20)]}
    )  # fmt: skip
    items = company().items.with_columns(
        issued_on=pl.when(pl.col("item_id") == item).then(day(DAY - 120)).otherwise("issued_on")
    )
    letters = pl.concat([company().allocations, paid], how="diagonal_relaxed").filter(
        ~((pl.col("item_id") == item) & pl.col("allocation_id").str.starts_with("A"))
    )
    book = company().replace(items=items, allocations=letters, promises=plan)
    of = history(book, day(DAY))
    figures = payer_figures(book, of, day(DAY)).filter(payer_id=str(row["payer_id"])).row(0, named=True)
    assert (figures["promises"], figures["promises_kept"]) == (3, 3)
    moved = PROMISE.find(book.as_of(day(DAY)), of, day(DAY)).sort("early_on")
    assert moved["share"].to_list() == pytest.approx([1 / 3, 1 / 3, 1 / 3], abs=0.001)
    assert moved["kept"].to_list() == pytest.approx([9.5 / 13] * 3), "three of three, leaning on two in three"
    assert moved["measured"].to_list() == [3, 3, 3]


def test_a_promise_of_a_part_moves_that_part() -> None:
    item, owed = str(_an_item()["item_id"]), cast(int, _an_item()["open"])
    rows = pl.DataFrame(
        {"promise_id": ["P"], "customer_id": ["C"], "item_id": [item], "kind": ["promise"], "amount": [owed // 4],
         "made_on": [day(DAY - 1)], "due_on": [day(DAY + 60)]}
    )  # fmt: skip
    found = predict(company().replace(promises=rows), day(DAY), learnt())
    assert _money_by(found, item, 50) == pytest.approx(0.75 * _money_by(predicted(), item, 50), abs=0.01)


def test_a_promise_pulls_its_share_to_its_date() -> None:
    item = str(_an_item()["item_id"])
    rows = pl.DataFrame(
        {"promise_id": ["P"], "customer_id": ["C"], "item_id": [item], "kind": ["promise"],
         "made_on": [day(DAY - 1)], "due_on": [day(DAY + 20)]}
    )  # fmt: skip
    _, after = _with(item, promises=rows)
    assert after["shift"] == "promise"
    assert day(DAY + 19) <= after["p50_on"] <= day(DAY + 23)


def test_a_payment_on_its_way_and_a_debit_at_the_bank_are_near() -> None:
    item = str(_an_item()["item_id"])
    sent = pl.DataFrame({"subject": ["item"], "subject_id": [item], "kind": ["einvoice:211"], "on": [day(DAY - 1)]})
    assert _with(item, events=sent)[1]["p50_on"] <= day(DAY + 6)
    made = pl.DataFrame(
        {"instrument_id": ["N"], "customer_id": ["C"], "kind": ["direct_debit"], "amount": [1], "currency": ["EUR"],
         "due_on": [day(DAY + 8)], "state": ["presented"], "state_on": [day(DAY - 1)]}
    )  # fmt: skip
    of = pl.DataFrame({"instrument_id": ["N"], "item_id": [item], "amount": [_an_item()["open"]]})
    after = _with(item, instruments=made, instrument_items=of)[1]
    assert (after["shift"], after["p10_on"] >= day(DAY + 8), after["p50_on"] <= day(DAY + 10)) == (
        "drawn_on",
        True,
        True,
    )


def test_a_refused_invoice_waits_until_it_is_mended() -> None:
    item = str(_an_item()["item_id"])
    stopped = {"subject": ["item"], "subject_id": [item], "kind": ["einvoice:210"], "on": [day(DAY - 1)]}
    assert _with(item, events=pl.DataFrame(stopped))[1]["shift"] == "refused"
    resumed = pl.DataFrame({name: values * 2 for name, values in stopped.items()}).with_columns(
        kind=pl.Series(["einvoice:210", "einvoice:205"]), on=pl.Series([day(DAY - 2), day(DAY - 1)])
    )
    assert _with(item, events=resumed)[1]["shift"] is None


def _events(kind: str, after: int) -> tuple[Book, pl.DataFrame]:
    """The book where forty paid items had a status so many days before their payment; and its history on the day."""
    of = history(company(), day(DAY))
    paid = of.filter(pl.col("paid_on") < day(DAY - 60)).sort("paid_on", "item_id").tail(40)
    rows = paid.select(
        subject=pl.lit("item"), subject_id="item_id", kind=pl.lit(kind), on=pl.col("paid_on") - timedelta(days=after)
    )
    item = pl.DataFrame(
        {"subject": ["item"], "subject_id": [str(_an_item()["item_id"])], "kind": [kind], "on": [day(DAY - 1)]}
    )
    return company().replace(events=pl.concat([rows, item])).as_of(day(DAY)), of


def test_how_long_a_refusal_lasts_is_measured_on_the_book() -> None:
    book, of = _events("einvoice:210", after=70)
    row = REFUSED.find(book, of, day(DAY)).filter(item_id=str(_an_item()["item_id"])).row(0, named=True)
    # Forty that took 70 days beside ten of the usual 37: 63 days from the status on.
    assert row["measured"] == 40
    assert row["until_on"] == day(DAY - 1 + 63)


def test_how_often_a_payment_on_its_way_comes_is_measured_on_the_book() -> None:
    for after, kept in ((3, (40 + 9) / 50), (20, 9 / 50)):
        book, of = _events("einvoice:211", after)
        row = SENT.find(book, of, day(DAY)).row(0, named=True)
        assert (row["kept"], row["measured"]) == (pytest.approx(kept), 40)


def test_a_learner_that_cannot_be_loaded_is_one_clear_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def broken(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(CallError, match="install libgomp1"):
        learn(study(company(), day(DAY)))
