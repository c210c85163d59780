"""Books whose receipts wait, and histories of what a person judged before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from encours.store.models import Decision, Proposal, Receipt, Run
from encours.store.rights import Actor
from encours.usecases import clock
from tests.kept import import_once
from tests.usecases.books import small_book

_DAY = date(2026, 1, 5)


def load(home: Path, customers: int = 3, *, quoted: bool = True) -> None:
    """As many receipts as customers, each paying its first invoice: quoted by its number, or known by its amount."""
    book = small_book(paid=False, customers=customers)
    numbered = book.items.with_columns(number=pl.format("FA2026-{}", pl.int_range(pl.len()) + 1000))
    first = numbered.filter(pl.col("item_id").str.ends_with("i0"))["number"]
    text = pl.format("VIR {}", first) if quoted else pl.lit("VIREMENT RECU")
    receipts = book.receipts.with_columns(remittance=text)
    import_once(book.replace(items=numbered, receipts=receipts), home / "book")


def add_history(
    clerk: Actor, count: int, *, wrong: frozenset[int] = frozenset(), rule: str = "one", run: str = "propose_matches"
) -> None:
    """`count` receipts whose proposal of `rule` the clerk accepted as it stood, or refused (`wrong`).

    The confidences rise from 0.3 to 0.9995. They are not in the copies: the engine does not see them.
    """
    made = Run.objects.create(name=run, entity_id="A", day=_DAY, started_at=clock.now(), state="done")
    begin = Receipt.objects.filter(receipt_id__startswith="A:h").count()
    ids = [f"A:h{begin + place}" for place in range(count)]
    same = {"entity_id": "A", "account": "512", "booked_on": _DAY, "currency": "EUR", "kind": "transfer"}
    Receipt.objects.bulk_create(
        [Receipt(receipt_id=one, amount=10_000, origin="bank", is_current=True, **same) for one in ids], batch_size=400
    )
    proposals = [
        Proposal(
            run=made,
            entity_id="A",
            receipt_id=one,
            decision="review",
            rule=rule,
            confidence=float(sure),
            reason="one open item has exactly this amount",
            state="rejected" if place in wrong else "accepted",
            proposed_at=clock.now(),
        )
        for place, (one, sure) in enumerate(zip(ids, np.linspace(0.3, 0.9995, count), strict=True))
    ]
    Proposal.objects.bulk_create(proposals, batch_size=400)
    decisions = [
        Decision(
            entity_id="A",
            user=clerk.user,
            act="reject_match" if row.state == "rejected" else "accept_match",
            proposal=row,
            subject_id=row.receipt_id,
            amount=10_000,
            decided_at=clock.now(),
        )
        for row in proposals
    ]
    Decision.objects.bulk_create(decisions, batch_size=400)
