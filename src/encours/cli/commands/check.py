"""Check a book: print what is wrong with it, line by line; exit 1 on errors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli import report


def command(
    book: Annotated[Path, typer.Argument(metavar="BOOK", help="A book folder, or a .zip of it.")],
    shown: Annotated[int, typer.Option("--show", min=0, help="How many issues to print one by one.")] = 20,
    out: Annotated[Path | None, typer.Option("--issues", help="Write all issues to this CSV file.")] = None,
) -> None:
    """Check a book: print what is wrong with it, line by line; exit 1 on errors."""
    from encours.usecases.check_book import check_book

    with report.progress(f"Checking {book}"):
        checked = check_book(book)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        checked.issues.write_csv(out)
    report.say_issues(checked.issues, shown)
    filled = [(name, f"{frame.height:,}") for name, frame in checked.book.tables().items() if frame.height]
    report.say_table("", filled, ("table", "rows"))
    counts = checked.counts()
    found = ", ".join(f"{count} {name}{'s' if count != 1 and name != 'info' else ''}" for name, count in counts.items())
    print(f"{'Sound' if checked.ok else 'Not sound'}: {found}.")
    raise typer.Exit(report.DONE if checked.ok else report.BAD_DATA)
