"""The worklist’s benchmark at a tenth: a smaller company, fewer minutes, predictions from payers’ own past alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from benchmarks.dunning.hidden import START, World, book_of
from benchmarks.dunning.worklist import LAWS, PAST, Choice, Ours, foreseen, gains, largest_first, oldest_first, past_of
from encours.core.behaviour import Model, study
from encours.core.behaviour.calibrate import USUAL, Trial

#: Below 100: none of those that the benchmark judges.
SEED, CUSTOMERS = 21, 210
#: What it brings at the least beside largest first: by `runs` a few invoices decide the month of a small company.
LEAST = {"runs": 0.9, "patience": 1.1}


def _untaught(past: World) -> Model:
    of = study(book_of(past, PAST - 1), START + timedelta(days=PAST - 1))
    return Model(of.as_of, of.payments_by(of.day), Trial("own_median", *USUAL, {}), None)


@pytest.mark.parametrize("law", LAWS)
def test_the_list_brings_more_than_age_or_size_do(law: str) -> None:
    past = past_of(law, SEED, CUSTOMERS)
    known = foreseen(past, _untaught(past))
    ways: dict[str, Callable[[], Choice]] = {
        "oldest": lambda: oldest_first, "largest": lambda: largest_first, "ours": lambda: Ours(known),
    }  # fmt: skip
    found = gains(past, ways, futures=2)
    brought = {name: float(part.sum()) for name, part in found.items()}
    assert brought["ours"] >= 1.25 * brought["oldest"]
    assert brought["ours"] >= LEAST[law] * brought["largest"]
