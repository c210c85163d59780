"""An installation whose receipts all wait, each quoting the invoice it pays; and what its book says, as digests."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.base.schema import TABLES

ENTITY = "W"
_DAY = date(2026, 3, 31)


def make_waiting_book(folder: Path, receipts: int, seed: int = 5) -> None:
    """As many invoices as receipts, ten a customer; every second customer has another one that stays open."""
    rng = np.random.default_rng(seed)
    customers = max(2, receipts // 10)
    paid = _items(receipts, customers, rng, "I", 0)
    kept = _items(customers, customers, rng, "K", receipts)
    money = paid.select(
        receipt_id=pl.col("item_id").str.replace(":I", ":R"),
        entity_id="entity_id",
        account=pl.lit("512"),
        booked_on=pl.col("issued_on").dt.offset_by("40d"),
        amount="amount",
        currency="currency",
        kind=pl.lit("transfer"),
        origin=pl.lit("bank"),
        customer_id="customer_id",
        remittance=pl.format("VIR {}", "number"),
    )
    entity = {"entity_id": [ENTITY], "name": ["Waiting"], "country": ["FR"], "currency": ["EUR"]}
    known = pl.DataFrame({"n": pl.int_range(customers, eager=True)}).select(
        customer_id=pl.format(f"{ENTITY}:C{{}}", "n"),
        entity_id=pl.lit(ENTITY),
        name=pl.format("Client {}", "n"),
        kind=pl.lit("business"),
    )
    rows = {"entities": pl.DataFrame(entity), "customers": known, "items": pl.concat([paid, kept]), "receipts": money}
    write_book(Book.of(**{name: TABLES[name].conform(frame) for name, frame in rows.items()}), folder)


def _items(count: int, customers: int, rng: np.random.Generator, letter: str, first: int) -> pl.DataFrame:
    n = pl.int_range(count, eager=True)
    age = pl.Series(rng.integers(45, 200, count))
    issued = pl.DataFrame({"age": age}).select(pl.lit(_DAY) - pl.duration(days="age")).to_series()
    return pl.DataFrame({"n": n, "issued_on": issued, "amount": rng.integers(1_000, 5_000_000, count)}).select(
        item_id=pl.format(f"{ENTITY}:{letter}{{}}", "n"),
        entity_id=pl.lit(ENTITY),
        customer_id=pl.format(f"{ENTITY}:C{{}}", pl.col("n") % customers),
        number=pl.format("FA2026-{}", (pl.col("n") + first + 100_000).cast(pl.String)),
        kind=pl.lit("invoice"),
        issued_on="issued_on",
        due_on=pl.col("issued_on").dt.offset_by("30d"),
        amount="amount",
        currency=pl.lit("EUR"),
    )


def start(home: str, url: str) -> None:
    """Django on a data folder and a database of its own."""
    os.environ.update(ENCOURS_HOME=home, DATABASE_URL=url, DJANGO_SETTINGS_MODULE="encours.web.settings")
    import django

    django.setup()


def prepare(home: str, url: str, book: str, limit: int | None = None) -> None:
    """Brings the tables up, imports the book, and lets what is certain post by itself."""
    start(home, url)
    from django.core.management import call_command

    from encours.store.rights import job
    from encours.usecases.automatic_posting import activate_automatic_posting
    from encours.usecases.import_files import import_now

    call_command("migrate", verbosity=0)
    import_now(job("benchmark"), None, [Path(book)])
    activate_automatic_posting(job("benchmark"), ENTITY, "a benchmark", limit)


def digest_book() -> dict[str, str]:
    """What items, receipts, positions and the copies say, whatever happened on the way there."""
    from encours.store import frames
    from encours.store.models import FACTS, CustomerPosition
    from encours.store.rows import select

    book = frames.read_book([ENTITY]).current()
    fields = [field.attname for field in CustomerPosition._meta.concrete_fields if field.attname != "id"]
    return {
        "open amounts": _digest(select(FACTS["items"], ["item_id", "open"], "t.is_current")),
        "unapplied amounts": _digest(select(FACTS["receipts"], ["receipt_id", "unapplied"], "t.is_current")),
        "positions": _digest(select(CustomerPosition, fields)),
        "open amounts of the copy": _digest(book.open_items().select("item_id", "open")),
        "unapplied amounts of the copy": _digest(book.unapplied_receipts().select("receipt_id", "unapplied")),
    }


def digest_posts() -> dict[str, str]:
    """What was posted and stands, that each post was decided and audited once, and that the audit is whole."""
    from encours.core.base.schema import TABLES as ALL
    from encours.store import audit, parquet
    from encours.store.models import FACTS, AuditEntry, Decision, Proposal
    from encours.store.rows import select

    columns = ["receipt_id", "item_id", "amount", "kind", "allocated_on"]
    stands = select(FACTS["allocations"], columns, "t.is_current AND t.reversed_on IS NULL")
    stored = _digest(select(FACTS["allocations"], list(ALL["allocations"].schema)))
    copied = _digest(parquet.scan("allocations", [ENTITY]).collect())
    verdict = audit.verify()
    return {
        "allocations": _digest(stands),
        "the copy is its table": str(stored == copied),
        "accepted": str(Proposal.objects.filter(state="accepted").count()),
        "decided": str(Decision.objects.filter(act="accept_match").count()),
        "audited": str(AuditEntry.objects.filter(act="accept_match").count()),
        "audit": "whole" if verdict.intact else f"BROKEN {verdict.faults}",
    }


def _digest(rows: pl.DataFrame) -> str:
    ordered = rows.sort(rows.columns, nulls_last=False)
    return f"{rows.height}:{hashlib.sha256(ordered.write_csv().encode()).hexdigest()[:16]}"
