"""A small entity whose receipts wait, each quoting the first invoice of its customer; and persons in it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from encours.store.models import Role, User
from encours.store.rights import Actor, actor_of
from tests.kept import import_once
from tests.usecases.books import small_book


def load_waiting(home: Path) -> None:
    """Three customers of entity A with two invoices each; a receipt each that quotes and pays the first."""
    book = small_book(paid=False)
    numbered = book.items.with_columns(number=pl.format("FA2026-{}", pl.int_range(pl.len()) + 1000))
    first = numbered.filter(pl.col("item_id").str.ends_with("i0"))["number"]
    quoting = book.receipts.with_columns(remittance=pl.format("VIR {}", first))
    import_once(book.replace(items=numbered, receipts=quoting), home / "book")


def person(name: str, kind: str = "credit_manager") -> Actor:
    """Somebody with a role in A."""
    user = User.objects.create_user(name, f"{name}@example.com")
    Role.objects.create(user=user, entity_id="A", kind=kind)
    return actor_of(user)
