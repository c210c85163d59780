"""What a night left behind of how customers pay: late within the habit, beyond it, with a signal that stands."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from encours.store.models import ItemPrediction, PayerProfile, PaymentModel, Signal
from encours.usecases import clock
from encours.usecases.expected_files import stamp_of

_FIGURES = {
    "delay_p10": 8.0, "delay_median": 12.0, "delay_p90": 18.0, "run_weekday": 2, "run_month_days": None,
    "run_share": 0.85, "trend_days": 4.0, "large_days": -3.0, "promises": 4, "promises_kept": 3, "share_parts": 0.05,
    "share_deducted": 0.0, "share_disputed": 0.04, "returned": 1, "lag_days": 2.0,
}  # fmt: skip
_PROMISED = "Payment is promised: with 65 % it comes by its date; promises of this book that fell due so far: 0."


_DUELLER = {"forecasts": 331.0, "mae": 1.2, "pinball": 0.4, "within_3": 0.85, "within_7": 0.99, "below": 0.06,
            "above": 0.09, "coverage": 0.85, "width": 4.0}  # fmt: skip
TRIAL = {
    "basis": "model", "low": 0.2, "high": 0.87, "used": _DUELLER,
    "duel": {"model": _DUELLER, "own_median": {**_DUELLER, "mae": 1.9}, "due_date": {**_DUELLER, "mae": 7.3}},
    "reliability": [
        {"band": 0, "said": 0.04, "happened": 0.06, "count": 120},
        {"band": 5, "said": 0.55, "happened": 0.5, "count": 31},
        {"band": 9, "said": 0.96, "happened": 0.94, "count": 75},
    ],
}  # fmt: skip
_DRIFT = {
    "foreseen": 96.4, "came": 101, "deviations": 0.5, "refit": False, "reason": "none", "judged": 210, "below": 0.08,
    "above": 0.11, "error": 1.4, "own_error": 2.1,
}  # fmt: skip


def keep_habits(entity_id: str, customers: int = 4) -> None:
    """Customer 0 is left alone, customer 1 is beyond its habit and has a signal; the others are only known."""
    day = clock.today()
    PaymentModel.objects.create(
        entity_id=entity_id, learnt_on=day, payments=4_321, basis="model", trial=TRIAL, reason="first", text="{}",
        says="There is a model, but too little time has passed to try it on this book.", lag_days=1,
        drift=_DRIFT | {"asked_on": day.isoformat()}, as_of=day, stamp=stamp_of(entity_id), engine="test",
        made_at=clock.now(),
    )  # fmt: skip
    for number in range(customers):
        _profile(entity_id, f"{entity_id}:{number}", number, day)
        for name, kind in (("late", {0: "leave_alone", 1: "p90_passed"}.get(number)), ("next", None)):
            _item(entity_id, f"{entity_id}:{number}", name, kind, day)
    Signal.objects.create(
        entity_id=entity_id, customer_id=f"{entity_id}:1", kind="first_late", raised_on=day, seen_on=day,
        since_on=day - timedelta(days=3), chance=0.31, evidence=[f"{entity_id}:1:late", f"{entity_id}:0:late"],
        sentence="Always on time in 40 payments, and now 60 days late.", currency="EUR", amount=123_457,
    )  # fmt: skip


def _profile(entity_id: str, customer_id: str, number: int, day: date) -> None:
    alone = number == 0
    PayerProfile.objects.create(
        customer_id=customer_id, entity_id=entity_id, payer_id=customer_id, as_of=day, payments=40,
        profile="late_reliable", figures=json.loads(json.dumps(_FIGURES)), currency="EUR",
        why="91 % of the payments are late, usually by 12 days and nine times in ten by at most 18.",
        next_on=day + timedelta(days=9), next_from_on=day + timedelta(days=5), next_to_on=day + timedelta(days=16),
        next_amount=1_234_567, next_items=2, next_due_on=day + timedelta(days=1), alone_items=int(alone),
        alone_amount=123_456 if alone else 0, alone_until_on=day + timedelta(days=6) if alone else None,
        cost_currency="EUR", late_cost=98_700,
    )  # fmt: skip


def _item(entity_id: str, customer_id: str, name: str, kind: str | None, day: date) -> None:
    late = name == "late"
    flagged: dict[str, Any] = {}
    if kind:
        until = day + timedelta(days=6)
        flagged = {
            "until_on": until if kind == "leave_alone" else None, "days_late": 60, "own_p90": 66, "p_abnormal": 0.07,
            "sentence": "Late by 60 days, as usual: nine payments in ten come by day 66."
            f" Leave it alone until {until}.",
        }  # fmt: skip
    ItemPrediction.objects.create(
        item_id=f"{customer_id}:{name}", entity_id=entity_id, customer_id=customer_id, payer_id=customer_id,
        currency="EUR", open=123_456 if late else 50_000, due_on=day + timedelta(days=-60 if late else 20), as_of=day,
        p10_on=day + timedelta(days=1), p50_on=day + timedelta(days=9), expected_on=day + timedelta(days=10),
        p90_on=day + timedelta(days=16 if late else 300), p_late=1.0 if late else 0.7, p_unpaid_90=0.02, p_partial=0.05,
        basis="model", payments=40, shift="promise" if late else None,
        shift_says=_PROMISED if late else None,
        kind=kind, **flagged,
    )  # fmt: skip
