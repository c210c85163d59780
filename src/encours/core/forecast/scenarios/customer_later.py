"""One customer pays so many days later than expected."""

from __future__ import annotations

import polars as pl

from encours.core.forecast.scenario import Rule, Scenario, later


def _find(items: pl.DataFrame, asked: Scenario) -> pl.DataFrame:
    return later(pl.Series([asked.customer_id], dtype=pl.String), asked.days)


RULE = Rule("customer_later", 10, "One customer pays later.", ("customer_id", "days"), _find)
