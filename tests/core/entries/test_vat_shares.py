"""VAT on receipts by the document's own VAT: pro rata, and to the cent once all is settled, however the money came."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.entries import Facts, reverse_entries, write_entries
from encours.core.entries.facts import TAXED
from tests.core.entries.houses import DAY, facts, item, receipt, rules, settled

_SERVICES = rules(receipts_vat=True, discount_vat=True)


def _known(parts: list[int], amount: int, taxed: tuple[int, int] = (0, 0), first: int = 0, **more: Any) -> Facts:
    keys = range(first, first + len(parts))
    found = facts(
        [settled(f"a{n:02}", f"r{n}", "F1", part, source=f"encours:{n}") for n, part in zip(keys, parts, strict=True)],
        [item("F1", amount)],
        [receipt(f"r{n}", part) for n, part in zip(keys, parts, strict=True)],
        taxed=pl.DataFrame([("A:F1", *taxed)], schema=TAXED, orient="row"),
    )
    columns = [
        pl.lit(value, dtype=pl.Int64() if name == "vat" else pl.String()).alias(name) for name, value in more.items()
    ]
    return Facts(**{**vars(found), "items": found.items.with_columns(columns)})


def _moved(entries: pl.DataFrame, account: str = "445740") -> list[int]:
    return entries.filter(pl.col("account") == account)["net"].to_list()


def test_the_documents_own_vat_is_taken_and_its_rate_is_said() -> None:
    """An invoice of 1,155 €: 500 € at 20 % and 526.32 € at 5.5 %, 128.95 € of VAT in all."""
    entries = write_entries(_known([115_500], 115_500, vat=12_895, vat_words="SELON FACTURE"), _SERVICES, {}).entries
    assert _moved(entries) == [12_895]
    assert _moved(entries, "445710") == [-12_895]
    vat = entries.filter(role="vat")
    assert all(label.startswith("TVA SELON FACTURE DUPIN F1") for label in vat["label"])
    assert set(vat["item_id"]) == {"A:F1"}


def test_an_assumed_rate_is_said_on_the_line() -> None:
    entries = write_entries(_known([120_000], 120_000), _SERVICES, {}).entries
    assert all(label.startswith("TVA 20 % (TAUX PAR DEFAUT)") for label in entries.filter(role="vat")["label"])
    own = write_entries(_known([110_000], 110_000, vat=10_000, vat_words="10 %"), _SERVICES, {}).entries
    assert all(label.startswith("TVA 10 % ") for label in own.filter(role="vat")["label"])


def test_what_left_before_is_taken_into_account() -> None:
    """Three thirds of 100.00 with 16.67 of VAT, each exported alone: 5.56, 5.55, 5.56."""
    whole, vat, taxed, shares = [3_333, 3_333, 3_334], 1_667, (0, 0), []
    for place, part in enumerate(whole):
        (share,) = _moved(write_entries(_known([part], 10_000, taxed, place, vat=vat), _SERVICES, {}).entries)
        shares.append(share)
        taxed = (taxed[0] + part, taxed[1] + share)
    assert shares == [556, 555, 556]
    assert sum(shares) == vat


def test_a_discount_takes_its_share_and_the_rest_comes_with_the_money() -> None:
    known = facts(
        [settled("a", "r", "F1", 98_000), settled("b", "r", "F1", 2_000, "discount")],
        [item("F1", 100_000)],
        [receipt("r", 98_000)],
    )
    known = Facts(**{**vars(known), "items": known.items.with_columns(vat=pl.lit(16_667, dtype=pl.Int64))})
    entries = write_entries(known, _SERVICES, {}).entries
    assert sum(_moved(entries)) == 16_667
    assert sum(_moved(entries, "445710")) == -16_334  # the VAT of the discount is given up, not due


def test_parts_whose_share_is_less_than_a_cent_count_for_the_next() -> None:
    """VAT of 10 cents on 100: four cents a part bear none, and the ten cents are moved all the same."""
    entries = write_entries(_known([4, 4, 4, 4, 84], 100, vat=10), _SERVICES, {}).entries
    assert sum(_moved(entries)) == 10
    (left,) = _moved(write_entries(_known([92], 100, (8, 0), 9, vat=4), _SERVICES, {}).entries)
    assert left == 4


def test_what_was_settled_before_vat_was_moved_bears_none() -> None:
    assert _moved(write_entries(_known([5_000], 10_000, (5_000, 0), vat=1_667), _SERVICES, {}).entries) == [834]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_credit_note_is_taxed_the_other_way(sign: int) -> None:
    known = _known([sign * 5_000], sign * 10_000, vat=sign * 1_667)
    assert _moved(write_entries(known, _SERVICES, {}).entries) == [sign * 834]


@st.composite
def _cases(draw: Any) -> tuple[int, int, list[list[int]]]:
    """An amount, its VAT, and the parts in which it is paid, batch by batch."""
    amount = draw(st.integers(1, 5_000_000))
    vat = draw(st.integers(0, amount // 3))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, amount - 1)), max_size=6)) - {amount}) if amount > 1 else []
    parts = [end - begin for begin, end in zip([0, *cuts], [*cuts, amount], strict=True)]
    batches: list[list[int]] = [[]]
    for part in parts:
        if batches[-1] and draw(st.booleans()):
            batches.append([])
        batches[-1].append(part)
    return amount, vat, batches


@given(_cases(), st.booleans())
def test_shares_are_pro_rata_and_sum_to_the_documents_vat(case: Any, taken_back: bool) -> None:
    amount, vat, batches = case
    taxed, paid, first = (0, 0), 0, 0
    for number, parts in enumerate(batches):
        known = _known(parts, amount, taxed, first, vat=vat)
        entries = write_entries(known, _SERVICES, {}).entries
        if taken_back and number == 0 and len(batches) > 1:  # undone and exported anew: as if it had never been
            back = reverse_entries(entries, DAY)
            assert sum(_moved(entries)) + sum(_moved(back)) == 0
        first += len(parts)
        paid += sum(parts)
        taxed = (taxed[0] + sum(parts), taxed[1] + sum(_moved(entries)))
        assert taxed[1] == _slowly(vat, paid, amount)
    assert taxed == (amount, vat)


def _slowly(vat: int, paid: int, amount: int) -> int:
    """The VAT of what is paid so far, by rule of three in decimals, halves away from zero."""
    return int((Decimal(vat) * paid / amount).quantize(Decimal(1), ROUND_HALF_UP))
