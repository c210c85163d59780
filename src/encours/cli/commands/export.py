"""Export the book as a folder, or what was decided and not yet booked as a file for the ERP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation
from encours.cli.report import progress, say_table

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
_Home = Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")]


@app.command("book")
def book(
    out: Annotated[Path, typer.Argument(metavar="BOOKDIR", help="The folder to write.")],
    entity: Annotated[list[str] | None, typer.Option("--entity", help="An entity; default all.")] = None,
    file_format: Annotated[str, typer.Option("--format", help="parquet or csv")] = "parquet",
    home: _Home = None,
) -> None:
    """Write the book with all its versions as a folder of tables."""
    open_installation(home, migrate=False)
    from encours.store.rights import job
    from encours.usecases.export_book import export_book

    with progress("writing the book"):
        counts = export_book(job("cli"), out, entity or None, file_format)
    say_table(f"Book in {out}", [(name, f"{rows:,}") for name, rows in counts.items() if rows], ("table", "rows"))


@app.command("allocations")
def allocations(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file to write.")],
    entity: Annotated[str, typer.Option("--entity", help="The entity whose decisions leave.")],
    home: _Home = None,
) -> None:
    """Write the decided allocations that the ERP does not know yet, each line under its Encours id."""
    open_installation(home, migrate=False)
    from encours.store.rights import job
    from encours.usecases.export_allocations import export_allocations

    export = export_allocations(job("cli"), entity)
    if export is None:
        print("Nothing was decided that the ERP does not know.")
        return
    out.write_bytes(export.file.read_bytes())
    print(f"{export.row.lines:,} lines written to {out}.")
