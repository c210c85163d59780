"""The aged balance of a book on any day, and its key figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from encours.cli import report

if TYPE_CHECKING:
    from encours.usecases.measure_ageing import AgeingMeasured

_CHOICES = ("doubtful", "retention", "drafts", "disputed", "factored", "intercompany")


def command(
    book: Annotated[Path, typer.Argument(metavar="BOOK", help="A book folder, or a .zip of it.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for `ageing` and summary.json.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="D", help="The day; default: the book's last.")
    ] = None,
    reading: Annotated[str, typer.Option(help="known: as known that day; booked: by accounting date.")] = "known",
    by: Annotated[str, typer.Option(help="due or issued: the date that days are counted from.")] = "due",
    limits: Annotated[str, typer.Option(help="Bucket limits in days.")] = "30,60,90",
    credit: Annotated[str, typer.Option("--credits", help="apart, or oldest: set on the oldest items.")] = "apart",
    without: Annotated[str, typer.Option(help=f"Leave out, comma between: {', '.join(_CHOICES)}.")] = "",
    currency: Annotated[str | None, typer.Option(help="Also one total in this currency, at the day's rates.")] = None,
    file_format: Annotated[str, typer.Option("--format", help="parquet or csv.")] = "parquet",
) -> None:
    """The aged balance of a book on any day, and its key figures."""
    day = report.parse_day(as_of, "--as-of")
    left_out = [name.strip() for name in without.split(",") if name.strip()]
    faults = _faults(reading, by, credit, left_out, limits, file_format)
    if faults:
        raise report.CallError(faults)

    from encours.core.base.issue import has_errors
    from encours.core.metrics.scope import Scope
    from encours.usecases.measure_ageing import AgeingOptions, measure_ageing

    options = AgeingOptions(
        as_of=day,
        reading="booked" if reading == "booked" else "known",
        by="issued" if by == "issued" else "due",
        limits=tuple(int(part) for part in limits.split(",") if part.strip()),
        credits="oldest" if credit == "oldest" else "apart",
        scope=Scope(**dict.fromkeys(left_out, False)),
        currency=currency.upper() if currency else None,
    )
    with report.progress(f"Ageing {book}"):
        measured = measure_ageing(book, options)
    report.write_outputs(out, {"ageing": measured.table()}, measured.summary(), file_format)
    report.say_issues(measured.issues)
    _say(measured)
    raise typer.Exit(report.BAD_DATA if has_errors(measured.issues) else report.DONE)


def _faults(reading: str, by: str, credit: str, left_out: list[str], limits: str, file_format: str) -> list[str]:
    words = (
        ("--reading", reading, ("known", "booked")),
        ("--by", by, ("due", "issued")),
        ("--credits", credit, ("apart", "oldest")),
        ("--format", file_format, ("parquet", "csv")),
        *(("--without", name, _CHOICES) for name in left_out),
    )
    faults = [
        f"{option}: {word!r} is not one of {', '.join(known)}" for option, word, known in words if word not in known
    ]
    if not all(part.strip().isdigit() for part in limits.split(",") if part.strip()):
        faults.append(f"--limits: {limits!r} is not a list of days like 30,60,90")
    return faults


def _say(measured: AgeingMeasured) -> None:
    aged = measured.ageing
    names = [*aged.buckets, "credits", "advances", "unapplied", "total"]

    rows = [
        (row["currency"], *(report.whole_units(row[name], row["currency"]) for name in names))
        for row in aged.totals().to_dicts()
    ]
    print(aged.sentence())
    report.say_table("", rows, ("currency", *names))
    for (entity, currency), figures in measured.figures.items():
        for name in ("dso_simple", "dso_countback", "dso_best_possible", "add", "cei", "days_late_weighted"):
            figure = figures[name]
            shown = f"{figure.value:.1f}" if figure.unit == "days" and figure.value is not None else f"{figure.value}"
            shown = f"{figure.value:.1%}" if figure.unit == "ratio" and figure.value is not None else shown
            text = f"{shown} {'days' if figure.unit == 'days' else ''}".rstrip() if figure.computable else figure.reason
            print(f"{entity} {currency} {name}: {text if figure.computable else f'not computable. {text}'}")
