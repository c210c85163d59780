"""Take back what a run posted by itself, or a version of the model over all runs: by reversals, nothing is deleted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from encours.cli.installation import open_installation
from encours.cli.report import CallError, progress, say_table

if TYPE_CHECKING:
    from encours.usecases.rewind_messages import Between


def command(
    run: Annotated[
        int | None, typer.Argument(metavar="[RUN]", help="The number of the run, as the page of Trust shows it.")
    ] = None,
    entity: Annotated[str, typer.Option("--entity", help="Without RUN: over all runs of this entity.")] = "",
    model: Annotated[
        str, typer.Option("--model", help="Only what this version of the model posted, by its digest.")
    ] = "",
    rule: Annotated[str, typer.Option("--rule", help="Only the posts of this rule.")] = "",
    stratum: Annotated[
        str, typer.Option("--stratum", help="Only quoted_exactly, other_reference, amount_only or by_file.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be reversed.")] = False,
    why: Annotated[str, typer.Option("--why", help="The reason, for the audit; needed but for --dry-run.")] = "",
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """Say what would be reversed, and reverse it unless --dry-run is given: a run, or over all runs of an entity the
    posts of a version of the model, of a rule or of a kind of match."""
    if faults := _faults(run, entity, model, dry_run or bool(why.strip())):
        raise CallError(faults)
    open_installation(home, migrate=False)
    from encours.core.base.money import to_decimal
    from encours.store.rights import job
    from encours.usecases.past_rewinds import past_rewinds
    from encours.usecases.rewind_posts import preview_posts, rewind_posts
    from encours.usecases.rewind_run import preview_rewind, rewind_run
    from encours.usecases.rewinding import Part

    actor, part = job("cli"), Part(entity, model=model, rule=rule, stratum=stratum)
    preview = preview_posts(actor, part) if run is None else preview_rewind(actor, run, rule, stratum)
    totals = ", ".join(f"{to_decimal(amount, currency):,} {currency}" for currency, amount in preview.totals)
    what = f"Run {run} of {preview.entity_id}" if run else f"All runs of {preview.entity_id}, {part.subject}"
    print(f"{what}: {preview.posts:,} posts stand{f', {totals}' if totals else ''}.")
    print(f"{preview.exported:,} of them were exported, {preview.sealed:,} stand in a sealed month.")
    if preview.judged:
        print(f"{preview.judged:,} of them were judged right; their judgements go too: a new certificate is needed.")
    if preview.posts:
        say_table("By rule", [(name, f"{count:,}") for name, count in preview.rules], ("rule", "posts"))
        largest = [
            (post.receipt_id, post.rule, f"{to_decimal(post.amount, post.currency):,} {post.currency}")
            for post in preview.largest
        ]
        say_table("The largest", largest, ("receipt", "rule", "amount"))
        _say_between(preview.between)
    for one in past_rewinds(part if run is None else Part(preview.entity_id, run)):
        print(f"Rewound on {one.at:%Y-%m-%d}: {one.posts:,} posts{f', {one.why}' if one.why else ''}.")
        _say_between(one.between)
    if dry_run:
        return
    with progress("rewinding"):
        done = rewind_posts(actor, part, why) if run is None else rewind_run(actor, run, why, rule, stratum)
    print(f"{done.posts:,} posts were rewound in {done.allocations:,} allocations.")


def _say_between(between: Between) -> None:
    """What reached the customers of the posts meanwhile, and whom nothing reached because of them."""
    from encours.core.base.money import to_decimal

    print(f"{len(between.sent):,} messages were sent to the customers of these posts since.")
    if between.sent:
        sent = [(f"{one.on:%Y-%m-%d}", one.channel, one.customer_id, one.subject) for one in between.sent]
        say_table("Sent meanwhile", sent, ("on", "channel", "customer", "subject"))
    if between.alone:
        alone = [
            (one.customer_id, f"{one.since:%Y-%m-%d}", f"{one.items:,}", f"{to_decimal(one.overdue, one.currency):,}")
            for one in between.alone
        ]
        say_table("Overdue again, and nothing was sent", alone, ("customer", "since", "items", "overdue"))


def _faults(run: int | None, entity: str, model: str, has_reason: bool) -> list[str]:
    """What is wrong with the call."""
    faults = [] if has_reason else ["--why: say why it is rewound, or look first with --dry-run"]
    if run is None and not entity:
        faults.append("name a RUN, or --entity with --model, --rule or --stratum")
    if run is not None and (entity or model):
        faults.append("a RUN has its own entity and model: leave --entity and --model out")
    return faults
