"""Export the book as a folder, or what was decided and not yet booked as entries or lines for the ERP."""

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


@app.command("entries")
def entries(
    out: Annotated[Path, typer.Argument(metavar="OUTDIR", help="The folder to write the files into.")],
    entity: Annotated[str, typer.Option("--entity", help="The entity whose decisions leave.")],
    account: Annotated[str | None, typer.Option("--account", help="One bank account; default all.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Write the files of this batch once more.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would leave, and let nothing leave.")] = False,
    home: _Home = None,
) -> None:
    """Write the decided settlements that the ERP does not know as journal entries: CSV, XLSX, FEC lines, letters.

    Each leaves once; what was undone since leaves as a counter-entry.
    """
    open_installation(home, migrate=False)
    from encours.store.models import EntryBatch
    from encours.store.rights import job
    from encours.usecases.export_entries import export_entries, prepare_entries

    actor = job("cli")
    if dry_run:
        ready = prepare_entries(actor, entity).of(account)
        print(f"{ready.covers.height:,} settlements in {ready.entries['piece'].n_unique():,} entries would leave.")
        for reason, count in ready.held["reason"].value_counts(sort=True).iter_rows():
            print(f"{count:,} wait: {reason}.")
        return
    if batch is not None:
        made = list(EntryBatch.objects.filter(entity_id=entity, number=batch).select_related("export"))
        if not made:
            raise typer.BadParameter(f"{entity} has no batch {batch}", param_hint="--batch")
    else:
        made = export_entries(actor, entity, account)
    if not made:
        print("Nothing was decided that the ERP does not know.")
        return
    out.mkdir(parents=True, exist_ok=True)
    for one in made:
        _write_batch(one.pk, out)


def _write_batch(batch_id: int, out: Path) -> None:
    from encours.core.base.money import to_decimal
    from encours.store.models import EntryBatch
    from encours.store.rights import job
    from encours.usecases.entry_files import KINDS, batch_name
    from encours.usecases.export_entries import read_batch

    batch = EntryBatch.objects.get(pk=batch_id)
    for kind in KINDS:
        name, content = read_batch(job("cli"), batch_id, kind)
        (out / name).write_bytes(content)
    totals = ", ".join(f"{to_decimal(total, code)} {code}" for code, total in sorted(batch.control["totals"].items()))
    print(f"{batch_name(batch)}: {batch.control['entries']:,} entries, {totals}.")
