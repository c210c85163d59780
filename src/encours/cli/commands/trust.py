"""What posts by itself in an entity, on which certificate, which kinds are switched off, what waits for the audit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from encours.cli.installation import open_installation
from encours.cli.report import CallError, say_table

if TYPE_CHECKING:
    from encours.usecases.trust_page import TrustPage


def command(
    entity: Annotated[str, typer.Argument(metavar="ENTITY", help="The entity's id.")],
    certify: Annotated[bool, typer.Option("--certify", help="Make a certificate from what is judged now.")] = False,
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """Print the promise of one entity as it stands."""
    open_installation(home, migrate=False)
    from encours.store.rights import job
    from encours.usecases import clock
    from encours.usecases.certify_matching import certify_matching
    from encours.usecases.show_trust import show_trust
    from encours.usecases.viewing import Viewing

    actor = job("cli")
    if not actor.sees(entity):
        raise CallError([f"there is no entity {entity}; there are {', '.join(actor.entities) or 'none'}"])
    if certify:
        certify_matching(actor, [entity], force=True)
    page = show_trust(Viewing(actor, (entity,), clock.today()))
    _say_posting(page)
    _say_certificate(page)
    _say_value(page)
    rows = [
        (
            row.stratum,
            "off" if not row.on else "certified" if row.threshold is not None else "proofs only",
            f"{row.judged:,}",
            f"{row.errors:,}",
            "–" if row.bound is None else f"{100 * row.bound:.3g} %",
            "–" if row.value_bound is None or row.value_bound >= 1 else f"{100 * row.value_bound:.3g} %",
            "–" if row.threshold is None else f"{row.threshold:.4f}",
            f"{row.posted:,}",
            f"{row.audited:,} ({row.wrong:,} wrong)",
        )
        for row in page.strata
    ]
    heads = ("kind", "state", "judged", "wrong", "at most", "of money", "from", "posted", "audited")
    say_table("Kinds of matches", rows, heads)
    for row in page.strata:
        if not row.on and row.said is not None:
            print(f"{row.stratum} is off since {row.said.at:%Y-%m-%d}: {row.said.why}")
    print(f"{page.waiting:,} posts wait to be audited; {page.judged_audits:,} were judged.")


def _say_value(page: TrustPage) -> None:
    """The certificate by value."""
    from encours.core.base.money import to_decimal

    box = page.certificate
    if box is None or not box.value:
        return
    wrong, value = (f"{to_decimal(amount, page.currency):,}" for amount in (box.value_wrong, box.value))
    found = f"By value: {wrong} wrong of {value} {page.currency}, {100 * box.coverage_value:.3g} % of the judged money"
    if box.value_bound is None:
        print(f"{found}; no bound without a limit on amounts: one receipt could outweigh all that were judged.")
    elif box.value_bound >= 1:
        print(f"{found}; no bound yet: what was judged is small beside the limit on amounts.")
    else:
        print(f"{found}; at most {100 * box.value_bound:.3g} % of the money.")


def _say_posting(page: TrustPage) -> None:
    assert page.posting is not None
    assert page.prior is not None
    from encours.core.base.money import to_decimal

    limit = ""
    if page.posting.limit is not None:
        limit = f", up to {to_decimal(page.posting.limit, page.currency):,} {page.currency} a receipt"
    print(f"Automatic posting is {'on' if page.posting.on else 'off'}{limit if page.posting.on else ''}.")
    if page.posting.said is not None:
        said = page.posting.said
        print(f"Since {said.at:%Y-%m-%d}, {said.by or 'a job'}: {said.why}")
    each = ", by each kind of match on its own" if page.per_stratum else ""
    print(f"Error budget: 1 in {round(1 / page.budget):,}{each}.")
    print(f"The shipped model {'may' if page.prior.on and not page.prior.ended else 'may not'} post meanwhile.")


def _say_certificate(page: TrustPage) -> None:
    box = page.certificate
    if box is None:
        print(f"No certificate yet: {page.judged:,} judged receipts of about {page.needed:,} for this budget.")
        return
    found = f"{box.errors:,} wrong among {box.sample:,} of {box.judged:,} judged, at most {100 * box.bound:.3g} %"
    print(f"Certificate of {box.made_on}: {'valid' if box.certified else 'NOT certified'}; {found}.")
    if not box.certified:
        supports = "no budget yet" if box.supports is None else f"1 in {round(1 / box.supports):,}"
        print(f"This history supports {supports}; the budget takes about {page.needed:,} without an error.")
    if box.asks:
        print(f"A new one is needed: {box.asks}.")
    if box.drift_at is not None:
        print(f"It takes receipts judged after {box.drift_at:%Y-%m-%d %H:%M}; those judged before count no longer.")
