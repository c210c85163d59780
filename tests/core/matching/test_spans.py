"""Quoted numbers are found in a text as an eye finds them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.matching.spans import quoted_spans


def _quoted(text: str, *numbers: str) -> list[str]:
    return [text[start:end] for start, end in quoted_spans(text, numbers)]


@pytest.mark.parametrize(
    ("text", "numbers", "found"),
    [
        ("VIR FA-2024-00123 MERCI", ["FA-2024-00123"], ["FA-2024-00123"]),
        ("VIR FA 2024 00123", ["FA-2024-00123"], ["FA 2024 00123"]),
        ("VIR FA202400123", ["FA-2024-00123"], ["FA202400123"]),
        ("REGLT 202400123", ["FA-2024-00123"], ["202400123"]),
        ("FACT 00123 DU 12/03", ["FA-2024-00123"], ["00123"]),
        ("FACT 9900123", ["FA-2024-00123"], []),
        ("FACT 00123 ET 00124", ["FA-2024-00123", "FA-2024-00124"], ["00123", "00124"]),
        ("FACT 123", ["FA-2024-00123"], []),
        ("RIEN", ["FA-2024-00123"], []),
        ("fac zir-001", ["ZIR-001"], ["zir-001"]),
        ("AZIR-001", ["ZIR-001"], []),
        ("", ["FA-1234"], []),
    ],
)
def test_vectors(text: str, numbers: list[str], found: list[str]) -> None:
    assert _quoted(text, *numbers) == found


@given(st.text(max_size=60), st.lists(st.text(alphabet="AF0129-/ ", max_size=12), max_size=4))
def test_spans_lie_in_the_text_in_order_and_apart(text: str, numbers: list[str]) -> None:
    spans = quoted_spans(text, numbers)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
