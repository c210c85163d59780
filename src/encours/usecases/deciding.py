"""What the acts on receipts and items share: one version of a fact written, one decision kept with its audit entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    return write_facts({name: [row]}, entity_id)


def write_facts(tables: Mapping[str, Sequence[Mapping[str, Any]]], entity_id: str) -> Merged:
    """Writes facts of one entity in one go, table -> rows, each like `write_fact`; rows of a key stand once.

    The caller holds a transaction and the entity's lock, and extends the copies after the commit.
    """
    changed = {name: _changed(name, rows, entity_id) for name, rows in tables.items() if rows}
    merged = merge.apply(merge.Plan(TABLES["entities"].empty(), changed, no_issues()), merge.Origin(), clock.now())
    recompute_positions(merged.customers, clock.today())
    return merged


def _changed(name: str, rows: Sequence[Mapping[str, Any]], entity_id: str) -> Difference:
    """The rows as new versions beside those that they take the place of."""
    table = TABLES[name]
    columns = list(dict.fromkeys([*table.schema, "entity_id"]))
    by = _found_by(table.key)
    named = pl.Series(sorted({row[by] for row in rows}), dtype=pl.String)
    before = frames.versions(name, named, [*columns, "id"], current=True, by=by)
    stood = {tuple(row[part] for part in table.key): row for row in before.iter_rows(named=True)}
    fresh, retired = [], []
    for row in rows:
        old = stood.get(tuple(row[part] for part in table.key), {})
        values = {**old, **row, "entity_id": entity_id, "known_on": clock.today()}
        fresh.append({column: values.get(column) for column in columns})
        retired += [old["id"]] if old else []
    schema = table.schema | {"entity_id": pl.String()}
    frame = pl.DataFrame(fresh, schema={column: schema[column] for column in columns})
    frame = frame.with_columns(is_current=~pl.col("voided").fill_null(False))
    numbers = pl.Series("id", retired, dtype=pl.Int64)
    return Difference(frame, numbers, no_issues(), len(fresh) - len(retired), 0, len(retired))


def _found_by(key: Sequence[str]) -> str:
    """The column of a key by whose index rows are found: an event's subject says only of which kind it is."""
    return "subject_id" if key[0] == "subject" else key[0]


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
