"""Invent a believable company: a book with its truth and, with --files, the files a company really has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli import report

#: The default last day: a fixed day, so that the same call gives the same company next year.
LAST_DAY = "2026-10-31"


def command(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write.")],
    customers: Annotated[int, typer.Option(help="How many customers, 50 to 50,000.")] = 200,
    months: Annotated[int, typer.Option(help="How many months of trade.")] = 24,
    seed: Annotated[int, typer.Option(help="Another seed, another company; the same seed, the same.")] = 1,
    files: Annotated[bool, typer.Option("--files", help="Also write FEC, bank statements, exports.")] = False,
    last_day: Annotated[str, typer.Option("--last-day", help="The book's last day, like 2026-10-31.")] = LAST_DAY,
    slips: Annotated[float, typer.Option(help="Share of customers who change their habit from a day on.")] = 0.0,
    file_format: Annotated[str, typer.Option("--format", help="parquet or csv.")] = "parquet",
) -> None:
    """Invent a believable company: a book with its truth and, with --files, the files a company really has."""
    day = report.parse_day(last_day, "--last-day")
    assert day is not None  # the option has a default
    from encours.core.sample.options import SampleOptions
    from encours.usecases.make_sample import make_sample

    options = SampleOptions(last_day=day, customers=customers, months=months, seed=seed, slips=slips)
    with report.progress("Inventing the company") as status:
        made = make_sample(out, options, files=files, file_format=file_format, say=status.update)
    book = made.sample.book
    rows: list[tuple[str, ...]] = [
        (name, f"{book.table(name).height:,}") for name in ("customers", "items", "receipts", "allocations")
    ]
    rows += [(f"files/{kind}", f"{len(paths):,} files") for kind, paths in made.files.items()]
    report.say_table(f"{book.entities['name'][0]}, {options.first_day} to {day}", rows, ("what", "how many"))
    print(f"Written to {out}.")
