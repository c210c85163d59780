"""Payment runs: the weekday, the day of the month or the décades on which nearly all of a payer's payments fall."""

from __future__ import annotations

import polars as pl

#: A run: this share of the days of payment, over at least so many of them, and where the due dates do not explain it.
_SHARE, _LEAST_DAYS, _DUE_SHARE = 0.7, 6, 0.6
#: Days by which a run slides over weekends and holidays.
_SLIDE = 3
#: Several runs a month, as French companies have them; a month's end is day 31. They cover more days: more must fall.
_PATTERNS = {"decades": (10, 20, 31), "halves": (15, 31)}
_PATTERN_SHARE, _PATTERN_DAYS = 0.85, 10


def runs(paid: pl.DataFrame) -> pl.DataFrame:
    """payer_id, run_weekday (1 Monday … 7), run_month_days (list; 31 is the month's end), run_share (0 … 1).

    `paid`: payer_id, paid_on, due_on. At most one of the two is told; both are null where no run shows.
    """
    days = paid.select("payer_id", "paid_on").unique(maintain_order=True)
    found = days.group_by("payer_id", maintain_order=True).agg(
        _days=pl.len(), _months=pl.col("paid_on").dt.month_start().n_unique()
    )
    for part in (_weekly(paid, days), _monthly(days), _patterned(days)):
        found = found.join(part, on="payer_id", how="left", maintain_order="left")
    enough = pl.col("_days") >= _LEAST_DAYS
    # One day of payment a month or so, always about the same day.
    monthly = enough & (pl.col("_month_share") >= _SHARE) & (pl.col("_days") <= 1.5 * pl.col("_months"))
    weekly = enough & ~monthly & (pl.col("_week_share") >= _SHARE) & (pl.col("_due_share") <= _DUE_SHARE)
    several = (pl.col("_days") >= _PATTERN_DAYS) & ~monthly & ~weekly & (pl.col("_pattern_share") >= _PATTERN_SHARE)
    share = {"_month_share": monthly, "_week_share": weekly, "_pattern_share": several}
    return found.select(
        "payer_id",
        run_weekday=pl.when(weekly).then("_weekday"),
        run_month_days=pl.when(monthly).then(pl.concat_list("_month_day")).when(several).then("_pattern"),
        run_share=pl.coalesce(pl.when(holds).then(name) for name, holds in share.items()),
    )


def _weekly(paid: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """The commonest weekday, its share of the days of payment, and of the due dates."""
    counted = days.group_by("payer_id", _weekday=pl.col("paid_on").dt.weekday().cast(pl.Int64)).agg(_on=pl.len())
    counted = counted.with_columns(_week_share=pl.col("_on") / pl.col("_on").sum().over("payer_id"))
    most = counted.sort("_on", "_weekday", descending=[True, False])
    most = most.unique("payer_id", keep="first", maintain_order=True).drop("_on")
    due = (
        paid.join(most, on="payer_id")
        .group_by("payer_id")
        .agg(_due_share=(pl.col("due_on").dt.weekday() == pl.col("_weekday")).mean())
    )
    return most.join(due, on="payer_id")


def _slid(days: pl.DataFrame) -> pl.DataFrame:
    """payer_id, paid_on, _run: every run day that a payment may belong to, itself or up to _SLIDE days before."""
    ends = pl.col("paid_on") >= pl.col("paid_on").dt.month_end() - pl.duration(days=1)
    on = days.with_columns(_on=pl.when(ends).then(pl.lit(31)).otherwise(pl.col("paid_on").dt.day().cast(pl.Int64)))
    back = pl.DataFrame({"_back": range(_SLIDE + 1)})
    run = pl.col("_on") - pl.col("_back")
    slid = on.join(back, how="cross").with_columns(_run=pl.when(run < 1).then(pl.lit(31)).otherwise(run))
    return slid.select("payer_id", "paid_on", "_run").unique()


def _monthly(days: pl.DataFrame) -> pl.DataFrame:
    """The day of the month that most payments may belong to (the latest of equal ones), and their share."""
    counted = _slid(days).group_by("payer_id", _month_day="_run").agg(_on=pl.len())
    most = counted.sort("_on", "_month_day", descending=[True, True])
    most = most.unique("payer_id", keep="first", maintain_order=True)
    whole = days.group_by("payer_id").agg(_all=pl.len())
    return most.join(whole, on="payer_id").select("payer_id", "_month_day", _month_share=pl.col("_on") / pl.col("_all"))


def _patterned(days: pl.DataFrame) -> pl.DataFrame:
    """The pattern of several days a month that most payments may belong to, and their share."""
    slid, whole = _slid(days), days.group_by("payer_id").agg(_all=pl.len())
    parts = []
    for pattern in _PATTERNS.values():
        inside = slid.filter(pl.col("_run").is_in(pattern)).select("payer_id", "paid_on").unique()
        counted = inside.group_by("payer_id").agg(_on=pl.len()).join(whole, on="payer_id")
        chosen = pl.lit(pl.Series([list(pattern)], dtype=pl.List(pl.Int64))).first()
        parts.append(counted.select("payer_id", _pattern=chosen, _pattern_share=pl.col("_on") / pl.col("_all")))
    # Fewer days that explain as much explain more.
    found = pl.concat(parts).with_columns(_count=pl.col("_pattern").list.len())
    return (
        found.sort(pl.col("_pattern_share") - 0.05 * pl.col("_count"), "payer_id", descending=[True, False])
        .unique("payer_id", keep="first", maintain_order=True)
        .drop("_count")
    )
