"""Take back what a run posted by itself: every post is reversed by a new entry; nothing is deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation
from encours.cli.report import CallError, progress, say_table


def command(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The number of the run, as the page of Trust shows it.")],
    rule: Annotated[str, typer.Option("--rule", help="Only the posts of this rule.")] = "",
    stratum: Annotated[
        str, typer.Option("--stratum", help="Only quoted_exactly, other_reference or amount_only.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be reversed.")] = False,
    why: Annotated[str, typer.Option("--why", help="The reason, for the audit; needed but for --dry-run.")] = "",
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """Say what would be reversed, and reverse it unless --dry-run is given."""
    if not dry_run and not why.strip():
        raise CallError(["--why: say why the run is rewound, or look first with --dry-run"])
    open_installation(home, migrate=False)
    from encours.core.base.money import to_decimal
    from encours.store.rights import job
    from encours.usecases.rewind_run import preview_rewind, rewind_run

    actor = job("cli")
    preview = preview_rewind(actor, run, rule, stratum)
    totals = ", ".join(f"{to_decimal(amount, currency):,} {currency}" for currency, amount in preview.totals)
    print(f"Run {run} of {preview.entity_id}: {preview.posts:,} posts stand{f', {totals}' if totals else ''}.")
    print(f"{preview.exported:,} of them were exported, {preview.sealed:,} stand in a sealed month.")
    if preview.posts:
        say_table("By rule", [(name, f"{count:,}") for name, count in preview.rules], ("rule", "posts"))
        largest = [
            (post.receipt_id, post.rule, f"{to_decimal(post.amount, post.currency):,} {post.currency}")
            for post in preview.largest
        ]
        say_table("The largest", largest, ("receipt", "rule", "amount"))
    if dry_run:
        return
    with progress("rewinding"):
        done = rewind_run(actor, run, why, rule, stratum)
    print(f"{done.posts:,} posts were rewound in {done.allocations:,} allocations.")
