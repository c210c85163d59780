"""Customers that several files tell of: the fullest row, and a name where any file has one."""

from __future__ import annotations

import polars as pl

from encours.core.base.schema import TABLES
from encours.usecases.unify_sources import fill_customers


def listed(name: str, country: str | None = None) -> pl.DataFrame:
    row = {"customer_id": "A:0", "entity_id": "A", "name": name, "kind": "business", "country": country}
    return TABLES["customers"].conform(pl.DataFrame([row], schema_overrides={"country": pl.String}))


def test_a_name_wins_over_an_account_number_whatever_the_order_of_the_files() -> None:
    bare, named = listed("0", "FR"), listed("Zirconia 0")
    for files in ([bare, named], [named, bare]):
        assert fill_customers(files).select("name", "country").rows() == [("Zirconia 0", "FR")]
    assert fill_customers([bare])["name"].to_list() == ["0"]
