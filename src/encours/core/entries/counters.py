"""Contre-passation: what was exported and is reversed here leaves once more, the other way round."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.entries.entries import ENTRY
from encours.core.entries.ids import PATTERN, encours_id
from encours.core.entries.letters import next_letters
from encours.core.entries.lettrage import LETTER

_WORD = "CONTREPASSATION"


def reverse_entries(originals: pl.DataFrame, on: date) -> pl.DataFrame:
    """The mirror of exported entries, dated `on`: columns of ENTRY and `reverses`, the piece of the original.

    Line by line and account by account as they left, whatever the rules say today.
    """
    if not originals.height:
        return originals.select(list(ENTRY)).with_columns(reverses="piece").clear()
    turned, main = (
        pl.col(name).map_elements(lambda one: encours_id(f"entry:reversed:{one}"), return_dtype=pl.String)
        for name in ("piece", "main")
    )
    text = pl.col("label").str.replace(rf" ?{PATTERN}$", "").str.head(60 - len(_WORD) - 1)
    return originals.select(
        pl.col(list(ENTRY)), reverses="piece", reversed_piece=turned, reversed_main=main
    ).with_columns(
        label=pl.format("{} {} {}", pl.lit(_WORD), text, "reversed_piece"),
        piece="reversed_piece",
        main="reversed_main",
        net=-pl.col("net"),
        foreign_amount=-pl.col("foreign_amount"),
        day=pl.lit(on),
        period=pl.lit(on.replace(day=1)),
        counter=pl.lit(True),
    ).select(*ENTRY, "reverses")  # fmt: skip


def reversal_letters(
    reversals: pl.DataFrame, originals: pl.DataFrame, seen: dict[tuple[str, str], str]
) -> pl.DataFrame:
    """Each reversed claim line with the line that it takes back, under a capital letter: columns of LETTER.

    `seen` is the highest code of each (entity, account) and is carried on.
    """
    rows = []
    keys = ["entity_id", "account", "auxiliary", "item_id", "role"]
    own = reversals.filter(pl.col("role").is_in(["claim", "advance"]) & (pl.col("auxiliary") != ""))
    lines = originals.select(*keys, "net", reverses="piece", was_on="day").with_columns(back=-pl.col("net"))
    met = own.join(lines, left_on=[*keys, "reverses", "net"], right_on=[*keys, "reverses", "back"])
    for row in met.sort("entity_id", "account", "piece", "item_id").iter_rows(named=True):
        series = (row["entity_id"], row["account"])
        letter = next_letters([seen.get(series, "")], 1)[0]
        seen[series] = letter
        shared = {name: row[name] for name in ("entity_id", "bank", "period", "account", "auxiliary")}
        shared |= {"letter": letter, "subject": "entry", "item_id": row["item_id"], "receipt_id": row["receipt_id"]}
        for piece, day, net in ((row["reverses"], row["was_on"], -row["net"]), (row["piece"], row["day"], row["net"])):
            rows.append(shared | {"reference": piece, "erp_line": piece, "day": day, "net": net})
    return pl.DataFrame(rows, schema=LETTER)
