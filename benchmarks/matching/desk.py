"""A cash application desk replayed over a stream: the engine proposes, the certificate posts, the clerk judges.

Everything that decides is the product's own: `propose`, `certify`, `decide`, the random audit, running tests. What is
simulated is the people and the time between them:

- Receipts come in blocks of days. The engine sees the book as it stood at the end of the block: items from their issue,
  what earlier receipts settled, the receipts of the block itself on their own days.
- In the months of the parallel run nothing posts: the clerk looks at every receipt. After it what is proven posts, and
  what reaches a certificate; all else the clerk looks at one by one, within the block.
- The clerk is always right: a receipt that he saw settles what it truly pays, its proposal is judged right or wrong.
- A post of the right items settles what they truly pay: a difference that it left open, or laid upon another of them,
  is the clerk's to name. A wrong one stands in the book, and misleads the engine, until it is found:
  at once where the audit drew it, when another receipt needs its item, or after `found_after` days.
- The certificate is made at the end of a block where it is due, by the rule of `usecases.certify_matching`: on what the
  clerk judged and what the audit drew. What posted and nobody looked at counts for nothing; what was found wrong
  besides is counted against all posts, as `usecases.watch_promise` does: it can switch a stratum off.
- Money that settles nothing (advances, duplicates, what is not from a customer, what is over) leaves the desk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import polars as pl

from benchmarks.matching.generate import Case
from benchmarks.matching.ledger import Ledger
from benchmarks.matching.plan import DAYS, START
from benchmarks.matching.score import score
from encours.core.matching.certificate import (
    STRATA,
    Certificate,
    Policy,
    RunningTest,
    certify,
    decide,
    draw,
    failed_strata,
    observe_strata,
    refuted,
    thresholds,
)
from encours.core.matching.certificate.audit import AUDIT_RATE
from encours.core.matching.certificate.certify import DEFAULT_CONFIDENCE
from encours.core.matching.certificate.history import JUDGED_SCHEMA
from encours.core.matching.families import strata
from encours.core.matching.propose import DEFAULT_MAX_ERROR_RATE, Proposals, propose

#: What is kept of each receipt that was worked on.
_KEPT = (
    "receipt_id", "day", "amount", "pattern", "noise", "stratum", "band", "matchable", "usable", "rule", "kind",
    "confidence", "proposed", "whole", "right", "automatic", "posted", "posted_right", "posted_exact",
    "via", "threshold",
)  # fmt: skip
#: A certificate is made anew once the judgements have grown by this share, as in `usecases.certify_matching`.
_GROWTH = 0.1
_EMPTY = pl.DataFrame(schema=JUDGED_SCHEMA)


@dataclass(frozen=True)
class Rules:
    """How the desk works: the budget, one certificate or one a stratum, months of parallel run, days a block, and
    after how many days a wrong post is found that nothing else brings to light."""

    budget: float = DEFAULT_MAX_ERROR_RATE
    per_stratum: bool = False
    parallel_months: int = 6
    block: int = 7
    found_after: int = 30


@dataclass
class Desk:
    """The state of the desk. `verdicts`: one row a receipt worked on, with the scorer's columns, `kind` (the engine's
    stratum), `rule`, `posted`, `posted_right`, `posted_exact`, `via`, `threshold`. `made`: day, certificate, in order;
    `counted`: the judgements that the newest was made of. `standing`: wrong posts that nobody has found yet, with the
    day they were posted; `found`: those that were."""

    ledger: Ledger
    case: Case
    rules: Rules
    certificate: Certificate | None = None
    policy: Policy = field(default_factory=Policy)
    counted: int = 0
    judged: list[pl.DataFrame] = field(default_factory=lambda: [_EMPTY])
    standing: dict[str, date] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)
    tests: dict[str, RunningTest] = field(default_factory=dict)
    verdicts: list[pl.DataFrame] = field(default_factory=list)
    made: list[tuple[date, Certificate]] = field(default_factory=list)


def open_desk(case: Case, rules: Rules) -> Desk:
    """The desk on the first day, with nothing learned."""
    tests = {name: RunningTest(rules.budget, DEFAULT_CONFIDENCE, AUDIT_RATE) for name in STRATA}
    return Desk(Ledger(case), case, rules, policy=Policy(rules.budget, rules.per_stratum), tests=tests)


def twin(desk: Desk, per_stratum: bool) -> Desk:
    """The same desk with a common certificate, or one for each stratum, from here on."""
    return replace(
        desk,
        ledger=desk.ledger.twin(),
        rules=replace(desk.rules, per_stratum=per_stratum),
        policy=replace(desk.policy, per_stratum=per_stratum),
        judged=list(desk.judged),
        standing=dict(desk.standing),
        found=set(desk.found),
        verdicts=list(desk.verdicts),
        made=list(desk.made),
    )


def replay(desk: Desk, posting: bool | None = None) -> Iterator[date]:
    """Works through the stream; says the last day of each block when it is done.

    `posting`: only the blocks of the parallel run (False) or those after it (True).
    """
    for first, last in blocks(desk.rules.block):
        if posting is not None and posting != posts_on(desk.rules, last):
            continue
        fresh = desk.ledger.between(first, last)
        if fresh.height:
            _work(desk, fresh, last)
        yield last


def posts_on(rules: Rules, day: date) -> bool:
    """Whether the parallel run is over."""
    return month_of(day) > rules.parallel_months


def blocks(days: int) -> Iterator[tuple[date, date]]:
    """First and last day of each block of so many days; none reaches over the end of a month."""
    day, end = START, START + timedelta(days=DAYS["stream"] - 1)
    while day <= end:
        month = (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        last = min(day + timedelta(days=days - 1), month, end)
        # A rest of a few days belongs to the block before it.
        last = month if (month - last).days < days // 2 else last
        yield day, min(last, end)
        day = last + timedelta(days=1)


def month_of(day: date) -> int:
    """The month of the stream's payments: the first full one is 1, the days before it 0."""
    return (day.year - START.year) * 12 + day.month - START.month


def _work(desk: Desk, fresh: pl.DataFrame, last: date) -> None:
    """One block: propose, post, review, judge, correct, certify."""
    posting = posts_on(desk.rules, last)
    least = thresholds(desk.certificate, desk.policy, STRATA) if posting else {}
    found = propose(desk.ledger.book(fresh, last), last, desk.rules.budget, certified=least)
    rows = _allowed(desk, _scored(desk.case, found, fresh), found, posting)
    desk.verdicts.append(rows)
    posts = rows.filter("posted")
    seed = f"stream:{last.isoformat()}"
    posts = draw(posts, seed) if posts.height else posts.with_columns(chance=pl.lit(1.0), audit=pl.lit(False))
    wrong = posts.filter(~pl.col("posted_right"))
    desk.ledger.post_wrong(wrong["receipt_id"], found.allocations, last)
    desk.standing |= dict.fromkeys(wrong["receipt_id"], last)
    desk.ledger.settle(rows.filter(~pl.col("posted") | pl.col("posted_right"))["receipt_id"], last)
    audited = posts.filter("audit")
    _judge(desk, pl.concat([rows.filter(~pl.col("posted") & pl.col("proposed")), audited.select(rows.columns)]), last)
    _correct(desk, set(audited["receipt_id"]), last)
    _watch(desk, audited, last)
    _certify(desk, last)


def _scored(case: Case, found: Proposals, fresh: pl.DataFrame) -> pl.DataFrame:
    """The scorer's verdicts with the engine's rule and stratum (`kind`)."""
    ids = fresh["receipt_id"].implode()
    facts = case.receipts.filter(pl.col("receipt_id").is_in(ids))
    truth = case.truth.filter(pl.col("receipt_id").is_in(ids))
    verdicts = score(found.allocations, found.decisions, truth, facts).verdicts
    rules = found.decisions.select("receipt_id", "rule")
    kind = pl.col("rule").replace_strict(strata(), default=None, return_dtype=pl.String)
    days = fresh.select("receipt_id", day="booked_on")
    return verdicts.join(rules, on="receipt_id").join(days, on="receipt_id").with_columns(kind=kind)


def _allowed(desk: Desk, rows: pl.DataFrame, found: Proposals, posting: bool) -> pl.DataFrame:
    """Adds `posted`, `posted_right`, `posted_exact`, `via`, `threshold`: what the promise lets through."""
    proven = pl.Series(sorted(found.proven), dtype=pl.String)
    proposed = rows.select(
        "receipt_id", "confidence", "amount", stratum="kind", proven=pl.col("receipt_id").is_in(proven.implode())
    )
    said = decide(proposed, desk.certificate, desk.policy).select("via", "threshold", allowed=pl.col("decision"))
    posted = pl.col("automatic") & (pl.col("allowed") == "auto") & pl.lit(posting)
    both = pl.concat([rows, said], how="horizontal").with_columns(posted=posted)
    right = {"posted_right": pl.col("posted") & pl.col("whole"), "posted_exact": pl.col("posted") & pl.col("exact")}
    return both.with_columns(**right).select(_KEPT)


def _judge(desk: Desk, rows: pl.DataFrame, day: date) -> None:
    """What the clerk saw, as `usecases.judged_receipts` gives it to the certificate."""
    seen = rows.filter(pl.col("kind").is_not_null()).select(
        "receipt_id",
        "confidence",
        "amount",
        day=pl.lit(day),
        stratum="kind",
        right="whole",
        source=pl.lit("person"),
        chance=pl.lit(1.0),
    )
    desk.judged.append(seen.select(pl.col(name).cast(dtype) for name, dtype in JUDGED_SCHEMA.items()))


def _watch(desk: Desk, audited: pl.DataFrame, day: date) -> None:
    """The running tests over what the audit drew, and all that is known to be wrong; a stratum that fails is off from
    now on."""
    rows = audited.select("receipt_id", "chance", day=pl.lit(day), stratum="kind", right="posted_right")
    desk.tests = observe_strata(desk.tests, rows.drop_nulls("stratum"))
    posts = pl.concat(desk.verdicts).filter("posted").select("receipt_id", stratum="kind").drop_nulls("stratum")
    wrong = pl.col("receipt_id").is_in(list(desk.found)).sum()
    known = posts.group_by("stratum").agg(posts=pl.len(), wrong=wrong)
    desk.policy = replace(
        desk.policy, off=failed_strata(desk.tests) | refuted(known, desk.rules.budget, desk.rules.per_stratum)
    )


def _correct(desk: Desk, audited: set[str], day: date) -> None:
    """Finds wrong posts: drawn by the audit, in another receipt's way, or old enough."""
    oldest = day - timedelta(days=desk.rules.found_after)
    due = {name for name, posted in desk.standing.items() if name in audited or posted <= oldest}
    while due:
        for name in sorted(due):
            del desk.standing[name]
            desk.found.add(name)
        desk.ledger.correct(sorted(due), day)
        due = set(desk.ledger.conflicting())


def _certify(desk: Desk, day: date) -> None:
    """A certificate where one is due: the judgements have grown by a tenth, or an error came up where it posts."""
    newest, judged = pl.concat([_EMPTY, *desk.judged[1:]]), pl.concat(desk.judged)
    desk.judged = [judged]
    if desk.certificate is not None and judged.height < (1 + _GROWTH) * desk.counted:
        least = desk.certificate.threshold()
        wrong = newest.filter(~pl.col("right") & (pl.col("confidence") >= (2.0 if least is None else least)))
        if not wrong.height:
            return
    desk.certificate, desk.counted = certify(judged, desk.rules.budget, DEFAULT_CONFIDENCE), judged.height
    desk.made.append((day, desk.certificate))
