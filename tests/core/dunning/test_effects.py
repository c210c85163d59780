"""What actions are believed to do: priors, what own messages and hold-outs make of them, what a book tells of them."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.dunning.effects import EVIDENCE, Effects, prior_effects, read_effects, updated
from encours.core.dunning.touched import evidence

START = date(2025, 1, 6)


def seen(count: int, trials: float, hits: float, source: str = "touches", **row: object) -> pl.DataFrame:
    usual = {
        "source": source,
        "customer_id": "C",
        "channel": "call",
        "level": 2,
        "profile": "irregular",
        "age": -10_000,
    }
    rows = [{**usual, "trials": trials, "hits": hits, **row} for _ in range(count)]
    return pl.DataFrame(rows, schema=EVIDENCE)


def reach(effects: Effects, **row: object) -> float:
    usual = {"customer_id": "X", "channel": "call", "level": 2, "profile": "irregular", "overdue_days": 5}
    found = effects.beside(pl.DataFrame([{**usual, **row}]))
    value: float = found["reach"][0]
    return value


def test_priors_know_what_practice_says() -> None:
    prior = prior_effects()
    assert reach(prior, profile="late_reliable") < reach(prior) < reach(prior, profile="slipping")
    assert reach(prior, overdue_days=200) < reach(prior)
    assert reach(prior, channel="telex") == 0
    assert reach(prior, profile="never heard of") == reach(prior, profile="new")
    assert "stated priors" in prior.says()


def test_own_evidence_moves_the_reach_and_says_how_much_of_it_is_own() -> None:
    prior = reach(prior_effects())
    few = updated(seen(5, 1.0, 0.8, customer_id=None))
    many = updated(seen(2000, 1.0, 0.8, customer_id=None))
    assert prior < reach(few) < reach(many)
    assert reach(many) == pytest.approx(0.8, abs=0.03)
    assert "% own evidence: 2000 messages" in many.says()
    none = updated(seen(400, 1.0, 0.0, customer_id=None))
    assert reach(none) < 0.12
    assert reach(none, channel="email") < reach(prior_effects(), channel="email")


def test_a_random_hold_out_counts_for_more_than_messages_that_somebody_chose() -> None:
    chosen, random = (updated(seen(100, 1.0, 0.9, source, customer_id=None)) for source in ("touches", "hold_out"))
    assert reach(random) > reach(chosen)
    assert "beside a hold-out" in random.says()


def test_a_payer_who_never_reacted_is_told_from_one_who_did() -> None:
    both = pl.concat([seen(8, 1.0, -0.1, customer_id="DEAF"), seen(8, 1.0, 0.7, customer_id="HEARS")])
    effects = updated(both)
    assert reach(effects, customer_id="DEAF") < 0.5 * reach(effects) < reach(effects, customer_id="HEARS")
    assert reach(effects, customer_id="DEAF", channel="email") < reach(effects, channel="email")


def test_effects_are_kept_as_json_and_read_again() -> None:
    made = updated(pl.concat([seen(30, 1.0, 0.7), seen(9, 0.5, 0.1, age=31, channel="email")]))
    again = read_effects(json.loads(json.dumps(made.as_data())))
    assert again.cells.equals(made.cells)
    assert again.payers.equals(made.payers)
    assert again.ages.equals(made.ages)
    assert again.says() == made.says()
    with pytest.raises(CallError):
        read_effects({"cells": []})


def practised(effect: float, seed: int = 3) -> Book:
    """Late items that come in at random, a third of them asked for on day 10; who reacts pays some days after that."""
    draw = np.random.default_rng(seed)
    items, letters, touches = [], [], []
    for n in range(1500):
        due, wait = int(draw.integers(0, 300)), 1 + int(draw.exponential(30))
        asked = bool(draw.random() < 0.33) and wait > 10
        if asked:
            touches.append((f"T{n}", f"C{n % 150}", f"I{n}", "call", "2", START + timedelta(days=due + 10)))
            if draw.random() < effect:
                wait = min(wait, 10 + int(draw.geometric(1 / 6)))
        items.append((f"I{n}", f"C{n % 150}", START + timedelta(days=due - 30), START + timedelta(days=due)))
        letters.append((f"A{n}", f"I{n}", START + timedelta(days=due + wait)))
    rows = pl.DataFrame(items, schema=["item_id", "customer_id", "issued_on", "due_on"], orient="row").with_columns(
        entity_id=pl.lit("E"), number=pl.col("item_id"), kind=pl.lit("invoice"), currency=pl.lit("EUR"), amount=100_00
    )
    paid = pl.DataFrame(letters, schema=["allocation_id", "item_id", "allocated_on"], orient="row").with_columns(
        kind=pl.lit("cash"), source=pl.lit("t"), amount=100_00
    )
    sent = ["touch_id", "customer_id", "item_id", "channel", "level", "sent_on"]
    names = rows.select("customer_id", name="customer_id").unique(maintain_order=True)
    return Book.of(
        entities=pl.DataFrame({"entity_id": ["E"], "name": ["E"], "country": ["FR"], "currency": ["EUR"]}),
        customers=names.with_columns(kind=pl.lit("business"), entity_id=pl.lit("E")),
        items=rows.with_columns(pl.col("amount").cast(pl.Int64)),
        allocations=paid.with_columns(pl.col("amount").cast(pl.Int64)),
        touches=pl.DataFrame(touches, schema=sent, orient="row"),
    )


def test_the_book_tells_calls_that_work_from_calls_that_do_not() -> None:
    as_of, nobody = START + timedelta(days=365), pl.DataFrame(schema={"customer_id": pl.String, "profile": pl.String})
    found = {}
    for effect in (0.0, 0.6):
        rows = evidence(practised(effect).as_of(as_of), as_of, nobody)
        found[effect] = rows["hits"].sum() / rows["trials"].sum()
    # Payment that would have come anyway, a third of them within the window, is not taken for an effect.
    assert found[0.0] == pytest.approx(0.0, abs=0.06)
    assert found[0.6] == pytest.approx(0.6, abs=0.08)


def test_a_book_without_touches_teaches_nothing() -> None:
    as_of = START + timedelta(days=365)
    book = practised(0.0).replace(touches=practised(0.0).touches.clear())
    rows = evidence(book.as_of(as_of), as_of, pl.DataFrame(schema={"customer_id": pl.String, "profile": pl.String}))
    assert rows.height == 0
    assert updated(rows).cells.equals(prior_effects().cells)
