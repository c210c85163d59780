"""Plan whom to chase on a day: what is asked of whom, what is held, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from encours.cli.report import (
    BAD_DATA,
    check_format,
    parse_day,
    progress,
    say_issues,
    say_table,
    whole_units,
    writable,
    write_outputs,
)

if TYPE_CHECKING:
    import polars as pl

    from encours.usecases.plan_folder import Planned

_SHOWN = 5


def command(
    book: Annotated[Path, typer.Argument(metavar="BOOK", help="A book folder, or a .zip of it.")],
    out: Annotated[
        Path, typer.Option("--out", help="Folder for actions, lines, held, parts, tasks, touches, summary.json.")
    ],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="D", help="The day to stand on; default: the book's last.")
    ] = None,
    scenarios: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Scenarios as TOML or JSON; default: the ready-made ones.")
    ] = None,
    learn: Annotated[
        bool, typer.Option("--learn", help="Learn a model of how customers pay first; else their own past is read.")
    ] = False,
    file_format: Annotated[str, typer.Option("--format", help="parquet or csv.")] = "parquet",
) -> None:
    """Plan whom to chase on a day: one message a customer, what it asks for, and what is held with the reason."""
    day = parse_day(as_of, "--as-of")
    check_format(file_format)

    from encours.core.base.issue import has_errors
    from encours.usecases.plan_folder import plan_book_folder

    with progress(f"planning whom of {book} to ask"):
        planned = plan_book_folder(book, day, scenarios, learn)
    say_issues(planned.issues)
    write_outputs(out, writable(planned.tables, file_format), planned.summary, file_format)
    _say(planned)
    made = planned.plan
    typer.echo(f"{made.actions.height:,} actions, {made.held.height:,} late items held, written to {out}")
    if has_errors(planned.issues):
        raise typer.Exit(BAD_DATA)


def _say(planned: Planned) -> None:
    """What a collector reads first: what leaves today, what is held and by what, what to do about it."""
    made = planned.plan
    typer.echo(f"Plan of {made.as_of.isoformat()}.")
    lines = made.lines.join(made.actions.select("action_id", "step", "mode", "currency"), on="action_id")
    say_table(
        "What is asked for", _rows(lines, ["step", "mode"], "action_id"), ("step", "mode", "messages", "asked for")
    )
    say_table("What is held", _rows(made.held, ["reason"], "item_id"), ("reason", "items", "amount"))
    for row in made.tasks.head(_SHOWN).iter_rows(named=True):
        amount = whole_units(row["amount"], row["currency"])
        typer.echo(f"{row['customer_id']}: {amount} {row['currency']}: {row['sentence']} [{row['kind']}]")
    more = made.tasks.height - _SHOWN
    if more > 0:
        typer.echo(f"… and {more:,} more things to do in `tasks`")


def _rows(rows: pl.DataFrame, by: list[str], count: str) -> list[tuple[str, ...]]:
    """By some columns: how many, and the amounts of each currency, the largest group first."""
    import polars as pl

    sums = rows.group_by(*by, "currency").agg(n=pl.col(count).n_unique(), amount=pl.col("amount").sum())
    sums = sums.sort("amount", *by, "currency", descending=[True, *(False for _ in by), False])
    return [
        (*(row[name].replace("_", " ") for name in by), f"{row['n']:,}",
         f"{whole_units(row['amount'], row['currency'])} {row['currency']}")
        for row in sums.iter_rows(named=True)
    ]  # fmt: skip
