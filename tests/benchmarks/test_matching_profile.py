"""Profiles of the matching benchmark: the published tables, and one error that lists every fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.matching.profile import EXTRAS, STANDARD, ProfileError, with_extras


def test_the_standard_profile_is_the_published_table() -> None:
    assert STANDARD.patterns["one"] == pytest.approx(0.494)
    assert STANDARD.patterns["treasury"] == pytest.approx(0.016)
    assert STANDARD.noise["short"] == pytest.approx(0.071)
    assert STANDARD.noise["range"] == pytest.approx(0.0015)
    assert list(STANDARD.channels.values()) == pytest.approx([0.52, 0.24, 0.11, 0.09, 0.04])
    assert not set(EXTRAS) & set(STANDARD.patterns)


def test_every_fault_of_a_profile_is_in_one_error() -> None:
    with pytest.raises(ProfileError) as caught:
        replace(
            STANDARD,
            patterns={**STANDARD.patterns, "one": 0.6, "gift": 0.0},
            channels={"camt": 1.0},
            omission={0.1: 0.4},
            ibans_known=1.5,
            receipts_per_customer=0,
        )
    said = str(caught.value)
    for fault in (
        "patterns does not know gift",
        "the shares of patterns sum to 1.1050",
        "channels lacks cfonb_140",
        "the shares of omission sum to 0.4000",
        "ibans_known holds a share outside 0..1",
        "receipts_per_customer is 0",
    ):
        assert fault in said
    assert len(caught.value.faults) == 9


def test_extras_keep_the_sum() -> None:
    mixed = with_extras(STANDARD, 0.02)
    assert sum(mixed.patterns.values()) == pytest.approx(1, abs=0.002)
    assert mixed.patterns["one"] == pytest.approx(0.494 * (1 - 0.02 * len(EXTRAS)))
    with pytest.raises(ProfileError, match="leaves nothing"):
        with_extras(STANDARD, 0.2)
