"""Check a book: print what is wrong with it, line by line, and prove it against its ledger; exit 1 on errors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from encours.cli import report

if TYPE_CHECKING:
    from encours.usecases.prove_ledger import LedgersProved

_HEADERS = ("closing", "customer", "account", "ledger", "book", "gap")


def command(
    book: Annotated[Path, typer.Argument(metavar="BOOK", help="A book folder, or a .zip of it.")],
    ledger: Annotated[
        list[Path] | None,
        typer.Option(
            "--ledger",
            metavar="FEC",
            help="A FEC, or a folder with some: each customer's balance must be the ledger's, account by account, "
            "at every month end and on its last day. May be given several times.",
        ),
    ] = None,
    entity: Annotated[
        str | None, typer.Option("--entity", help="The ledger's entity in the book; default by the FEC's SIREN.")
    ] = None,
    shown: Annotated[int, typer.Option("--show", min=0, help="How many issues to print one by one.")] = 20,
    out: Annotated[Path | None, typer.Option("--issues", help="Write all issues to this CSV file.")] = None,
) -> None:
    """Check a book: print what is wrong with it, line by line; exit 1 on errors."""
    if entity is not None and not ledger:
        raise report.CallError(["--entity: it says whose ledger --ledger is; give one"])

    import polars as pl

    from encours.usecases.check_book import check_book

    with report.progress(f"Checking {book}"):
        checked = check_book(book, ledger or [], entity)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        checked.issues.write_csv(out)
    # Differences have a table of their own.
    report.say_issues(checked.issues.remove(pl.col("code") == "ledger_differs"), shown)
    filled = [(name, f"{frame.height:,}") for name, frame in checked.book.tables().items() if frame.height]
    report.say_table("", filled, ("table", "rows"))
    if checked.proved is not None:
        _say_proof(checked.proved, shown)
    counts = checked.counts()
    found = ", ".join(f"{count} {name}{'s' if count != 1 and name != 'info' else ''}" for name, count in counts.items())
    print(f"{'Sound' if checked.ok else 'Not sound'}: {found}.")
    raise typer.Exit(report.DONE if checked.ok else report.BAD_DATA)


def _say_proof(proved: LedgersProved, shown: int) -> None:
    """Each closing in a sentence, then the first differences, customer by customer."""
    from encours.core.base.money import to_decimal

    for closing in proved.closings:
        print(closing.sentence)
    rows = [
        (
            str(row["on"]),
            row["customer_id"] or "unknown",
            row["ledger_account"] or "none",
            *(f"{to_decimal(row[name], row['currency']):,} {row['currency']}" for name in ("ledger", "book", "gap")),
        )
        for row in proved.differences.head(shown).iter_rows(named=True)
    ]
    if rows:
        report.say_table("Differences", rows, _HEADERS)
    if proved.differences.height > shown:
        print(f"… and {proved.differences.height - shown:,} differences more; --issues writes all of them.")
