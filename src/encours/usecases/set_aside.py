"""Receipts that nobody wants a proposal for: no customer's, or matched by hand and waiting for a signature."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from encours.core.base.book import Book
from encours.core.matching import Proposals
from encours.store.models import NotCustomer, Proposal


def without_marked(book: Book, entity_id: str) -> Book:
    """The Book without receipts that are no customer's: they must not compete with those that are."""
    marked = _marked(entity_id)
    return book.replace(receipts=book.receipts.filter(~_among(marked))) if marked.len() else book


def without_decided(found: Proposals, entity_id: str) -> Proposals:
    """The proposals without receipts that somebody set aside meanwhile, or matched by hand."""
    waiting = Proposal.objects.filter(entity_id=entity_id, state=Proposal.State.OPEN, by_hand__isnull=False)
    by_hand = pl.Series(list(waiting.values_list("receipt_id", flat=True)), dtype=pl.String)
    gone = pl.concat([_marked(entity_id), by_hand])
    if not gone.len():
        return found
    allocations = found.allocations.filter(~_among(gone).fill_null(False))
    return replace(found, allocations=allocations, decisions=found.decisions.filter(~_among(gone)))


def _marked(entity_id: str) -> pl.Series:
    rows = NotCustomer.objects.filter(entity_id=entity_id).values_list("receipt_id", flat=True)
    return pl.Series(list(rows), dtype=pl.String)


def _among(ids: pl.Series) -> pl.Expr:
    return pl.col("receipt_id").is_in(ids.implode())
