"""What was done is believed to have brought so much, the surer the more was seen."""

from __future__ import annotations

from math import sqrt

import polars as pl
import pytest

from encours.core.dunning.brought import DONE, Brought, brought, together
from encours.core.dunning.effects import EVIDENCE, prior_effects, updated


def done(*rows: tuple[str, int, str, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=DONE, orient="row")


def test_actions_of_one_cell_are_wrong_together_and_cells_apart() -> None:
    prior = prior_effects()
    # By e-mail at level 1 a new payer reacts with 0.16, believed as if 30 messages had shown it.
    share = sqrt(0.84 / 0.16 / 30)
    one = brought(done(("email", 1, "new", 600.0), ("email", 1, "new", 400.0)), prior)
    assert one.euro_days == 1_000
    assert one.high == pytest.approx(1_000 * (1 + 1.96 * share))
    assert one.low == pytest.approx(1_000 * (1 - 1.96 * share))
    two = brought(done(("email", 1, "new", 500.0), ("email", 1, "irregular", 500.0)), prior)
    assert two.high - 1_000 == pytest.approx((one.high - 1_000) / sqrt(2))
    assert brought(done(("email", 1, "never heard of", 600.0)), prior).high == pytest.approx(600 * (1 + 1.96 * share))
    assert brought(done(), prior) == Brought(0, 0, 0)


def test_hold_outs_make_it_surer() -> None:
    rows = [("hold_out", f"C{n}", "email", 1, "new", 1, 1.0, 0.16) for n in range(400)]
    seen = updated(pl.DataFrame(rows, schema=EVIDENCE, orient="row"))
    before, after = (brought(done(("email", 1, "new", 100.0)), one) for one in (prior_effects(), seen))
    assert after.euro_days == before.euro_days == 100
    assert after.high - after.low < (before.high - before.low) / 2


def test_entities_are_known_apart() -> None:
    assert together([Brought(100, 70, 130), Brought(50, 10, 90)]) == Brought(150, 100, 200)
    assert together([]) == Brought(0, 0, 0)
