"""Does the promise still hold? Running tests of the audits, errors known of all posts, whether the mix has moved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl
from django.db import transaction

from encours.core.matching.certificate import (
    BY_FILE,
    POOLED,
    STRATA,
    TESTED,
    Drift,
    RunningTest,
    failed_strata,
    observe,
    observe_mix,
    refuted,
    watch,
)
from encours.core.matching.certificate.audit import AUDIT_RATE
from encours.core.matching.certificate.certify import DEFAULT_CONFIDENCE
from encours.core.matching.certificate.drift import MIX_SCHEMA, MOVED
from encours.core.matching.certificate.running import AUDITED_SCHEMA
from encours.core.matching.certificate.words import one_in
from encours.store import audit, parquet
from encours.store.models import Entity, MatchAudit, MatchCertificate, Proposal, Receipt, StratumSwitch
from encours.store.rows import fetch
from encours.usecases import clock
from encours.usecases.error_budget import end_prior, error_budget
from encours.usecases.judged_receipts import known_errors
from encours.usecases.refusals import REWOUND
from encours.usecases.rights import Actor
from encours.usecases.standing_promise import newest_certificate, switches

TEST_FAILED, BY_PERSON = "test_failed", "person"


def watch_promise(actor: Actor, entity_id: str) -> list[str]:
    """Looks at both; what is found is done at once. The strata that were switched off now."""
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        off = [*switch_failed_off(actor, entity_id), *switch_refuted_off(actor, entity_id)]
        ask_where_drifted(actor, entity_id)
    return off


def switch_failed_off(actor: Actor, entity_id: str) -> list[str]:
    """Switches every stratum off whose running test has failed; the caller holds a transaction and the lock."""
    _judge_undone(entity_id)
    known = switches(entity_id)
    tests = running_tests(entity_id, known, error_budget(entity_id).budget)
    failed = _on(failed_strata(tests), known)
    for name in failed:
        test = tests[name]
        figures: dict[str, object] = {"audited": test.audited, "wrong": test.wrong, "target": test.target}
        why = f"{test.wrong} of {test.audited} audited posts were wrong: more than {one_in(test.target)}"
        _switch_off(actor, entity_id, name, why, figures)
    return failed


def switch_refuted_off(actor: Actor, entity_id: str) -> list[str]:
    """Switches every stratum off whose posts are known to be wrong more often than promised: a look at all posts, once
    a night. The caller holds a transaction and the lock."""
    known, asked = switches(entity_id), error_budget(entity_id)
    errors = known_errors(entity_id, {name: row.at for name, row in known.items() if row.on})
    # A certificate's strata may keep one promise together; what a file says keeps its own.
    certified = pl.col("stratum") != BY_FILE
    together = refuted(errors.filter(certified), asked.budget, asked.per_stratum)
    broken = _on(together | refuted(errors.filter(~certified), asked.budget), known)
    for name in broken:
        posts, wrong = errors.filter(stratum=name).select("posts", "wrong").row(0)
        why = f"{wrong} of {posts} posts are known to be wrong: more than {one_in(asked.budget)}"
        _switch_off(actor, entity_id, name, why, {"posts": posts, "wrong": wrong, "target": asked.budget})
    return broken


def _on(strata: frozenset[str], known: Mapping[str, StratumSwitch]) -> list[str]:
    """Those of the strata that nobody has switched off yet."""
    return [name for name in sorted(strata) if name not in known or known[name].on]


def _switch_off(actor: Actor, entity_id: str, name: str, why: str, figures: Mapping[str, object]) -> None:
    StratumSwitch.objects.create(
        entity_id=entity_id, stratum=name, on=False, cause=TEST_FAILED, why=why, at=clock.now()
    )
    audit.append(
        clock.now(),
        actor.name,
        "switch_stratum",
        entity_id=entity_id,
        subject=name,
        before={"on": True},
        after={"on": False, "cause": TEST_FAILED, **figures},
        why=why,
    )
    end_prior(actor, entity_id, f"{name}: {why}")


def _judge_undone(entity_id: str) -> None:
    """Whoever took a drawn post back, outside the queue, has judged it: it was wrong. A rewind judges nothing."""
    waiting = MatchAudit.objects.filter(entity_id=entity_id, right__isnull=True, decision__undone_by__act="undo_match")
    for row in waiting.select_related("decision__undone_by"):
        undo = row.decision.undone_by
        if undo.user_id is not None:
            row.right, row.judged_by_id, row.judged_at, row.note = False, undo.user_id, undo.decided_at, undo.why
            row.save(update_fields=["right", "judged_by", "judged_at", "note"])


def running_tests(entity_id: str, known: Mapping[str, StratumSwitch], target: float) -> dict[str, RunningTest]:
    """Stratum -> its test of `target`: on the audits since a person last switched it on, on all where nobody did."""
    rows = _audited(entity_id)
    begun = {name: row.at for name, row in known.items() if row.on}
    found = {}
    for name in TESTED:
        own = rows.filter(pl.col("stratum") == name)
        if name in begun:
            own = own.filter(pl.col("at") > _text(begun[name]))
        # The least chance there was: on the shipped prior, where one in ten is drawn, each audit weighs ten times more
        # than it would beside posts of which one in a hundred is. Chances are fixed before anybody judges.
        floor = float(str(own["chance"].min())) if own.height else AUDIT_RATE
        test = RunningTest(target, DEFAULT_CONFIDENCE, floor)
        found[name] = observe(test, own.select(list(AUDITED_SCHEMA)))
    return found


def _audited(entity_id: str) -> pl.DataFrame:
    """AUDITED_SCHEMA and `at`, the moment of each judgement; that a post is right counts while the post stands."""
    columns = ("receipt_id", "judged_at", "stratum", "right", "chance")
    judged = MatchAudit.objects.filter(entity_id=entity_id, right__isnull=False)
    rows = judged.exclude(right=True, decision__undone_by__act=REWOUND).values_list(*columns)
    told = [(receipt, at.date(), stratum, right, chance, _text(at)) for receipt, at, stratum, right, chance in rows]
    return pl.DataFrame(told, schema=AUDITED_SCHEMA | {"at": pl.String()}, orient="row")


def _text(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def ask_where_drifted(actor: Actor, entity_id: str) -> str | None:
    """Notes on the entity's certificate that the mix has moved; from then on only proofs post, until enough was judged
    since for a new one. A certificate that is to be renewed for another reason is looked at all the same: renewed, it
    would compare with the mix as it is now.

    The caller holds a transaction and the lock.
    """
    row = newest_certificate(entity_id, error_budget(entity_id).budget)
    if row is None or row.asks.startswith(MOVED):
        return None if row is None else row.asks
    state = _looked_at(row)
    if state is None or state.asks is None or (row.asks and not state.asks.startswith(MOVED)):
        return row.asks or None
    row.asks, row.asked_at = state.asks, clock.now()
    row.save(update_fields=["asks", "asked_at"])
    audit.append(
        row.asked_at,
        actor.name,
        "ask_certificate",
        entity_id=entity_id,
        subject=f"certificate:{row.pk}",
        after={"blocks": state.blocks},
        why=state.asks,
    )
    return state.asks


def _looked_at(row: MatchCertificate) -> Drift | None:
    """The mix of what was proposed since the certificate beside that of its window; None where nothing was judged.

    Keeps on the certificate what a person is shown of it: the window, and each month since.
    """
    first = row.strata.filter(stratum=POOLED).values_list("first_on", flat=True).first()
    if first is None:
        return None
    mix = proposed_mix(str(row.entity_id), first)
    window, since = mix.filter(pl.col("day") <= row.made_on), mix.filter(pl.col("day") > row.made_on)
    state = observe_mix(watch(window), since)
    months = since.with_columns(month=pl.col("day").dt.strftime("%Y-%m")).partition_by("month", as_dict=True)
    row.mix = {
        "window": _shares(window),
        "months": [{"month": str(key[0])} | _shares(part) for key, part in sorted(months.items())],
        "blocks": state.blocks,
        "seen": state.seen,
    }
    row.save(update_fields=["mix"])
    return state


def _shares(mix: pl.DataFrame) -> dict[str, object]:
    """How many, which share each stratum has of them, and the mean confidence."""
    counts = dict(mix["stratum"].value_counts().iter_rows())
    shares = {name: counts.get(name, 0) / mix.height if mix.height else None for name in STRATA}
    mean = mix["confidence"].mean()
    return {
        "receipts": mix.height,
        "shares": shares,
        "confidence": None if mean is None else round(float(str(mean)), 4),
    }


def proposed_mix(entity_id: str, since: date) -> pl.DataFrame:
    """MIX_SCHEMA: the last proposal of every receipt that had one since a day; the channel is the receipt's kind."""
    from encours.core.matching.families import strata

    proposal, receipt = Proposal._meta.db_table, Receipt._meta.db_table
    schema = {
        "receipt_id": pl.String(),
        "day": pl.String(),
        "rule": pl.String(),
        "channel": pl.String(),
        "confidence": pl.Float64(),
    }
    rows = fetch(
        "SELECT p.receipt_id, CAST(p.proposed_at AS varchar(32)), p.rule, r.kind, p.confidence"
        f" FROM {proposal} p JOIN {receipt} r ON r.receipt_id = p.receipt_id AND r.is_current"
        " WHERE p.entity_id = %s AND p.decision <> 'none' AND p.proposed_at >= %s ORDER BY p.id",
        (entity_id, since.isoformat()),
        schema,
    )
    last = rows.unique("receipt_id", keep="last", maintain_order=True)
    found = last.with_columns(
        day=pl.col("day").str.slice(0, 10).str.to_date("%Y-%m-%d"),
        stratum=pl.col("rule").replace_strict(strata(), default=None, return_dtype=pl.String),
    ).drop_nulls("stratum")
    return found.select(pl.col(name).cast(dtype) for name, dtype in MIX_SCHEMA.items())


def watch_all(actor: Actor) -> int:
    """Every entity; how many strata were switched off."""
    return sum(len(watch_promise(actor, entity)) for entity in Entity.objects.values_list("entity_id", flat=True))
