"""Rewinding a run: everything that it posted, or all posts of one rule or stratum in it, is reversed at once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from django.db import transaction
from django.db.models import Max

from encours.core.base.issue import CallError
from encours.store import audit, frames, parquet
from encours.store.models import Closing, Decision, ExportLine, Run
from encours.usecases import clock, posting
from encours.usecases.apply_receipts import RUN
from encours.usecases.merge.apply import Merged
from encours.usecases.refusals import REWOUND
from encours.usecases.rights import Actor, NotAllowedError, require, require_whole

_LARGEST = 5


@dataclass(frozen=True)
class Post:
    """A post that stands: its receipt, what it settles in the receipt's currency, its rule."""

    receipt_id: str
    amount: int
    currency: str
    rule: str
    stratum: str = ""


@dataclass(frozen=True)
class RewindPreview:
    """What a rewind would reverse: how many posts, the total of each currency, the largest.

    `exported` posts have left for the ERP: the next export takes a counter-entry along by itself. `sealed` ones are
    dated in a sealed month, which stays as it is: they are reversed in the open one.
    """

    run_id: int
    entity_id: str
    posts: int
    totals: tuple[tuple[str, int], ...]
    largest: tuple[Post, ...]
    rules: tuple[tuple[str, int], ...]
    strata: tuple[tuple[str, int], ...]
    exported: int
    sealed: int


@dataclass(frozen=True)
class Rewound:
    """How many posts were reversed, in how many allocations."""

    posts: int
    allocations: int


def preview_rewind(actor: Actor, run_id: int, rule: str = "", stratum: str = "") -> RewindPreview:
    """What `rewind_run` would do now. Raises NotAllowedError, or CallError for a run that posts nothing."""
    run = _run(actor, run_id)
    entity_id = str(run.entity_id)
    decisions = _decisions(run, rule, stratum)
    posts = _posts(decisions)
    written = posting.standing([decision.proposal for decision in decisions if decision.proposal is not None])
    rules: dict[str, int] = {}
    strata: dict[str, int] = {}
    totals: dict[str, int] = {}
    for post in posts:
        rules[post.rule] = rules.get(post.rule, 0) + 1
        strata[post.stratum] = strata.get(post.stratum, 0) + 1
        totals[post.currency] = totals.get(post.currency, 0) + post.amount
    return RewindPreview(
        run.pk,
        entity_id,
        len(posts),
        tuple(sorted(totals.items())),
        tuple(sorted(posts, key=lambda post: (-abs(post.amount), post.receipt_id))[:_LARGEST]),
        tuple(sorted(rules.items())),
        tuple(sorted(strata.items())),
        _exported(entity_id, written),
        _sealed(entity_id, written),
    )


def rewind_run(actor: Actor, run_id: int, why: str, rule: str = "", stratum: str = "") -> Rewound:
    """Reverses everything of the run (of one `rule`, of one `stratum` in it) that still stands, in one transaction.

    Every reversal is a new version, a decision and an audit entry, as `undo_match` makes them, and the run's rewind is
    an entry of its own. The same rule of the same version does not propose the same again on the same facts. Twice is
    once. Raises NotAllowedError (no right, over the limit, a portfolio), CallError without a reason.
    """
    run = _run(actor, run_id)
    if not why.strip():
        raise CallError(["say why the run is rewound"])
    with transaction.atomic():
        rewound, merged = _rewind(actor, run, why.strip(), rule, stratum)
    if merged is not None:
        merged.extend_copies()
    return rewound


def _rewind(actor: Actor, run: Run, why: str, rule: str, stratum: str) -> tuple[Rewound, Merged | None]:
    entity_id = str(run.entity_id)
    parquet.lock_entity(entity_id)
    decisions = _decisions(run, rule, stratum)
    total = sum(abs(decision.amount or 0) for decision in decisions)
    permission = require(actor, "rewind_run", entity_id, total)
    if permission.second_signature:
        raise NotAllowedError("rewind_run", entity_id, permission.why)
    if not decisions:
        return Rewound(0, 0), None
    undos, merged = posting.take_back(actor, decisions, REWOUND, why)
    reversed_rows = merged.rows.get("allocations")
    rewound = Rewound(len(undos), 0 if reversed_rows is None else reversed_rows.height)
    audit.append(
        clock.now(),
        actor.name,
        "rewind",
        entity_id=entity_id,
        subject=f"run:{run.pk}",
        before={"posted": run.summary.get("posted")},
        after={
            "posts": rewound.posts,
            "allocations": rewound.allocations,
            "total": total,
            "rule": rule,
            "stratum": stratum,
        },
        why=why,
    )
    return rewound, merged


def _run(actor: Actor, run_id: int) -> Run:
    run = Run.objects.filter(pk=run_id).first()
    if run is None or run.entity_id is None or not actor.sees(run.entity_id):
        raise NotAllowedError("rewind_run", None, "not_visible")
    require_whole(actor, run.entity_id, "rewind_run")
    require(actor, "rewind_run", run.entity_id)
    if run.name != RUN:
        raise CallError([f"run {run_id} posts nothing: there is nothing to rewind"])
    return run


def _decisions(run: Run, rule: str, stratum: str) -> list[Decision]:
    """The run's acceptances that stand.

    One that was undone, or gave way to the ERP's letters, is none of them; nor is a payment that came back since: its
    return has opened the items already.
    """
    rows = Decision.objects.filter(proposal__run=run, act="accept_match", undone_by=None, proposal__state="accepted")
    rows = rows.filter(proposal__rule=rule) if rule else rows
    rows = rows.filter(proposal__stratum=stratum) if stratum else rows
    found = list(rows.select_related("proposal").order_by("pk"))
    returned = posting.returned_since(found)
    return [decision for decision in found if decision.subject_id not in returned]


def _posts(decisions: list[Decision]) -> list[Post]:
    ids = pl.Series([decision.subject_id for decision in decisions], dtype=pl.String)
    receipts = frames.versions("receipts", ids, ["receipt_id", "currency"], current=True)
    currencies = dict(receipts.iter_rows())
    return [
        Post(
            decision.subject_id,
            decision.amount or 0,
            currencies.get(decision.subject_id, ""),
            "" if decision.proposal is None else decision.proposal.rule,
            "" if decision.proposal is None else decision.proposal.stratum,
        )
        for decision in decisions
    ]


def _exported(entity_id: str, written: pl.DataFrame) -> int:
    sent = ExportLine.objects.filter(export__entity_id=entity_id, export__recalled_at=None)
    known = pl.Series(list(sent.values_list("allocation_id", flat=True)), dtype=pl.String)
    return int(written.filter(pl.col("allocation_id").is_in(known.implode()))["source"].n_unique())


def _sealed(entity_id: str, written: pl.DataFrame) -> int:
    last = Closing.objects.filter(entity_id=entity_id, state="sealed").aggregate(month=Max("month"))["month"]
    return 0 if last is None else int(written.filter(pl.col("allocated_on") <= last)["source"].n_unique())
