"""A payer leaves its habit: its items come later one after the other, those still unpaid included; or it has none yet
and does not begin well.
"""

from __future__ import annotations

import polars as pl

from encours.core.behaviour.alert import Alert, Seen
from encours.core.behaviour.slip import SURE, creeps, slips, untried

#: Odds that a payer changes its habit within the months that are looked at, before anything is seen.
_ODDS = 0.03
#: The chance of who has no habit yet and of whose delays creep up: shares of such alerts that were right, rounded down,
#: of the invented companies on which the bounds were chosen.
_UNTRIED, _CREEPS = 0.2, 0.4


def _find(seen: Seen) -> pl.DataFrame:
    rows = seen.profiles.filter(slips() | creeps() | untried())
    odds = _ODDS * pl.col("slip_score")
    chance = pl.when(slips()).then((odds / (1 + odds)).clip(0.0, 0.98)).when(creeps()).then(_CREEPS).otherwise(_UNTRIED)
    sentence = pl.when(slips()).then(_slips()).when(creeps()).then(_creeps()).otherwise(_untried())
    since = pl.when(slips()).then("slip_since")
    found = rows.select("payer_id", since.alias("slip_since"), chance=chance, sentence=sentence)
    return found.join(_unpaid(seen, found), on="payer_id", how="left", maintain_order="left")


def _slips() -> pl.Expr:
    late = pl.col("slip_days").round(0).cast(pl.Int64)
    sure = pl.format(
        "Since {} payments come {} days later than before: {} of {} items are later than nine in ten were.",
        "slip_since", late, "slip_late", "slip_items",
    )  # fmt: skip
    early = pl.format(
        "Items due since {}: {} days later than before, the oldest unpaid one by {} days; "
        "{} of {} are later than nine in ten of this payer and those like it.",
        "slip_since", late, "slip_waits", "slip_late", "slip_items",
    )  # fmt: skip
    return pl.when(pl.col("slip_score") >= SURE).then(sure).otherwise(early)


def _creeps() -> pl.Expr:
    was, now = (pl.col(name).round(0).cast(pl.Int64) for name in ("slip_was", "slip_now"))
    return pl.format(
        "Delays grow from item to item: {} days the older ones, {} days the newer ones, {} days an unpaid one so far.",
        was, now, "slip_ripe",
    )  # fmt: skip


def _untried() -> pl.Expr:
    percent = (pl.col("slip_rare") * 100).round(0).cast(pl.Int64)
    return pl.format(
        "Payments known: {}, none as late; an item is {} days late, as {} % of other payers' are.",
        "slip_paid", "slip_ripe", percent,
    )  # fmt: skip


def _unpaid(seen: Seen, found: pl.DataFrame) -> pl.DataFrame:
    """payer_id, evidence: the unpaid items of the run (of any, where there is none), the oldest first."""
    late = (pl.col("open") > 0) & (pl.col("due_on") < seen.as_of)
    of_run = pl.col("slip_since").is_null() | (pl.col("due_on") >= pl.col("slip_since"))
    rows = seen.history.join(found.select("payer_id", "slip_since"), on="payer_id").filter(late & of_run)
    return rows.sort("due_on", "item_id").group_by("payer_id").agg(evidence=pl.col("item_id").head(10))


ALERT = Alert("slipping", 12, _find)
