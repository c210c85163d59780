"""What the acts on receipts and items share: one version of a fact written, one decision kept with its audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from encours.core.base.issue import no_issues
from encours.core.base.schema import TABLES
from encours.store import audit, frames, parquet
from encours.store.models import Decision, Proposal, Receipt
from encours.usecases import clock, merge
from encours.usecases.merge.apply import Merged
from encours.usecases.merge.diff import Difference
from encours.usecases.recompute_positions import recompute_positions
from encours.usecases.rights import Actor, NotAllowedError


def locked_receipt(actor: Actor, receipt_id: str, act: str) -> Receipt:
    """The receipt as it stands, its entity locked until the caller's transaction ends. Raises NotAllowedError."""
    rows = actor.scope(Receipt).filter(receipt_id=receipt_id, is_current=True)
    seen = rows.first()
    if seen is None:
        raise NotAllowedError(act, None, "not_visible")
    parquet.lock_entity(seen.entity_id)
    now: Receipt | None = rows.first()  # as it is once nobody else writes
    if now is None:
        raise NotAllowedError(act, None, "not_visible")
    return now


def write_fact(name: str, row: Mapping[str, Any], entity_id: str) -> Merged:
    """Writes one fact, or its next version, known from today: what `row` leaves out stays as it stood.

    The caller holds a transaction and the entity's lock, and extends the copies after the commit.
    """
    table = TABLES[name]
    key = table.key[0]
    columns = list(dict.fromkeys([*table.schema, "entity_id"]))
    before = frames.versions(name, pl.Series([row[key]], dtype=pl.String), [*columns, "id"], current=True)
    stood = before.row(0, named=True) if before.height else {}
    values = {**stood, **row, "entity_id": entity_id, "known_on": clock.today()}
    schema = table.schema | {"entity_id": pl.String()}
    fresh = pl.DataFrame([{column: values.get(column) for column in columns}], schema={c: schema[c] for c in columns})
    fresh = fresh.with_columns(is_current=~pl.col("voided").fill_null(False))
    changed = Difference(fresh, before["id"], no_issues(), int(not stood), 0, int(bool(stood)))
    plan = merge.Plan(TABLES["entities"].empty(), {name: changed}, no_issues())
    merged = merge.apply(plan, merge.Origin(), clock.now())
    recompute_positions(merged.customers, clock.today())
    return merged


def keep_decision(
    actor: Actor,
    act: str,
    entity_id: str,
    subject_id: str,
    *,
    amount: int | None = None,
    why: str = "",
    proposal: Proposal | None = None,
    undoes: Decision | None = None,
    more: Mapping[str, object] | None = None,
) -> Decision:
    """Keeps a decision and its audit entry, in the caller's transaction; `more` is what the audit says beside."""
    at = clock.now()
    decision = Decision.objects.create(
        entity_id=entity_id,
        user=actor.user,
        act=act,
        proposal=proposal,
        subject_id=subject_id,
        amount=amount,
        why=why,
        decided_at=at,
        undoes=undoes,
    )
    audit.append(
        at,
        actor.name,
        act,
        entity_id=entity_id,
        subject=subject_id,
        before=None if undoes is None else {"decision": undoes.pk},
        after={"decision": decision.pk, "amount": amount, **(more or {})},
        why=why,
    )
    return decision
