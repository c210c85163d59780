"""What is learnt of payers by night: rows for every open item, once, whole or not at all; signals come and go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from encours.core.behaviour import predict
from encours.core.behaviour.drift import Drift
from encours.store import parquet
from encours.store.models import (
    AuditEntry,
    ItemPrediction,
    PayerProfile,
    PaymentModel,
    Proposal,
    ProposalLine,
    Role,
    Run,
    Setting,
    Signal,
    User,
)
from encours.store.rights import actor_of, job
from encours.usecases import learn_payers as learning
from encours.usecases.apply_later import apply_receipts_job
from encours.usecases.deciding import write_fact
from encours.usecases.learn_payers import learn_payers
from encours.usecases.predict_items import predictions_of
from encours.usecases.rights import NotAllowedError
from encours.usecases.run_nightly import run_nightly
from tests.usecases.payers import DAY, HABITS, load, open_items, paying_book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path) -> None:
    load(tmp_path / "book")


def test_every_open_item_has_its_row_and_every_customer_a_habit() -> None:
    done = learn_payers(job("test"), day=DAY)[0]
    opened = open_items(parquet.read_book(["A"]))
    rows = ItemPrediction.objects.all()
    assert set(rows.values_list("item_id", flat=True)) == set(opened["item_id"])
    assert done.items == opened.height
    assert done.reason == "first"
    assert all(DAY < row.p10_on <= row.p50_on <= row.p90_on for row in rows)
    habits = {row.customer_id: row for row in PayerProfile.objects.all()}
    assert set(habits) == {f"A:{name}" for name in HABITS}
    assert habits["A:reliable"].profile == "late_reliable"
    assert habits["A:reliable"].alone_items == rows.filter(customer_id="A:reliable", kind="leave_alone").count() > 0
    assert habits["A:reliable"].late_cost > 0
    assert habits["A:prompt"].figures["delay_p90"] <= 3
    alerted = set(Signal.objects.values_list("customer_id", flat=True))
    assert not alerted & set(rows.filter(kind="leave_alone").values_list("payer_id", flat=True))
    assert not PayerProfile.objects.filter(payer_id__in=alerted, alone_items__gt=0).exists()
    kept = PaymentModel.objects.get(entity_id="A")
    assert (kept.basis, kept.reason, kept.as_of) == ("own_median", "first", DAY)
    assert AuditEntry.objects.filter(act="learn_payers", entity_id="A").count() == 1


def test_the_next_money_is_that_of_the_item_that_comes_first() -> None:
    learn_payers(job("test"), day=DAY)
    habit = PayerProfile.objects.get(customer_id="A:prompt")
    first = ItemPrediction.objects.filter(customer_id="A:prompt").order_by("p50_on").first()
    assert first is not None
    assert habit.next_from_on <= habit.next_on <= habit.next_to_on
    assert abs((habit.next_on - first.p50_on).days) <= 1
    assert habit.next_amount >= first.open


def test_who_always_paid_on_time_and_stopped_is_a_signal_until_the_money_comes() -> None:
    raised = learn_payers(job("test"), day=DAY)[0].raised
    signals = {(row.customer_id, row.kind): row for row in Signal.objects.all()}
    assert raised == len(signals)
    first = signals["A:late", "first_late"]
    assert first.gone_on is None
    assert first.chance > 0.25
    assert first.amount > 0
    assert first.since_on < first.raised_on == DAY
    assert not any(customer == "A:prompt" for customer, _ in signals)
    late = open_items(parquet.read_book(["A"])).filter(pl.col("customer_id") == "A:late", pl.col("due_on") < DAY)
    for row in late.iter_rows(named=True):
        paid = {"allocation_id": f"{row['item_id']}:p", "item_id": row["item_id"], "amount": row["open"],
                "kind": "cash", "allocated_on": DAY + timedelta(days=1), "source": "test"}  # fmt: skip
        write_fact("allocations", paid, "A")
        parquet.stamp("A", learning.clock.now())
    day = learning.clock.today()
    assert learn_payers(job("test"), day=day)[0].gone >= 1
    first.refresh_from_db()
    assert first.gone_on == day
    assert first.raised_on == DAY


def test_done_again_it_does_nothing_and_killed_it_leaves_what_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    learn_payers(job("test"), day=DAY)
    before = list(ItemPrediction.objects.order_by("pk").values())
    assert learn_payers(job("test"), day=DAY)[0].reason == "same"
    monkeypatch.setattr(learning, "_write_model", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        learn_payers(job("test"), day=DAY + timedelta(days=1))
    assert list(ItemPrediction.objects.order_by("pk").values()) == before
    assert PaymentModel.objects.get(entity_id="A").as_of == DAY
    monkeypatch.undo()
    done = learn_payers(job("test"), day=DAY + timedelta(days=1))[0]
    assert done.reason in ("none", "moved")
    assert done.raised == 0, "what stands is raised once"
    assert PaymentModel.objects.get(entity_id="A").as_of == DAY + timedelta(days=1)


def test_by_day_nothing_is_learnt_but_what_is_expected_follows_the_facts() -> None:
    assert learn_payers(job("test"), day=DAY, refit=False)[0].items == 0, "the first night has not been"
    learn_payers(job("test"), day=DAY)
    kept = PaymentModel.objects.get(entity_id="A")
    item = ItemPrediction.objects.filter(customer_id="A:prompt").first()
    assert item is not None
    paid = {"allocation_id": "A:paid", "item_id": item.item_id, "amount": item.open, "kind": "cash",
            "allocated_on": DAY, "source": "test"}  # fmt: skip
    write_fact("allocations", paid, "A")
    parquet.stamp("A", learning.clock.now())
    apply_receipts_job.func(["A"])
    assert not ItemPrediction.objects.filter(item_id=item.item_id).exists()
    now = PaymentModel.objects.get(entity_id="A")
    assert (now.learnt_on, now.reason, now.text) == (kept.learnt_on, "first", kept.text)
    assert now.stamp != kept.stamp


def test_the_night_asks_the_model_although_the_day_has_looked_already(monkeypatch: pytest.MonkeyPatch) -> None:
    learn_payers(job("test"), day=DAY)
    next_day = DAY + timedelta(days=1)
    assert learn_payers(job("test"), day=next_day, refit=False)[0].reason == "none"
    asked = []
    real = learning.drift
    monkeypatch.setattr(learning, "drift", lambda *of: asked.append(of) or real(*of))
    assert learn_payers(job("test"), day=next_day)[0].reason != "same"
    assert learn_payers(job("test"), day=next_day)[0].reason == "same"
    assert learn_payers(job("test"), day=next_day, refit=False)[0].reason == "same"
    assert len(asked) == 1


def test_what_moved_is_learnt_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    learn_payers(job("test"), day=DAY)
    moved = Drift(10.0, 30, 9.0, True, "moved")
    monkeypatch.setattr(learning, "drift", lambda *_: moved)
    assert learn_payers(job("test"), day=DAY + timedelta(days=3))[0].reason == "none", "a week has not passed"
    assert learn_payers(job("test"), day=DAY + timedelta(days=8))[0].reason == "moved"
    assert PaymentModel.objects.get(entity_id="A").learnt_on == DAY + timedelta(days=8)


def test_late_money_costs_what_the_settings_say() -> None:
    learn_payers(job("test"), day=DAY)
    usual = PayerProfile.objects.get(customer_id="A:reliable")
    Setting.objects.create(key="money.percent", entity_id="A", value=10)
    learn_payers(job("test"), day=DAY + timedelta(days=1))
    dear = PayerProfile.objects.get(customer_id="A:reliable")
    assert usual.figures["yearly_rate"] == 0.05
    assert dear.figures["yearly_rate"] == 0.1
    assert dear.late_cost == pytest.approx(2 * usual.late_cost, rel=0.03)


def test_what_is_kept_is_what_core_says_and_is_made_anew_when_lost(tmp_path: Path, settings: object) -> None:
    learn_payers(job("test"), day=DAY)
    items, spread, book = predictions_of("A", DAY)
    found = predict(book, DAY)
    assert_frame_equal(items, found.items)
    assert_frame_equal(spread, found.distribution())
    for path in (tmp_path / "home" / "expected").rglob("*.parquet"):
        path.write_bytes(b"torn")
    again = predictions_of("A", DAY)
    assert_frame_equal(again[0], items)
    assert_frame_equal(again[1], spread)


def test_one_entity_s_rows_are_not_another_s(tmp_path: Path) -> None:
    load(tmp_path / "other", paying_book({"prompt": (1.0, 1.0)}, entity_id="B", seed=5))
    learn_payers(job("test"), day=DAY)
    count = ItemPrediction.objects.filter(entity_id="B").count()
    assert count
    assert learn_payers(job("test"), ["A"], DAY + timedelta(days=1))[0].entity_id == "A"
    assert ItemPrediction.objects.filter(entity_id="B", as_of=DAY).count() == count


def test_the_nightly_chain_learns() -> None:
    run = run_nightly(learning.clock.today())
    assert "items expected" in run.summary["payers"]
    assert ItemPrediction.objects.exists()
    assert Run.objects.get(pk=run.pk).state == "done"


def test_a_viewer_may_not_start_it() -> None:
    viewer = User.objects.create_user("viewer", "viewer@example.com")
    Role.objects.create(user=viewer, entity_id="A", kind=Role.Kind.VIEWER)
    with pytest.raises(NotAllowedError):
        learn_payers(actor_of(viewer), ["A"], DAY)


def test_an_item_whose_match_waits_for_a_person_is_probably_paid() -> None:
    learn_payers(job("test"), day=DAY)
    item = ItemPrediction.objects.filter(customer_id="A:late", kind="p90_passed").first()
    assert item is not None
    run = Run.objects.create(name="propose_matches", entity_id="A", day=DAY, started_at=learning.clock.now())
    waiting = Proposal.objects.create(
        run=run, entity_id="A", receipt_id="A:r", decision="review", rule="exact", confidence=0.97, reason="",
        proposed_at=learning.clock.now(),
    )  # fmt: skip
    ProposalLine.objects.create(proposal=waiting, item_id=item.item_id, amount=item.open, kind="cash")
    PaymentModel.objects.update(stamp="")
    learn_payers(job("test"), day=DAY)
    item.refresh_from_db()
    assert (item.shift, item.kind) == ("probably_paid", "watch")
    assert item.shift_says


def test_payers_who_all_pay_later_than_the_kept_model_says_have_it_learnt_anew(tmp_path: Path) -> None:
    moved_on = DAY - timedelta(days=45)
    names = {f"c{n}": (float(n % 3), 1.0) for n in range(14)}
    book = paying_book(names, entity_id="C", seed=7)
    late = pl.col("booked_on") > moved_on
    receipts = book.receipts.with_columns(
        booked_on=pl.when(late).then(pl.col("booked_on") + timedelta(days=25)).otherwise("booked_on")
    ).filter(pl.col("booked_on") <= DAY)
    letters = book.allocations.drop("allocated_on").join(
        receipts.select("receipt_id", allocated_on="booked_on"), on="receipt_id"
    )
    load(tmp_path / "moved", book.replace(receipts=receipts, allocations=letters.select(book.allocations.columns)))
    assert learn_payers(job("test"), ["C"], moved_on)[0].reason == "first"
    assert learn_payers(job("test"), ["C"], DAY - timedelta(days=10))[0].reason == "moved"
    kept = PaymentModel.objects.get(entity_id="C")
    assert (kept.learnt_on, kept.reason) == (DAY - timedelta(days=10), "moved")
