"""The audit: append-only, hash-chained, tampering is found."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction

from encours.store import audit
from encours.store.models import AuditEntry

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 31, 12, 0, 0, 123456, tzinfo=UTC)


def written(count: int) -> list[AuditEntry]:
    return [
        audit.append(AT, "user:1", "write_note", entity_id="A", subject=f"A:{n}", after={"é": n, "b": [1, None]})
        for n in range(count)
    ]


def tampered(statement: str) -> audit.Verdict:
    audit.drop_guard(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    audit.raise_guard(connection)
    return audit.verify()


def test_the_chain_holds_and_names_its_head() -> None:
    entries = written(3)
    verdict = audit.verify()
    assert verdict.intact
    assert (verdict.entries, verdict.head) == (3, entries[-1].digest)
    assert audit.verify(entries[1].digest).intact


def test_many_entries_are_one_chain_with_those_before_and_after() -> None:
    first = written(1)[0]
    entries = [audit.Entry("accept_match", "A", f"A:r{n}", None, {"amount": n}, "why") for n in range(2_500)]
    many = audit.append_many(AT, "job:nightly", entries)
    last = written(1)[0]
    assert [entry.number for entry in (first, many[0], many[-1], last)] == [1, 2, 2_501, 2_502]
    assert (many[0].previous, last.previous) == (first.digest, many[-1].digest)
    assert audit.verify(many[1_234].digest).intact
    assert audit.append_many(AT, "job:nightly", []) == []


@pytest.mark.parametrize("act", ["UPDATE store_auditentry SET why = 'x'", "DELETE FROM store_auditentry"])
def test_the_database_refuses_to_change_an_entry(act: str) -> None:
    written(1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(act)
    assert audit.verify().entries == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE store_auditentry SET why = 'x' WHERE number = 2",
        "UPDATE store_auditentry SET actor = 'user:2' WHERE number = 3",
        "DELETE FROM store_auditentry WHERE number = 1",
        "DELETE FROM store_auditentry WHERE number = 2",
        "UPDATE store_auditentry SET number = 7 WHERE number = 3",
    ],
)
def test_tampering_is_found(statement: str) -> None:
    written(3)
    assert not tampered(statement).intact


def test_a_chain_cut_at_its_end_is_found_with_a_digest_written_down() -> None:
    head = written(3)[-1].digest
    assert tampered("DELETE FROM store_auditentry WHERE number = 3").intact
    assert not audit.verify(head).intact


def test_an_entry_needs_the_transaction_of_its_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(RuntimeError):
        audit.append(AT, "user:1", "x")


@pytest.mark.django_db(transaction=True)
def test_the_guard_stands_again_after_the_tests_emptied_the_database() -> None:
    with transaction.atomic():
        written(1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().delete()
