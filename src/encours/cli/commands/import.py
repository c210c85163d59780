"""Import files of any readable kind into the installation's book, all of them or none."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation
from encours.cli.report import BAD_DATA, CallError, parse_day, progress, say_issues, say_table


def command(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders or archives of any readable kind.")],
    entity: Annotated[str | None, typer.Option("--entity", help="The entity; default what the files say.")] = None,
    known_on: Annotated[
        str | None, typer.Option("--known-on", help="The day the files reached us; default today.")
    ] = None,
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """Import files into the book. The same file twice changes nothing; exit 1 where lines were bad."""
    day = parse_day(known_on, "--known-on")
    if faults := [f"PATH: there is no {path}" for path in paths if not path.exists()]:
        raise CallError(faults)
    open_installation(home)
    from encours.store.models import ImportIssue
    from encours.store.rights import job
    from encours.usecases.import_files import import_now, issues_of

    with progress("importing") as status:
        owner = import_now(job("cli"), entity, paths, known_on=day, progress=status.update)
    say_issues(issues_of(owner))
    say_table(
        f"Import {owner.pk}",
        [
            (name, f"{count['new']:,}", f"{count['same']:,}", f"{count['changed']:,}")
            for name, count in owner.counts.items()
        ],
        ("table", "new", "same", "changed"),
    )
    if ImportIssue.objects.filter(owner=owner, severity="error").exists():
        raise typer.Exit(BAD_DATA)
