"""Forecast the cash that customers will pay, week by week."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from encours.cli.report import (
    BAD_DATA,
    CallError,
    check_format,
    parse_day,
    progress,
    say_issues,
    say_table,
    whole_units,
    write_outputs,
)

if TYPE_CHECKING:
    from encours.usecases.forecast_folder import Forecasted

_MOST_WEEKS = 52


def command(
    book: Annotated[Path, typer.Argument(metavar="BOOK", help="A book folder, or a .zip of it.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for `forecast`, outlook, days, items… and summary.json.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="D", help="The day to stand on; default: the book's last.")
    ] = None,
    weeks: Annotated[int, typer.Option(help="How many weeks, from the day after.")] = 13,
    seed: Annotated[int, typer.Option(help="Of the draws; the same gives the same.")] = 0,
    scenario: Annotated[
        str | None, typer.Option(help="What if: customer_later, largest_later, customer_lost or all_later.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="The customer of the scenario, by its id.")] = None,
    days: Annotated[int, typer.Option(help="By how many days later they pay in the scenario.")] = 15,
    file_format: Annotated[str, typer.Option("--format", help="parquet or csv.")] = "parquet",
) -> None:
    """Forecast the cash that customers will pay, week by week: open items, orders, and what is not invoiced yet."""
    day = parse_day(as_of, "--as-of")
    check_format(file_format)
    faults = [] if 1 <= weeks <= _MOST_WEEKS else [f"--weeks: {weeks} is not between 1 and {_MOST_WEEKS}"]
    if customer and not scenario:
        faults.append("--customer: belongs to a --scenario")
    if faults:
        raise CallError(faults)

    from encours.core.base.issue import has_errors
    from encours.core.forecast import Scenario
    from encours.usecases.forecast_folder import forecast_book_folder

    asked = Scenario(scenario, customer, days) if scenario else None
    with progress(f"learning how the customers of {book} pay"):
        made = forecast_book_folder(book, day, weeks, seed, asked)
    say_issues(made.issues)
    write_outputs(out, made.tables, made.summary, file_format)
    _say(made)
    typer.echo(f"{made.found.weeks.height:,} rows by customer and week, written to {out}")
    if has_errors(made.issues):
        raise typer.Exit(BAD_DATA)


def _say(made: Forecasted) -> None:
    """What a treasurer reads first: the weeks of each currency, how sure they are, what is not in them."""
    import polars as pl

    typer.echo(f"As of {made.found.as_of.isoformat()}. {made.summary['sentence']}")
    for purse in made.summary["expected"]:
        entity, currency = purse["entity_id"], purse["currency"]
        own = (pl.col("entity_id") == entity) & (pl.col("currency") == currency)
        rows = made.found.outlook.filter(own).pivot("source", index="week_start", values=["mean", "p10", "p90"])
        names = ("mean_open_items", "p10_open_items", "p90_open_items")
        more = ("mean_orders", "mean_expected_invoices", "mean_total", "p10_total", "p90_total")
        lines = [
            (str(row["week_start"]), *(whole_units(row[name], currency) for name in (*names, *more)))
            for row in rows.iter_rows(named=True)
        ]
        heads = ("week from", "open items", "at least", "at most", "orders", "new invoices", "total", "at least",
                 "at most")  # fmt: skip
        say_table(
            f"{entity}, {currency}: cash expected; “at least” and “at most” hold four times in five", lines, heads
        )
        later = whole_units(purse["after_last_week_or_never"], currency)
        typer.echo(f"Of {whole_units(purse['open'], currency)} {currency} open, {later} is expected later, or never.")
    for row in made.summary["left_out"]:
        typer.echo(f"Left out as {row['reason']}: {whole_units(row['amount'], row['currency'])} {row['currency']}")
