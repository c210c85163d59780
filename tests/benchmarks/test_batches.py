"""The benchmark of batch files: each shape is a book in which every batch finds its money."""

from __future__ import annotations

import pytest

from benchmarks.batches import stage


@pytest.mark.parametrize(("shape", "proven"), [("covered", 2), ("quoted", 2), ("customer", 0), ("alike", 0)])
def test_every_batch_finds_its_money(shape: str, proven: int) -> None:
    found = stage(shape, 2, 1_000)
    assert (found["explained"], found["proven"]) == (2, proven)
