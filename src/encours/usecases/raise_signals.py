"""Alerts as they stand from night to night: raised once, seen as long as they hold, gone when they no longer do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from encours.core.behaviour import Payers, Predictions
from encours.core.behaviour.flags import PASSED
from encours.store.models import Signal

_HELD = ("chance", "sentence", "evidence", "since_on", "currency", "amount")


def raise_signals(entity_id: str, day: date, known: Payers, found: Predictions) -> tuple[int, int]:
    """How many are raised and how many are gone; in the caller's transaction. Done again it changes nothing."""
    seen = {(row["customer_id"], row["kind"]): row for row in _rows(day, known, found)}
    # What was laid down today by an earlier look comes back as the same signal.
    standing = {
        (row.customer_id, row.kind): row
        for row in Signal.objects.filter(entity_id=entity_id).exclude(gone_on__lt=day).order_by("pk")
    }
    new = [row for key, row in seen.items() if key not in standing]
    fresh = [Signal(entity_id=entity_id, raised_on=day, seen_on=day, **row) for row in new]
    gone, still = 0, []
    for key, signal in standing.items():
        now = seen.get(key)
        if now is None:
            gone += signal.gone_on is None
            signal.gone_on = signal.gone_on or day
        else:
            signal.gone_on, signal.seen_on = None, day
            for name in _HELD:
                setattr(signal, name, now[name])
        still.append(signal)
    Signal.objects.bulk_update(still, ["gone_on", "seen_on", *_HELD], batch_size=200)
    Signal.objects.bulk_create(fresh, batch_size=200)
    return len(fresh), gone


def _rows(day: date, known: Payers, found: Predictions) -> list[dict[str, Any]]:
    """customer_id, kind and what is held of every alert: the payer is the customer."""
    late = found.items.filter(pl.col("due_on") < day).group_by("payer_id", "currency").agg(amount=pl.col("open").sum())
    late = late.sort("payer_id", "amount", "currency", descending=[False, True, False])
    late = late.unique("payer_id", keep="first", maintain_order=True)
    rows = known.alerts.join(late, on="payer_id", how="left", maintain_order="left")
    rows = rows.join(_since(known), on="payer_id", how="left", maintain_order="left")
    since: Mapping[str, str] = {
        "p90_passed": "passed_on", "first_late": "passed_on", "group_late": "passed_on",
        "habit_changed": "changed_on", "slipping": "slip_since", "returned": "returned_on",
    }  # fmt: skip
    return [
        {
            "customer_id": row["payer_id"],
            "kind": row["alert"],
            "since_on": row[since[row["alert"]]] if row["alert"] in since else None,
            "chance": row["chance"],
            "sentence": row["sentence"],
            "evidence": row["evidence"] or [],
            "currency": row["currency"],
            "amount": row["amount"] or 0,
        }
        for row in rows.iter_rows(named=True)
    ]


def _since(known: Payers) -> pl.DataFrame:
    """payer_id and the days that alerts are about: passed_on (the first own P90 passed) and those of the profile."""
    after = pl.col("due_on") + pl.duration(days=pl.col("own_p90") + 1)
    passed = known.flags.filter(pl.col("kind") == PASSED).group_by("payer_id").agg(passed_on=after.min())
    days = known.profiles.select("payer_id", "changed_on", "slip_since", "returned_on")
    return days.join(passed, on="payer_id", how="left", maintain_order="left")
