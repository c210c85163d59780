"""Hand approved letters to the print provider's folder, and read what it says of those that left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation


def command(
    entity: Annotated[str | None, typer.Option(help="Only this entity; default all.")] = None,
    proofs: Annotated[bool, typer.Option("--proofs", help="Only read the provider's answers.")] = False,
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """One batch an entity, in ENCOURS_PRINT_FOLDER (default `print` in the data folder); answers from its `returns`."""
    open_installation(home)
    from encours.store.rights import job
    from encours.usecases.print_letters import collect_proofs, print_folder, print_letters

    actor = job("letters")
    chosen = [entity] if entity else list(actor.entities)
    faulty = False
    for entity_id in chosen:
        for batch in [] if proofs else print_letters(actor, entity_id):
            print(f"{entity_id}: {batch.letters} letters, {batch.pages} pages in {print_folder() / 'out' / batch.name}")
        read = collect_proofs(actor, entity_id)
        if read.news or read.faults:
            print(
                f"{entity_id}: {read.news} letters with news from the provider, {len(read.faults)} rows not understood"
            )
        for line, fault in read.faults:
            faulty = True
            print(f"  line {line}: {fault}")
    raise typer.Exit(1 if faulty else 0)
