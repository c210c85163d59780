"""Predict when each open item will be paid, and say how each customer pays."""

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
    write_outputs,
)

if TYPE_CHECKING:
    from encours.usecases.predict_payments import Predicted

_ALERTS_SHOWN = 5
_FLAGS = {
    "leave_alone": "inside it: leave alone until the day given",
    "watch": "inside it, but to be watched",
    "p90_passed": "beyond nine payments in ten",
}


def command(
    book: Annotated[Path, typer.Argument(metavar="BOOK", help="A book folder, or a .zip of it.")],
    out: Annotated[
        Path, typer.Option("--out", help="Folder for predictions, weeks, payers, habits, flags, alerts, summary.json.")
    ],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="D", help="The day to stand on; default: the book's last.")
    ] = None,
    file_format: Annotated[str, typer.Option("--format", help="parquet or csv.")] = "parquet",
) -> None:
    """Predict when each open item will be paid, and say how each customer pays."""
    day = parse_day(as_of, "--as-of")
    check_format(file_format)

    from encours.core.base.issue import has_errors
    from encours.usecases.predict_payments import predict_book_folder

    with progress(f"learning how the customers of {book} pay"):
        predicted = predict_book_folder(book, day)
    say_issues(predicted.issues)
    write_outputs(out, predicted.tables, predicted.summary, file_format)
    _say(predicted)
    typer.echo(f"{predicted.found.items.height:,} open items predicted, written to {out}")
    if has_errors(predicted.issues):
        raise typer.Exit(BAD_DATA)


def _say(predicted: Predicted) -> None:
    """What a credit manager reads first: how sure it is, how the customers pay, who to look at and who to leave."""
    summary = predicted.summary
    typer.echo(f"As of {predicted.as_of.isoformat()}. {summary['sentence']}")
    profiles = [(name.replace("_", " "), f"{count:,}") for name, count in summary["profiles"].items()]
    say_table("How the customers pay", profiles, ("profile", "customers"))
    flags = [(_FLAGS.get(name, name), f"{count:,}") for name, count in summary["flags"].items()]
    if flags:
        say_table("Late items beside their payer's own habit", flags, ("", "items"))
    for row in predicted.payers.alerts.head(_ALERTS_SHOWN).iter_rows(named=True):
        typer.echo(f"{row['payer_id']}: {row['sentence']}")
    more = predicted.payers.alerts.height - _ALERTS_SHOWN
    if more > 0:
        typer.echo(f"… and {more:,} more signs of change in `alerts`")
