"""One customer defaults: nothing that it owes or ordered is paid."""

from __future__ import annotations

import polars as pl

from encours.core.forecast.scenario import Rule, Scenario


def _find(items: pl.DataFrame, asked: Scenario) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": [asked.customer_id], "days": [0], "lost": [True]})


RULE = Rule("customer_lost", 30, "One customer defaults.", ("customer_id",), _find)
