"""Invented identities have right keys and belong to nobody."""

from __future__ import annotations

import numpy as np
import pytest
from stdnum import iban
from stdnum.fr import siren, tva

from encours.core.sample import identity
from encours.core.sample.draws import generator


def test_sirens_have_right_keys_begin_with_zero_and_differ() -> None:
    numbers = identity.siren_texts(identity.sirens(generator(1, "test"), 2_000))
    assert all(siren.is_valid(number) and number.startswith("0") for number in numbers)
    assert len(set(numbers)) == 2_000


def test_vat_ids_have_right_keys() -> None:
    assert all(tva.is_valid(vat) for vat in identity.vat_texts(identity.sirens(generator(2, "test"), 500)))


def test_ibans_are_french_and_valid_to_the_rib_key() -> None:
    rng = generator(3, "test")
    numbers = identity.ibans(
        rng.integers(0, 99_999, 300), rng.integers(0, 99_999, 300), rng.integers(0, 99_999_999_999, 300)
    )
    assert all(iban.is_valid(number) for number in numbers)
    for number in numbers[:50]:
        bank, branch, account, key = int(number[4:9]), int(number[9:14]), int(number[14:25]), int(number[25:])
        assert key == 97 - (89 * bank + 15 * branch + 3 * account) % 97


@pytest.mark.parametrize("size", [50, 5_000, 50_000])
def test_names_are_nearly_all_different(size: int) -> None:
    rng = generator(4, "test")
    nouns = identity.stems(rng, size)
    names = identity.company_names(rng, nouns, identity.segments(rng, size))
    assert len(set(names)) > 0.97 * size
    assert not any(name != name.strip() or "  " in name for name in names)


def test_person_and_public_names_carry_their_noun() -> None:
    rng = generator(5, "test")
    nouns = np.array(["Valdrac", "Cormilin"], dtype=object)
    assert all("Valdrac" in name or "Cormilin" in name for name in identity.public_names(rng, nouns))
    assert [name.split()[-1] for name in identity.person_names(rng, nouns)] == ["Valdrac", "Cormilin"]
