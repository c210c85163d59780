"""A stream of seventeen months: what posts by itself once the book has taught it, and how often that is right.

The desk of `benchmarks.matching.desk` works through a stream of known truth: months of parallel run, then posting on
proofs and on the book's own certificate, once a common one and once one for each stratum. The bars are for the receipts
from the seventh month on ("after six months of learning"); each month is shown for itself. The case is the published
standard profile as one selling entity, since an entity has one certificate; its seed is none that the shipped model or
its certificate was made on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from benchmarks.harness import Call, Figure, arguments, measure, report
from benchmarks.matching.desk import Desk, Rules, open_desk, replay, twin
from benchmarks.matching.generate import generate
from benchmarks.matching.profile import STANDARD
from benchmarks.matching.show import show_table

RECEIPTS, SEED = 100_000, 311
#: Six months of learning are over: from this month of payments on the bars apply.
LEARNED = 7
OPTIONS: dict[str, dict[str, Any]] = {
    "--seed": {"type": int, "default": SEED},
    "--parallel": {"type": int, "default": Rules.parallel_months, "help": "months of parallel run: nothing posts"},
    "--block": {"type": int, "default": Rules.block, "help": "days between two runs of the engine"},
    "--strata": {"choices": ("both", "common", "each"), "default": "both", "help": "one certificate, or one a stratum"},
}


WAYS = {"common": False, "each": True}


def run(receipts: int, seed: int, rules: Rules, ways: tuple[str, ...]) -> dict[str, Any]:
    """Generates a stream and replays it: for each of `ways` the figures by group (`rates`), seconds, certificates and
    the strata that were switched off. The parallel run is the same for all and is done once."""
    started = time.perf_counter()
    case = generate(replace(STANDARD, entities=1), receipts, "stream", seed)
    begun = time.perf_counter()
    desk = open_desk(case, rules)
    _watched(desk, posting=False)
    parallel = time.perf_counter()
    found: dict[str, Any] = {"generating": begun - started}
    for way in ways:
        since = time.perf_counter()
        other = twin(desk, WAYS[way])
        _watched(other, posting=True)
        found[way] = {
            "rates": rates(pl.concat(other.verdicts)),
            "replaying": parallel - begun + time.perf_counter() - since,
            "certificates": _told(other),
            "off": sorted(other.policy.off),
        }
    return found


def _watched(desk: Desk, posting: bool) -> None:
    for last in replay(desk, posting):
        print(f"\r{last} ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def rates(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a group and value: all, learned (from the seventh month on), month, and of the learned ones by stratum
    of the engine, stratum of the truth, pattern, value.

    receipts, posted, posted_right, posted_exact, top (the best proposal is right), worth and posted_worth (minor
    units), then of the matchable ones with a usable reference: usable, usable_posted, usable_right; duplicates,
    duplicates_posted.
    """
    dated = rows.with_columns(month=(pl.col("day").dt.year() - 2025) * 12 + pl.col("day").dt.month() - 1)
    late = dated.filter(pl.col("month") >= LEARNED)
    whole = pl.lit("all")
    parts = [
        dated.with_columns(group=whole, value=whole),
        late.with_columns(group=pl.lit("learned"), value=whole),
        dated.with_columns(group=pl.lit("month"), value=pl.col("day").dt.strftime("%Y-%m")),
    ]
    of_learned = {"kind": "kind", "stratum": "stratum", "pattern": "pattern", "value": "band", "rule": "rule"}
    parts += [late.with_columns(group=pl.lit(title), value=pl.col(name)) for title, name in of_learned.items()]
    return pl.concat([part.group_by("group", "value", maintain_order=True).agg(_counts()) for part in parts])


def _counts() -> list[pl.Expr]:
    usable = pl.col("usable") & pl.col("matchable")
    flags = {
        "posted": pl.col("posted"),
        "posted_right": pl.col("posted_right"),
        "posted_exact": pl.col("posted_exact"),
        "proposed": pl.col("proposed"),
        "top": pl.col("right"),
        "usable": usable,
        "usable_posted": usable & pl.col("posted"),
        "usable_right": usable & pl.col("posted_right"),
        "duplicates": pl.col("pattern") == "duplicate",
        "duplicates_posted": (pl.col("pattern") == "duplicate") & pl.col("posted"),
    }
    worth = pl.col("amount").abs()
    return [
        pl.len().cast(pl.Int64).alias("receipts"),
        *(flag.sum().cast(pl.Int64).alias(name) for name, flag in flags.items()),
        worth.sum().alias("worth"),
        worth.filter(pl.col("posted")).sum().alias("posted_worth"),
        worth.filter(pl.col("posted") & ~pl.col("posted_right")).sum().alias("wrong_worth"),
    ]


def _told(desk: Desk) -> list[dict[str, Any]]:
    """The certificates in the order in which they were made: what each row rests on and lets through."""
    names = ("stratum", "certified", "threshold", "judged", "sample", "errors", "tests")
    return [
        {"made_on": day.isoformat(), **{name: line[name] for name in names}}
        for day, certificate in desk.made
        for line in certificate.rows.iter_rows(named=True)
    ]


def main(argv: list[str] | None = None) -> int:
    """Prints the months and the bars of 100,000 receipts."""
    call = arguments("A stream of 100,000 receipts, posted on the book's own certificate", argv, options=OPTIONS | {
        "--receipts": {"type": int, "default": RECEIPTS, "help": "full size (the bars are meant for 100,000)"},
    })  # fmt: skip
    receipts = max(1_000, call.scaled(call.extra["receipts"]))
    bars = {"automatic": 76.0, "usable": 98.0} if call.scale == 1 and receipts == RECEIPTS else {}
    return replayed(call, receipts, bars)


def replayed(call: Call, receipts: int, bars: Mapping[str, float]) -> int:
    """The run with a common certificate and the one with a certificate for each stratum, beside `bars`."""
    rules = Rules(parallel_months=call.extra["parallel"], block=call.extra["block"])
    ways = tuple(way for way in WAYS if call.extra["strata"] in ("both", way))
    done = measure(run, receipts, call.extra["seed"], rules, ways)
    figures = [Figure("receipts", receipts)]
    facts: dict[str, Any] = {name: call.extra[name] for name in ("seed", "parallel", "block")}
    for way in ways:
        found = done.value[way]
        _show(way, found["rates"])
        figures += _each_figures(found, bars) if WAYS[way] else _common_figures(found, receipts, bars)
        facts[way] = told(found)
    return report(call, [*figures, Figure("peak memory", done.peak_mb, "MB")], facts)


def told(found: Mapping[str, Any]) -> dict[str, Any]:
    """What of a way stays beside the figures: months and strata, how many certificates were made, and the last one."""
    kept = found["rates"].filter(pl.col("group").is_in(["month", "kind", "stratum"]))
    made = found["certificates"]
    rows = kept.select("group", "value", "receipts", "posted", "posted_right", "top").rows()
    return {
        "by": [" ".join(str(value) for value in row) for row in rows],
        "certificates": len({line["made_on"] for line in made}),
        "last_certificate": [line for line in made if line["made_on"] == made[-1]["made_on"]],
        "off": found["off"],
    }


def _common_figures(done: Mapping[str, Any], receipts: int, bars: Mapping[str, float]) -> list[Figure]:
    found = done["rates"]
    late, whole = _row(found, "learned"), _row(found, "all")
    months = [row for row in found.filter(group="month").to_dicts() if row["posted"]]
    worst = min((_percent(row["posted_right"], row["posted"]) for row in months), default=0.0)
    of_late = {name: _percent(late[name], late["receipts"]) for name in ("posted", "top")}
    precise, surest = (99.9, 99.99) if bars else (None, None)
    usable = _percent(late["usable_posted"], late["usable"])
    top = _percent(whole["top"], whole["receipts"])
    return [
        Figure("automatic after six months", of_late["posted"], "%", at_least=bars.get("automatic")),
        Figure("of these right", _percent(late["posted_right"], late["posted"]), "%", at_least=precise),
        Figure("of these wrong", late["posted"] - late["posted_right"]),
        Figure("of these right to the cent", _percent(late["posted_exact"], late["posted"]), "%"),
        Figure("worst month, right of what posted", worst, "%", at_least=bars.get("month")),
        Figure("usable reference: automatic", usable, "%", at_least=bars.get("usable")),
        Figure("of these right", _percent(late["usable_right"], late["usable_posted"]), "%", at_least=surest),
        Figure("of these wrong", late["usable_posted"] - late["usable_right"]),
        Figure("best proposal right, of all receipts", top, "%", at_least=bars.get("top")),
        Figure("best proposal right after six months", of_late["top"], "%"),
        Figure("duplicates", whole["duplicates"]),
        Figure("duplicates posted", whole["duplicates_posted"], at_most=whole["duplicates"] // 100 if bars else None),
        Figure("automatic after six months, of the money", _percent(late["posted_worth"], late["worth"]), "%"),
        Figure("wrong of the money posted", _percent(late["wrong_worth"], late["posted_worth"]), "%"),
        Figure("replaying", done["replaying"], "s"),
        Figure("receipts a second", round(receipts / done["replaying"])),
    ]


def _each_figures(done: Mapping[str, Any], bars: Mapping[str, float]) -> list[Figure]:
    found = done["rates"]
    late = _row(found, "learned")
    automatic = _percent(late["posted"], late["receipts"])
    figures = [Figure("each stratum certified: automatic", automatic, "%", at_least=bars.get("each"))]
    for row in sorted(found.filter(group="kind").to_dicts(), key=lambda row: str(row["value"])):
        if row["posted"]:
            right = _percent(row["posted_right"], row["posted"])
            title = f"right of {row['posted']:,} posted: {row['value']}"
            figures.append(Figure(title, right, "%", at_least=99.9 if "each" in bars else None))
    return figures


def _row(found: pl.DataFrame, group: str) -> dict[str, Any]:
    return found.filter(group=group).row(0, named=True)


def _percent(part: float, base: float) -> float:
    return round(100 * part / base, 4) if base else 0.0


_HEADERS = (
    "group",
    "",
    "receipts",
    "auto %",
    "right %",
    "wrong",
    "top %",
    "usable auto %",
    "usable wrong",
    "duplicates",
)


def _show(way: str, found: pl.DataFrame) -> None:
    """The months, then the groups of the learned receipts."""
    shown = found.sort(pl.col("group") != "all", pl.col("group") != "learned", "group", "value")
    print({"common": "One certificate for all", "each": "A certificate for each stratum"}[way])
    show_table(_HEADERS, [_words(row) for row in shown.iter_rows(named=True)])


def _words(row: dict[str, Any]) -> list[str]:
    return [
        row["group"],
        str(row["value"]),
        f"{row['receipts']:,}",
        f"{_percent(row['posted'], row['receipts']):.2f}",
        f"{_percent(row['posted_right'], row['posted']):.3f}",
        f"{row['posted'] - row['posted_right']:,}",
        f"{_percent(row['top'], row['receipts']):.2f}",
        f"{_percent(row['usable_posted'], row['usable']):.2f}",
        f"{row['usable_posted'] - row['usable_right']:,}",
        f"{row['duplicates_posted']} of {row['duplicates']}",
    ]


if __name__ == "__main__":
    raise SystemExit(main())
