"""Quoted numbers are found in a text as an eye finds them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.matching.spans import listed_spans, near_spans, quoted_spans, whole_spans


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


@pytest.mark.parametrize(
    ("text", "references", "found"),
    [
        ("CDE 4500012345 SOLDE", ["4500012345"], ["4500012345"]),
        ("VIR RF18 5390 0754 7034", ["RF18539007547034"], ["RF18 5390 0754 7034"]),
        ("BL-77/0012", ["BL 77-0012"], ["BL-77/0012"]),
        ("VIR 0012", ["BL 77-0012"], []),  # an end of digits is no whole reference
        ("VIR 12", ["12"], []),
    ],
)
def test_references_are_found_whole(text: str, references: list[str], found: list[str]) -> None:
    assert [text[start:end] for start, end in whole_spans(text, references)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FA-12045/46/47", ["46", "47"]),
        ("FA-12045 A 47", ["47"]),
        ("FA-12045, 46 ET 47 DU 12/03", ["46", "47"]),
        ("FA-12045/46/99/47", ["46", "47"]),
        ("FA-12045 12,46", []),
        ("FA-12045 46,00 EUR", []),
    ],
)
def test_lists_go_on_by_the_last_digits(text: str, found: list[str]) -> None:
    numbers = ["FA-12045", "FA-12046", "FA-12047"]
    spans = quoted_spans(text, ["FA-12045"])
    assert [text[start:end] for start, end in listed_spans(text, spans, numbers)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("VIR FA-12054", ["12054"]),  # two digits changed places
        ("VIR 12046", ["12046"]),
        ("VIR 12045", []),  # the number itself is quoted, not nearly
        ("VIR 12064", []),
        ("VIR 1205", []),
    ],
)
def test_a_slip_is_found(text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in near_spans(text, ["FA-12045"])] == found


@given(st.text(max_size=60), st.lists(st.text(alphabet="AF0129-/ ", max_size=12), max_size=4))
def test_spans_lie_in_the_text_in_order_and_apart(text: str, numbers: list[str]) -> None:
    spans = quoted_spans(text, numbers)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
