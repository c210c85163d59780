"""Convert ledger, bank and invoice files into a book folder: one euro once, every bad line said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from encours.cli.report import BAD_DATA, CallError, progress, say_issues, say_table


def command(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders or archives of any readable kind.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the book, issues.csv and rejected.csv.")],
    mapping: Annotated[Path | None, typer.Option("--mapping", help="A saved column mapping (JSON) for sheets.")] = None,
    entity: Annotated[
        str | None,
        typer.Option("--entity", help="The entity; default the FEC's SIREN, the bank account or the seller."),
    ] = None,
    term: Annotated[str | None, typer.Option("--term", help="Payment term where a file has no due date.")] = None,
    file_format: Annotated[str, typer.Option("--format", help="parquet or csv")] = "parquet",
) -> None:
    """Convert ledger, bank and invoice files into a book folder."""
    faults = [f"PATH: there is no {path}" for path in paths if not path.exists()]
    if file_format not in ("parquet", "csv"):
        faults.append(f"--format: {file_format!r} is neither parquet nor csv")
    saved = _mapping(mapping, faults)
    if faults:
        raise CallError(faults)

    from encours.usecases.convert_files import convert_files
    from encours.usecases.read_files import ReadOptions
    from encours.usecases.terms_of_files import term_settings

    with progress("reading files") as status:
        options = ReadOptions(
            entity,
            saved,
            settings=term_settings(term),
            progress=lambda done, total, name: status.update(f"reading {name} ({done + 1} of {total})"),
        )
        result = convert_files(paths, out, options, file_format)
    say_issues(result.issues)
    say_table(
        "Files",
        [(file.name, file.kind or "unknown", file.entity_id or "", _rows(file.counts)) for file in result.files],
        ("file", "kind", "entity", "rows"),
    )
    tables = [(name, f"{frame.height:,}") for name, frame in result.book.tables().items() if frame.height]
    say_table(f"Book in {out}", tables, ("table", "rows"))
    if bool((result.issues["severity"] == "error").any()):
        raise typer.Exit(BAD_DATA)


def _mapping(path: Path | None, faults: list[str]) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        faults.append(f"--mapping: {path} is no JSON file: {error}")
        return None
    if not isinstance(saved, dict):
        faults.append(f"--mapping: {path} holds no mapping")
        return None
    return saved


def _rows(counts: Any) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
