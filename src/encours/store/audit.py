"""The audit: every change as an append-only entry, each sealed with the digest of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from encours.store import bulk
from encours.store.models import AuditEntry

GENESIS = "0" * 64
_BATCH = 1_000
TABLE = AuditEntry._meta.db_table


@dataclass(frozen=True)
class Verdict:
    """What verifying found: entries seen, the last digest, and every fault as (number, what is wrong)."""

    entries: int
    head: str
    faults: tuple[tuple[int, str], ...]

    @property
    def intact(self) -> bool:
        """Whether the chain is whole."""
        return not self.faults


def canonical(value: Any) -> str:
    """JSON that is the same text for the same content: sorted keys, no blanks, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str)


@dataclass(frozen=True)
class Entry:
    """What an entry tells: `before` and `after` hold ids, figures and digests, never names or texts."""

    act: str
    entity_id: str = ""
    subject: str = ""
    before: Any = None
    after: Any = None
    why: str = ""


def append(
    at: datetime,
    actor: str,
    act: str,
    *,
    entity_id: str = "",
    subject: str = "",
    before: Any = None,
    after: Any = None,
    why: str = "",
) -> AuditEntry:
    """One entry, in the caller's transaction, so that a change and its entry stand or fall together.

    `before` and `after` hold ids, figures and digests, never names or texts: `encours erase` leaves the chain whole.
    Raises RuntimeError outside a transaction.
    """
    return append_many(at, actor, [Entry(act, entity_id, subject, before, after, why)])[0]


def append_many(at: datetime, actor: str, entries: Sequence[Entry]) -> list[AuditEntry]:
    """Entries in their order, each sealed with the digest of the one before, in the caller's transaction.

    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an audit entry belongs into the transaction of the change it tells of")
    bulk.lock("audit")
    last = AuditEntry.objects.order_by("-number").values_list("number", "digest").first()
    number, previous = last or (0, GENESIS)
    sealed = []
    for entry in entries:
        number += 1
        row = _sealed(entry, number, previous, at, actor)
        sealed.append(row)
        previous = row.digest
    return AuditEntry.objects.bulk_create(sealed, batch_size=_BATCH)


def _sealed(entry: Entry, number: int, previous: str, at: datetime, actor: str) -> AuditEntry:
    row = AuditEntry(
        number=number,
        at=at.astimezone(UTC),
        actor=actor,
        entity_id=entry.entity_id,
        act=entry.act,
        subject=entry.subject,
        before=json.loads(canonical(entry.before)),
        after=json.loads(canonical(entry.after)),
        why=entry.why,
        previous=previous,
    )
    row.digest = digest(row)
    return row


def digest(entry: AuditEntry) -> str:
    """SHA-256 over the previous digest and the entry's canonical JSON."""
    content = {
        "number": entry.number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "entity_id": entry.entity_id,
        "act": entry.act,
        "subject": entry.subject,
        "before": entry.before,
        "after": entry.after,
        "why": entry.why,
    }
    return hashlib.sha256(f"{entry.previous}\n{canonical(content)}".encode()).hexdigest()


def verify(expected_head: str | None = None) -> Verdict:
    """Walks the whole chain. A head digest that was written down elsewhere also finds a chain cut at its end."""
    faults: list[tuple[int, str]] = []
    number, previous, heads = 0, GENESIS, set()
    for entry in _entries():
        if entry.number != number + 1:
            faults.append((entry.number, f"entries {number + 1} to {entry.number - 1} are missing"))
        if entry.previous != previous:
            faults.append((entry.number, "the entry before it was changed or removed"))
        if digest(entry) != entry.digest:
            faults.append((entry.number, "its content was changed"))
        number, previous = entry.number, entry.digest
        heads.add(entry.digest)
    if expected_head and expected_head not in heads:
        faults.append((number, "the digest written down is not in the chain: entries at its end are missing"))
    return Verdict(number, previous, tuple(faults))


def _entries() -> Iterator[AuditEntry]:
    with transaction.atomic():  # a server-side cursor on PostgreSQL, one snapshot on both
        yield from AuditEntry.objects.order_by("number").iterator(chunk_size=2_000)


_REFUSE = "the audit is append-only"


def raise_guard(on: BaseDatabaseWrapper) -> None:
    """Triggers that refuse UPDATE and DELETE (and TRUNCATE) of audit entries."""
    with on.cursor() as cursor:
        for statement in _guard(on.vendor):
            cursor.execute(statement)


def drop_guard(on: BaseDatabaseWrapper) -> None:
    """Takes the triggers away: when migrating back, and between tests that empty the database."""
    with on.cursor() as cursor:
        for act in ("update", "delete", "truncate"):
            place = f" ON {TABLE}" if on.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS audit_no_{act}{place}")


def _guard(vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER IF NOT EXISTS audit_no_{act} BEFORE {act.upper()} ON {TABLE}"
            f" BEGIN SELECT RAISE(ABORT, '{_REFUSE}'); END"
            for act in ("update", "delete")
        ]
    function = (
        "CREATE OR REPLACE FUNCTION encours_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_REFUSE}'; END $$"
    )
    row = "FOR EACH ROW EXECUTE FUNCTION encours_audit_refuse()"
    table = "FOR EACH STATEMENT EXECUTE FUNCTION encours_audit_refuse()"
    return [
        function,
        f"CREATE OR REPLACE TRIGGER audit_no_update BEFORE UPDATE ON {TABLE} {row}",
        f"CREATE OR REPLACE TRIGGER audit_no_delete BEFORE DELETE ON {TABLE} {row}",
        f"CREATE OR REPLACE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {TABLE} {table}",
    ]
