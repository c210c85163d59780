"""What an alert is: a rule over payers' figures and late items, with a chance, a sentence and its evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from encours.core.base.book import Book

#: One row a payer and rule. `chance`: that the payer's late money (or next money) ends abnormally. `evidence`: items
#: or payments that the sentence rests on, by id or in words.
ALERT_SCHEMA: dict[str, pl.DataType] = {
    "payer_id": pl.String(),
    "alert": pl.String(),
    "chance": pl.Float64(),
    "sentence": pl.String(),
    "evidence": pl.List(pl.String()),
}


@dataclass(frozen=True, eq=False)
class Seen:
    """What alerts look at: the Book as known on the day, the history, payers' profiles (`profile.profiled`), flags, and
    the ids of items whose money has probably come (`arrived`)."""

    as_of: date
    known: Book
    history: pl.DataFrame
    profiles: pl.DataFrame
    flags: pl.DataFrame
    arrived: pl.Series = field(default_factory=lambda: pl.Series("item_id", [], dtype=pl.String))


@dataclass(frozen=True)
class Alert:
    """A rule: `find` gives payer_id, chance, sentence, evidence."""

    name: str
    rank: int
    find: Callable[[Seen], pl.DataFrame]


def alerted(seen: Seen, rules: tuple[Alert, ...]) -> pl.DataFrame:
    """ALERT_SCHEMA: what every rule finds, the likeliest first."""
    parts = [pl.DataFrame(schema=ALERT_SCHEMA)]
    for rule in rules:
        rows = rule.find(seen).with_columns(alert=pl.lit(rule.name))
        parts.append(rows.select(pl.col(name).cast(dtype) for name, dtype in ALERT_SCHEMA.items()))
    return pl.concat(parts).sort("chance", "payer_id", "alert", descending=[True, False, False])


def by_payer(flagged: pl.DataFrame) -> pl.DataFrame:
    """payer_id, items, late (days, the most), own_p90, chance (of the likeliest), evidence (ids, the dearest first)."""
    ordered = flagged.sort("open", descending=True)
    return ordered.group_by("payer_id", maintain_order=True).agg(
        items=pl.len(),
        late=pl.col("days_late").max(),
        own_p90=pl.col("own_p90").first(),
        chance=pl.col("p_abnormal").max(),
        evidence=pl.col("item_id").head(10),
    )
