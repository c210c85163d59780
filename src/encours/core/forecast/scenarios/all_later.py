"""Every customer pays so many days later than expected."""

from __future__ import annotations

import polars as pl

from encours.core.forecast.scenario import Rule, Scenario, later


def _find(items: pl.DataFrame, asked: Scenario) -> pl.DataFrame:
    return later(items["customer_id"].unique(), asked.days)


RULE = Rule("all_later", 40, "Every customer pays later.", ("days",), _find)
