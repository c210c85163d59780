"""Replay an engine over the past of a book: its figures and a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from encours.cli.report import (
    check_format,
    check_matching_call,
    parse_day,
    progress,
    say_issues,
    say_table,
    whole_units,
    writable,
    write_outputs,
)

if TYPE_CHECKING:
    from encours.usecases.backtest_dunning import DunningTested

_Book = Annotated[Path, typer.Argument(metavar="BOOK", help="A book folder, or a .zip of it.")]
_Out = Annotated[Path, typer.Option("--out", help="Folder for the tables, summary.json and index.html.")]
_Format = Annotated[str, typer.Option("--format", help="parquet or csv")]

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.callback()
def group() -> None:
    """Replay an engine over the past of a book: its figures and a page to look at."""


@app.command("matching")
def matching(
    book: Annotated[Path, typer.Argument(help="A book folder (Parquet or CSV) with receipts and their letters.")],
    out: _Out,
    since: Annotated[
        str | None, typer.Option("--from", metavar="D", help="First day; default the first receipt's.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="D", help="Last day; default the book's last.")] = None,
    max_error_rate: Annotated[
        float, typer.Option("--max-error-rate", help="Nothing is decided automatically above this risk.")
    ] = 0.001,
    file_format: _Format = "parquet",
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


@app.command("payments")
def payments(
    book: _Book,
    out: _Out,
    since: Annotated[
        str | None, typer.Option("--from", metavar="D", help="First day; default 13 weeks before the last.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="D", help="Last day; default eight weeks before the book's last.")
    ] = None,
    file_format: _Format = "parquet",
) -> None:
    """Forecast past payments week by week on what was known then; compare with what came and the naive forecasts."""
    check_format(file_format)
    start, end = parse_day(since, "--from"), parse_day(until, "--to")

    from encours.core.base.issue import has_errors
    from encours.usecases.backtest_payments import backtest_payments
    from encours.usecases.payments_page import page

    with progress("replaying") as status:
        tested = backtest_payments(book, start, end, lambda day: status.update(f"replaying {day.isoformat()}"))
    say_issues(tested.issues)
    write_outputs(out, tested.tables, tested.summary, file_format)
    (out / "index.html").write_text(page(tested), encoding="utf-8")
    rows = [_payments_row(name, tested.all(name)) for name in ("model", "own_median", "due_date")]
    headers = ("", "forecasts", "mean error, days", "within 3", "pinball", "in the range", "before", "after")
    say_table(f"Open items once a week from {tested.start} to {tested.end}, beside what was paid", rows, headers)
    typer.echo(f"The page is {out / 'index.html'}")
    if has_errors(tested.issues):
        raise typer.Exit(1)


@app.command("forecast")
def forecast(
    book: _Book,
    out: _Out,
    since: Annotated[
        str | None, typer.Option("--from", metavar="D", help="First day; default 12 weeks before the last.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="D", help="Last day; default the last whose weeks are over.")
    ] = None,
    weeks: Annotated[int, typer.Option(help="How many weeks ahead.")] = 4,
    file_format: _Format = "parquet",
) -> None:
    """Forecast past cash week by week on what was known then; compare with what came and the naive forecasts."""
    check_format(file_format)
    start, end = parse_day(since, "--from"), parse_day(until, "--to")

    from encours.core.base.issue import has_errors
    from encours.usecases.backtest_forecast import backtest_forecast
    from encours.usecases.forecast_page import NAMES, page

    with progress("replaying") as status:
        tested = backtest_forecast(book, start, end, weeks, lambda day: status.update(f"replaying {day.isoformat()}"))
    say_issues(tested.issues)
    write_outputs(out, tested.tables, tested.summary, file_format)
    (out / "index.html").write_text(page(tested), encoding="utf-8")
    ahead = [str(week) for week in range(1, weeks + 1)]
    headers = ("", "all weeks", *(f"week {week}" for week in ahead), "bias", "in the range")
    for currency in tested.currencies["currency"].unique(maintain_order=True):
        rows = [_forecast_row(words, tested.of(currency, name), ahead) for name, words in NAMES.items()]
        say_table(f"{currency}: weekly cash off by, once a week from {tested.start} to {tested.end}", rows, headers)
    typer.echo(f"The page is {out / 'index.html'}")
    if has_errors(tested.issues):
        raise typer.Exit(1)


@app.command("dunning")
def dunning(
    book: _Book,
    out: _Out,
    since: Annotated[
        str | None, typer.Option("--from", metavar="D", help="First day; default three months before the last.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="D", help="Last day; default the book's last.")] = None,
    scenarios: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Scenarios as TOML or JSON; default: the ready-made ones.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Other scenarios, replayed beside them and compared.")
    ] = None,
    file_format: _Format = "parquet",
) -> None:
    """Plan past days one by one on what was known then: who would have got what, who had paid, what was held."""
    check_format(file_format)
    start, end = parse_day(since, "--from"), parse_day(until, "--to")

    from encours.core.base.issue import has_errors
    from encours.usecases.backtest_dunning import backtest_dunning
    from encours.usecases.dunning_page import page

    with progress("replaying") as status:
        tested = backtest_dunning(
            book, start, end, scenarios, lambda day: status.update(f"replaying {day.isoformat()}")
        )
    say_issues(tested.issues)
    write_outputs(out, writable(tested.tables, file_format), tested.summary, file_format)
    (out / "index.html").write_text(page(tested), encoding="utf-8")
    rows = [_dunning_row(row) for row in tested.steps.iter_rows(named=True)]
    headers = ("", "messages", "customers", "asked for", "who had paid", "collisions", "minutes")
    say_table(f"What would have left from {tested.start} to {tested.end}", rows, headers)
    for code, part in tested.share("held").items():
        typer.echo(f"{code}: gates held {_share(part)} of the late money on an average day")
    typer.echo(f"{tested.wrong.height} lines to people who had paid; the page is {out / 'index.html'}")
    if against is not None:
        _compare(tested, book, against, out, file_format)
    if has_errors(tested.issues):
        raise typer.Exit(1)


def _compare(tested: DunningTested, book: Path, against: Path, out: Path, file_format: str) -> None:
    """Replays the other scenarios over the same days and says what they do more or less; writes `comparison`."""
    from encours.usecases.backtest_dunning import backtest_dunning
    from encours.usecases.compare_scenarios import compare_replays

    with progress("replaying the other scenarios") as status:
        other = backtest_dunning(
            book, tested.start, tested.end, against, lambda day: status.update(f"replaying {day.isoformat()}")
        )
    both = (tested.result, other.result)
    found = compare_replays(tested.book, tested.start, tested.end, tested.scenarios, both)
    summary = {**tested.summary, "against": dict(zip(("first", "second"), found.figures, strict=True))}
    write_outputs(out, {"comparison": found.table}, summary, file_format)
    rows = [
        (name.replace("_", " "), f"{one:,.1f}", f"{two:,.1f}", f"{more:+,.1f}")
        for name, one, two, more in found.table.iter_rows()
    ]
    say_table(f"Against {against.name}", rows, ("", "first", "second", "more"))
    typer.echo(found.effects)


def _dunning_row(row: dict[str, Any]) -> tuple[str, ...]:
    name = f"{row['scenario']}: {row['step']}".replace("_", " ")
    asked = f"{whole_units(row['amount'], row['currency'])} {row['currency']}"
    counts = (f"{row[column]:,}" for column in ("paid", "collisions", "minutes"))
    return (name, f"{row['messages']:,}", f"{row['customers']:,}", asked, *counts)


def _forecast_row(name: str, figures: dict[str, dict[str, Any]], ahead: list[str]) -> tuple[str, ...]:
    errors = (_share(figures.get(week, {}).get("wape")) for week in ("all", *ahead))
    whole = figures.get("all", {})
    return (name, *errors, _share(whole.get("bias")), _share(whole.get("coverage")))


def _payments_row(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    days = (f"{row['mae']:.2f}", _share(row["within_3"]), f"{row['pinball']:.2f}")
    shares = (_share(row[column]) for column in ("coverage", "below", "above"))
    return (name.replace("_", " "), f"{row['forecasts']:,.0f}", *days, *shares)


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    counts = (f"{row[name]:,}" for name in ("receipts", "lettered", "proposed", "automatic"))
    shares = (_share(row[name]) for name in ("agreement", "automatic_agreement"))
    return (row["value"].replace("_", " "), *counts, *shares, f"{row['differ']:,}")


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
