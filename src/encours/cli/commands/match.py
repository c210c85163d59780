"""Match receipts with open items: who paid what, how sure, and why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from encours.cli.report import (
    check_matching_call,
    parse_day,
    progress,
    say_issues,
    say_table,
    write_outputs,
)


def command(
    book: Annotated[Path, typer.Argument(help="A book folder (Parquet or CSV).")],
    out: Annotated[Path, typer.Option("--out", help="Folder for allocations, decisions and summary.json.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="The day to stand on; default the book's last.")] = None,
    max_error_rate: Annotated[
        float, typer.Option("--max-error-rate", help="Nothing is decided automatically above this risk.")
    ] = 0.001,
    file_format: Annotated[str, typer.Option("--format", help="parquet or csv")] = "parquet",
) -> None:
    """Match receipts with open items: who paid what, how sure, and why. Nothing is posted."""
    check_matching_call(book, max_error_rate, file_format)
    day = parse_day(as_of, "--as-of")

    from encours.usecases.match_receipts import match_book_folder

    with progress("matching receipts"):
        matched = match_book_folder(book, day, max_error_rate)
    say_issues(matched.issues)
    proposals = matched.proposals
    write_outputs(
        out,
        {"allocations": proposals.allocations, "decisions": proposals.decisions},
        proposals.summary,
        file_format,
    )
    rows = [(name, str(proposals.summary[name])) for name in ("receipts", "auto", "review", "none")]
    say_table(f"Receipts with unapplied money on {matched.as_of.isoformat()}", rows, ("", "receipts"))
    if proposals.summary["none"]:
        typer.echo(f"none, because: {_why_none(proposals.summary)}")
    typer.echo(f"{proposals.allocations.height} allocations proposed, written to {out}")
    if bool((matched.issues["severity"] == "error").any()):
        raise typer.Exit(1)


def _why_none(summary: Mapping[str, Any]) -> str:
    """Why receipts have no proposal, the most frequent reasons first: `money out 702, no fit 40`."""
    counts = [(rule["receipts"], rule["rule"]) for rule in summary["rules"] if rule["decision"] == "none"]
    return ", ".join(
        f"{rule.replace('_', ' ')} {count}" for count, rule in sorted(counts, key=lambda one: (-one[0], one[1]))
    )
