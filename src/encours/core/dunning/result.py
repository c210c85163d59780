"""The frames that a plan is made of."""

from __future__ import annotations

import polars as pl

_TEXTS = pl.List(pl.String())
#: One row a message or task of the day. `customer_id`: who is written to (the payer). `amount`: minor units asked for.
#: `overdue_days`: of its oldest item. `priority`: euro-days, null until its worth is known. `notes`: what the message
#: shows beside what it asks for.
ACTIONS: dict[str, pl.DataType] = {
    "action_id": pl.String(), "entity_id": pl.String(), "customer_id": pl.String(), "currency": pl.String(),
    "creditor": pl.String(), "scenario": pl.String(), "step": pl.String(), "level": pl.Int64(),
    "channel": pl.String(), "template": pl.String(), "tone": pl.String(), "sender": pl.String(),
    "signatory": pl.String(), "formal": pl.Boolean(), "mode": pl.String(), "on": pl.Date(), "amount": pl.Int64(),
    "items": _TEXTS, "to": _TEXTS, "cc": _TEXTS, "reason": pl.String(), "reasons": _TEXTS,
    "overdue_days": pl.Int64(), "minutes": pl.Int64(), "priority": pl.Float64(),
}  # fmt: skip
#: What each action asks of each item, and the part of it that is held (minor units).
LINES: dict[str, pl.DataType] = {
    "action_id": pl.String(), "item_id": pl.String(), "amount": pl.Int64(), "held": pl.Int64(),
}  # fmt: skip
#: Late items that nothing asks for today; of `parts`, the held parts of items that are asked for (`part` true, a row a
#: gate). `amount`: minor units held. `reason`: a gate's code, or one of runs.WAITING … `also`: other gates that
#: hold it. `until_on`: the last day held. `step_on`: the day on which its `step` is reached.
HELD: dict[str, pl.DataType] = {
    "entity_id": pl.String(), "item_id": pl.String(), "customer_id": pl.String(), "payer_id": pl.String(),
    "currency": pl.String(), "amount": pl.Int64(), "reason": pl.String(), "sentence": pl.String(),
    "until_on": pl.Date(), "task": pl.String(), "part": pl.Boolean(), "also": _TEXTS, "scenario": pl.String(),
    "step": pl.String(), "step_on": pl.Date(),
}  # fmt: skip
#: What a person does to free what is held: one row a customer, currency and kind of task.
TASKS: dict[str, pl.DataType] = {
    "entity_id": pl.String(), "customer_id": pl.String(), "currency": pl.String(), "kind": pl.String(),
    "item_ids": _TEXTS, "amount": pl.Int64(), "sentence": pl.String(), "until_on": pl.Date(),
}  # fmt: skip
#: Words to our own people: `digest` (weekly, to a sales owner) and `notice` (before a step, with the day it goes).
INTERNAL: dict[str, pl.DataType] = {
    "kind": pl.String(), "entity_id": pl.String(), "owner": pl.String(), "customer_id": pl.String(),
    "currency": pl.String(), "scenario": pl.String(), "step": pl.String(), "on": pl.Date(), "goes_on": pl.Date(),
    "amount": pl.Int64(), "items": _TEXTS, "to": pl.String(), "template": pl.String(),
}  # fmt: skip
