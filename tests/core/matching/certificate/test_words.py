"""Rates in words."""

from __future__ import annotations

import pytest

from encours.core.matching.certificate.words import counted, one_in, percent


@pytest.mark.parametrize(
    ("rate", "words"), [(0.001, "1 in 1,000"), (0.005, "1 in 200"), (0.1, "1 in 10"), (0.003, "0.3 %"), (0, "0 %")]
)
def test_budgets_are_said_as_people_say_them(rate: float, words: str) -> None:
    assert one_in(rate) == words


def test_counts_and_shares() -> None:
    assert (counted(1, "error"), counted(2_995, "receipt")) == ("1 error", "2,995 receipts")
    assert (percent(0.95), percent(0.000834)) == ("95 %", "0.0834 %")
