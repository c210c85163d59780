"""Letter codes go on after the ERP's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.entries import next_letters


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([], ["AAA", "AAB", "AAC"]),
        (["AAZ"], ["ABA", "ABB", "ABC"]),
        (["aab", "AAA"], ["AAC", "AAD", "AAE"]),
        (["ZZY"], ["ZZZ", "AAAA", "AAAB"]),
        (["ZZZ", "AAAB"], ["AAAC", "AAAD", "AAAE"]),
        (["", "A1", "B", "é", "AAK "], ["AAL", "AAM", "AAN"]),
    ],
)
def test_the_next_free_codes(seen: list[str], expected: list[str]) -> None:
    assert next_letters(seen, 3) == expected


@given(st.lists(st.text("ABYZabyz", min_size=3, max_size=5)), st.integers(0, 50))
def test_a_code_is_never_given_twice(seen: list[str], count: int) -> None:
    codes = next_letters(seen, count)
    assert len(set(codes)) == count
    assert not {code.upper() for code in seen} & set(codes)
    assert next_letters([*seen, *codes], 1)[0] not in codes
    assert codes == sorted(codes, key=lambda code: (len(code), code))
