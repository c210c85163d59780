"""Replay an engine over the past of a book: its figures and a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from encours.cli.report import check_matching_call, parse_day, progress, say_issues, say_table, write_outputs

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.callback()
def group() -> None:
    """Replay an engine over the past of a book: its figures and a page to look at."""


@app.command("matching")
def matching(
    book: Annotated[Path, typer.Argument(help="A book folder (Parquet or CSV) with receipts and their letters.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables, summary.json and index.html.")],
    since: Annotated[
        str | None, typer.Option("--from", metavar="D", help="First day; default the first receipt's.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="D", help="Last day; default the book's last.")] = None,
    max_error_rate: Annotated[
        float, typer.Option("--max-error-rate", help="Nothing is decided automatically above this risk.")
    ] = 0.001,
    file_format: Annotated[str, typer.Option("--format", help="parquet or csv")] = "parquet",
) -> None:
    """Decide past receipts day by day on what was known then; compare with the letters made since."""
    check_matching_call(book, max_error_rate, file_format)
    start, end = parse_day(since, "--from"), parse_day(until, "--to")

    from encours.usecases.backtest_matching import backtest_matching
    from encours.usecases.backtest_page import page

    with progress("replaying") as status:
        tested = backtest_matching(
            book, start, end, max_error_rate, lambda day: status.update(f"replaying {day.isoformat()}")
        )
    say_issues(tested.issues)
    result = tested.result
    tables = {"decisions": result.decisions, "allocations": result.allocations, "figures": result.figures}
    write_outputs(out, tables, tested.summary, file_format)
    judged = result.disagreements.with_columns(judgement=None).drop("verdict", "month", "entity_id")
    judged.write_csv(out / "disagreements.csv")
    (out / "index.html").write_text(page(tested), encoding="utf-8")
    shown = result.figures.filter(result.figures["group"].is_in(["all", "stratum"]))
    rows = [_row(row) for row in shown.iter_rows(named=True)]
    headers = ("", "receipts", "lettered", "proposed", "automatic", "agreement", "automatic agr.", "differ")
    say_table(f"Receipts from {tested.start} to {tested.end}, beside the book's letters", rows, headers)
    typer.echo(f"{result.disagreements.height} disagreements to judge; the page is {out / 'index.html'}")
    if bool((tested.issues["severity"] == "error").any()):
        raise typer.Exit(1)


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    counts = (f"{row[name]:,}" for name in ("receipts", "lettered", "proposed", "automatic"))
    shares = (_share(row[name]) for name in ("agreement", "automatic_agreement"))
    return (row["value"].replace("_", " "), *counts, *shares, f"{row['differ']:,}")


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
