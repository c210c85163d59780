"""Names in texts: whose words all but all stand there, also where nothing else tells the payer of a whole statement."""

from __future__ import annotations

import polars as pl

from encours.core.matching.names import name_keys
from encours.core.matching.resemblance import said_in

_NAMES = ("Ateliers Roussillon SARL", "Roussillon Transports", "Sarl", "Étude Lorne & Fils")


def _found(*texts: str) -> pl.DataFrame:
    people = pl.DataFrame(
        {"customer": range(len(_NAMES)), "entity": 0, "key": name_keys(pl.Series(_NAMES))},
        schema_overrides={"customer": pl.Int32, "entity": pl.Int32},
    )
    asked = pl.DataFrame({"code": range(len(texts)), "entity": 0, "text": texts}, schema_overrides={"entity": pl.Int32})
    return said_in(asked, people)


def _said(*texts: str) -> dict[int, list[int]]:
    """code → customers by their places, likest first."""
    rows = _found(*texts).select("code", "customer").rows()
    return {code: [customer for one, customer in rows if one == code] for code in dict(rows)}


def test_all_words_of_a_name_in_any_order_and_writing() -> None:
    assert _said("VIR RECU DE ETUDE LORNE FILS FACT 12", "TRANSPORTS ROUSSILLON/45", "LORNE", "") == {0: [3], 1: [1]}


def test_a_legal_form_names_nobody_unless_it_is_all_that_is_said() -> None:
    assert _said("VIR SARL", "SARL", "ATELIERS ROUSSILLON SARL") == {1: [2], 2: [0]}


def test_many_texts_are_read_in_shares_with_the_same_answer() -> None:
    texts = ["ATELIERS ROUSSILLON", "NOBODY"] * 60_000
    found = _found(*texts)
    assert found["code"].to_list() == list(range(0, len(texts), 2))
    assert set(found["customer"]) == {0}
