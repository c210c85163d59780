"""Rewinding in bulk: which posts stand of a part of what was posted, what reversing them does, and the reversal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
from django.db.models import Max, Q

from encours.store import audit, frames, parquet
from encours.store.models import Closing, Decision, ExportLine, MatchAudit
from encours.usecases import clock, posting
from encours.usecases.apply_receipts import RUN
from encours.usecases.error_budget import error_budget
from encours.usecases.merge.apply import Merged
from encours.usecases.refusals import REWOUND
from encours.usecases.rewind_messages import Between, as_kept, sent_between
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.standing_promise import newest_certificate

_LARGEST = 5
#: What a certificate says whose judgements went with the posts.
ASKS = "posts that people had judged right were rewound: their judgements count no longer"


@dataclass(frozen=True)
class Part:
    """What of an entity's posts is rewound: of one run, of one version of the model, of one rule, of one stratum.

    What is empty does not restrict. A version's posts are what it posted by itself, and what was confirmed of its
    proposals among others: a match that a person accepted by itself was looked at.
    """

    entity_id: str
    run_id: int | None = None
    model: str = ""
    rule: str = ""
    stratum: str = ""

    @property
    def subject(self) -> str:
        """How the audit names it."""
        if self.run_id is not None:
            return f"run:{self.run_id}"
        named = (("model", self.model), ("rule", self.rule), ("stratum", self.stratum))
        return next(f"{kind}:{name}" for kind, name in named if name)


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
    dated in a sealed month, which stays as it is: they are reversed in the open one. `judged`: audited posts that were
    judged right; their judgement goes with them. `first_at`, `last_at`: when the first and the last was posted.
    `between`: what was sent to the customers of these posts since, and who was left alone because of them.
    """

    run_id: int | None
    entity_id: str
    posts: int
    totals: tuple[tuple[str, int], ...]
    largest: tuple[Post, ...]
    rules: tuple[tuple[str, int], ...]
    strata: tuple[tuple[str, int], ...]
    exported: int
    sealed: int
    model: str = ""
    judged: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    between: Between = field(default_factory=Between)


@dataclass(frozen=True)
class Rewound:
    """How many posts were reversed, in how many allocations."""

    posts: int
    allocations: int


def preview_part(part: Part) -> RewindPreview:
    """What `rewind_part` would do now; the caller has asked for the right."""
    decisions = standing_posts(part)
    posts = _posts(decisions)
    written = posting.standing([decision.proposal for decision in decisions if decision.proposal is not None])
    rules: dict[str, int] = {}
    strata: dict[str, int] = {}
    totals: dict[str, int] = {}
    for post in posts:
        rules[post.rule] = rules.get(post.rule, 0) + 1
        strata[post.stratum] = strata.get(post.stratum, 0) + 1
        totals[post.currency] = totals.get(post.currency, 0) + post.amount
    days = [decision.decided_at for decision in decisions]
    return RewindPreview(
        part.run_id,
        part.entity_id,
        len(posts),
        tuple(sorted(totals.items())),
        tuple(sorted(posts, key=lambda post: (-abs(post.amount), post.receipt_id))[:_LARGEST]),
        tuple(sorted(rules.items())),
        tuple(sorted(strata.items())),
        _exported(part.entity_id, written),
        _sealed(part.entity_id, written),
        part.model,
        _judged_right(decisions),
        min(days, default=None),
        max(days, default=None),
        sent_between(part.entity_id, decisions, written),
    )


def rewind_part(actor: Actor, part: Part, why: str, before: dict[str, object]) -> tuple[Rewound, Merged | None]:
    """Reverses what stands of the part; the caller holds a transaction and extends the copies after the commit.

    Every reversal is a new version, a decision and an audit entry, as `undo_match` makes them, and the rewind is an
    entry of its own, which keeps who was written to and who was left alone meanwhile. What was learned goes too:
    payers are learned from matches that stand, judgements of a post count while it does; a certificate that rests on
    them asks to be renewed. Raises NotAllowedError over the limit.
    """
    parquet.lock_entity(part.entity_id)
    decisions = standing_posts(part)
    total = sum(abs(decision.amount or 0) for decision in decisions)
    permission = require(actor, "rewind_run", part.entity_id, total)
    if permission.second_signature:
        raise NotAllowedError("rewind_run", part.entity_id, permission.why)
    if not decisions:
        return Rewound(0, 0), None
    judged = _judged_right(decisions)
    written = posting.standing([decision.proposal for decision in decisions if decision.proposal is not None])
    meanwhile = sent_between(part.entity_id, decisions, written)
    undos, merged = posting.take_back(actor, decisions, REWOUND, why)
    reversed_rows = merged.rows.get("allocations")
    rewound = Rewound(len(undos), 0 if reversed_rows is None else reversed_rows.height)
    if judged:
        _ask_certificate(part.entity_id)
    audit.append(
        clock.now(),
        actor.name,
        "rewind",
        entity_id=part.entity_id,
        subject=part.subject,
        before=before,
        after={
            "posts": rewound.posts,
            "allocations": rewound.allocations,
            "total": total,
            "rule": part.rule,
            "stratum": part.stratum,
            "model": part.model,
            "judgements": judged,
            **as_kept(meanwhile),
        },
        why=why,
    )
    return rewound, merged


def standing_posts(part: Part) -> list[Decision]:
    """The part's acceptances that stand.

    One that was undone, or gave way to the ERP's letters, is none of them; nor is a payment that came back since: its
    return has opened the items already; nor a return of which an item was paid again.
    """
    rows = Decision.objects.filter(
        entity_id=part.entity_id, act="accept_match", undone_by=None, proposal__state="accepted"
    )
    # What settles another entity's items takes that one's lock and rights: it is taken back one by one.
    rows = rows.filter(proposal__elsewhere=None)
    rows = rows.filter(proposal__run_id=part.run_id) if part.run_id is not None else rows.filter(_in_bulk())
    for name in ("rule", "stratum"):
        if getattr(part, name):
            rows = rows.filter(**{f"proposal__{name}": getattr(part, name)})
    if part.model:
        rows = rows.filter(proposal__run__summary__model=part.model)
    found = list(rows.select_related("proposal").order_by("pk"))
    kept = posting.returned_since(found) | posting.paid_since(found)
    return [decision for decision in found if decision.subject_id not in kept]


def _in_bulk() -> Q:
    """Posted by a run, or confirmed among others."""
    return Q(proposal__run__name=RUN) | Q(proposal__confirmed_in_bulk__isnull=False)


def _judged_right(decisions: list[Decision]) -> int:
    rows = MatchAudit.objects.filter(right=True, entity_id__in={str(one.entity_id) for one in decisions})
    return len(set(rows.values_list("decision_id", flat=True)) & {one.pk for one in decisions})


def _ask_certificate(entity_id: str) -> None:
    """The newest certificate rested on judgements that went: until it is renewed only proofs post."""
    row = newest_certificate(entity_id, error_budget(entity_id).budget)
    if row is not None and not row.asks:
        row.asks, row.asked_at = ASKS, clock.now()
        row.save(update_fields=["asks", "asked_at"])


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
