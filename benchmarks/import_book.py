"""A book of a million items, receipts and allocations into SQLite and PostgreSQL, beside a plain bulk load."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.harness import Figure, arguments, measure, report
from tests.postgres import create_database, server_folder, throwaway_cluster

_TABLES = ("items", "receipts", "allocations")


def make_book(folder: Path, size: int, customers: int = 20_000, seed: int = 7) -> None:
    """Nine of ten items are paid by a receipt of their own; the rest is open, and as many receipts wait."""
    rng = np.random.default_rng(seed)
    n = np.arange(size)
    who = rng.integers(0, customers, size)
    amount = rng.integers(1_000, 5_000_000, size)
    issued = np.datetime64("2023-01-01") + rng.integers(0, 1_000, size)
    customer = pl.format("S:C{}", pl.Series(who).cast(pl.String).str.zfill(6))
    text = pl.Series(n).cast(pl.String).str.zfill(7)
    folder.mkdir(parents=True)
    entity = pl.lit("S")
    base = pl.DataFrame({"n": text, "amount": amount, "issued_on": pl.Series(issued).cast(pl.Date)})
    base = base.with_columns(customer_id=pl.select(customer).to_series(), paid=pl.Series(rng.random(size) < 0.9))
    pl.DataFrame({"entity_id": ["S"], "name": ["Sample"], "country": ["FR"], "currency": ["EUR"]}).write_parquet(
        folder / "entities.parquet"
    )
    ids = pl.Series(np.arange(customers)).cast(pl.String).str.zfill(6)
    names = pl.DataFrame({"c": ids})
    names.select(
        customer_id=pl.format("S:C{}", "c"), entity_id=entity, name=pl.format("Client {}", "c"), kind=pl.lit("business")
    ).write_parquet(folder / "customers.parquet")
    base.select(
        item_id=pl.format("S:F{}", "n"), entity_id=entity, customer_id="customer_id", ledger_account=pl.lit("411000"),
        number=pl.format("FA-2024-{}", "n"), kind=pl.lit("invoice"), issued_on="issued_on",
        due_on=pl.col("issued_on").dt.offset_by("45d"), amount="amount", currency=pl.lit("EUR"),
        order_ref=pl.format("CMD{}", "n"), label=pl.format("Facture {}", "n"),
    ).write_parquet(folder / "items.parquet")  # fmt: skip
    base.select(
        receipt_id=pl.format("S:R{}", "n"), entity_id=entity, account=pl.lit("FR7630006000011234567890189"),
        booked_on=pl.col("issued_on").dt.offset_by("50d"), value_on=pl.col("issued_on").dt.offset_by("50d"),
        amount="amount", currency=pl.lit("EUR"), kind=pl.lit("transfer"), origin=pl.lit("bank"),
        payer_name=pl.format("CLIENT {}", "customer_id"), payer_account=pl.format("FR76{}", "customer_id"),
        remittance=pl.format("/INV/FA-2024-{} VOTRE FACTURE", "n"), end_to_end_id=pl.format("E2E{}", "n"),
    ).write_parquet(folder / "receipts.parquet")  # fmt: skip
    base.filter("paid").select(
        allocation_id=pl.format("S:A{}", "n"), receipt_id=pl.format("S:R{}", "n"), item_id=pl.format("S:F{}", "n"),
        amount="amount", kind=pl.lit("cash"), source=pl.lit("fec"),
        allocated_on=pl.col("issued_on").dt.offset_by("50d"),
    ).write_parquet(folder / "allocations.parquet")  # fmt: skip


def start(home: str, url: str) -> None:
    """Django on a data folder and a database of its own, migrated."""
    os.environ.update(ENCOURS_HOME=home, DATABASE_URL=url, DJANGO_SETTINGS_MODULE="encours.web.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def prepare(home: str, url: str) -> None:
    """An empty installation."""
    start(home, url)


def run_import(home: str, url: str, book: str) -> dict[str, Any]:
    """The real path: files kept, read, compared, merged, audited; copies and positions follow."""
    start(home, url)
    from encours.store.models import CustomerPosition, Item
    from encours.store.rights import job
    from encours.usecases.import_files import import_now

    began = time.perf_counter()
    owner = import_now(job("benchmark"), None, [Path(book)])
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "counts": owner.counts,
        "open": Item.objects.exclude(open=0).count(),
        "positions": CustomerPosition.objects.count(),
    }


def run_again(home: str, url: str, book: str) -> float:
    """The same rows in another file: all of them compared, none written."""
    start(home, url)
    from encours.store.models import ImportFile
    from encours.store.rights import job
    from encours.usecases.import_files import import_now

    ImportFile.objects.update(sha256="0" * 64)
    began = time.perf_counter()
    import_now(job("benchmark"), None, [Path(book)])
    return time.perf_counter() - began


def run_plain(home: str, url: str, book: str) -> float:
    """The same rows into the same tables by plain executemany or COPY, nothing else; seconds."""
    start(home, url)
    from django.db import connection

    from encours.store import bulk
    from encours.store.models import FACTS

    frames = {}
    for name in ("customers", *_TABLES):
        rows = pl.read_parquet(Path(book) / f"{name}.parquet")
        rows = rows.with_columns(import_id=1, is_current=True)
        if "entity_id" not in rows.columns:
            rows = rows.with_columns(entity_id=pl.lit("S"))
        if name == "items":
            rows = rows.with_columns(open=0, number_key=pl.col("number").str.replace_all("-", ""))
        frames[name] = rows.with_columns(unapplied=0) if name == "receipts" else rows
    if bulk.is_postgres():
        import psycopg

        began = time.perf_counter()
        with psycopg.connect(url) as plain, plain.cursor() as cursor:
            for name, rows in frames.items():
                names = ", ".join(f'"{column}"' for column in rows.columns)
                statement = f"COPY {FACTS[name]._meta.db_table} ({names}) FROM STDIN (FORMAT csv)"
                with cursor.copy(statement.encode()) as copy:
                    for part in rows.iter_slices(100_000):
                        copy.write(part.write_csv(include_header=False).encode())
        return time.perf_counter() - began
    path = str(connection.settings_dict["NAME"])
    connection.close()
    plain = sqlite3.connect(path)
    plain.execute("PRAGMA cache_size = -262144")
    began = time.perf_counter()
    for name, rows in frames.items():
        texts = rows.with_columns(pl.selectors.date().dt.to_string("%Y-%m-%d"))
        names, marks = ", ".join(f'"{column}"' for column in rows.columns), ", ".join("?" * rows.width)
        statement = f"INSERT INTO {FACTS[name]._meta.db_table} ({names}) VALUES ({marks})"
        for part in texts.iter_slices(100_000):
            plain.executemany(statement, part.rows())
    plain.commit()
    return time.perf_counter() - began


def main(argv: list[str] | None = None) -> int:
    """Both databases by default; a bar of 60 s (SQLite), 90 s (PostgreSQL), 2 GB, three times the plain load."""
    call = arguments("Import of a book into the store", argv, options={"--only": {"choices": ["sqlite", "postgresql"]}})
    size = call.scaled(1_000_000)
    figures = [Figure("items, receipts each", size)]
    with tempfile.TemporaryDirectory(prefix="encours-import-") as scratch:
        book = Path(scratch) / "book"
        make_book(book, size)
        wanted = [call.extra["only"]] if call.extra.get("only") else ["sqlite", "postgresql"]
        for vendor in wanted:
            if vendor == "postgresql" and server_folder() is None:
                continue
            server = throwaway_cluster({"fsync": "on"}) if vendor == "postgresql" else nullcontext("")
            with server as url:
                figures += _measured(vendor, Path(scratch) / vendor, str(book), url, call.scale)
    return report(call, figures, {"day": date(2026, 1, 1)})


def _measured(vendor: str, home: Path, book: str, url: str, scale: float) -> list[Figure]:
    bar = (60 if vendor == "sqlite" else 90) * max(scale, 0.05)

    def place(name: str) -> tuple[str, str]:
        (home / name).mkdir(parents=True)
        own = create_database(url, name) if url else f"sqlite:///{home / name / 'encours.sqlite3'}"
        measure(prepare, str(home / name), own)
        return str(home / name), own

    plain_home, plain_url = place("plain")
    plain = measure(run_plain, plain_home, plain_url, book).value
    own_home, own_url = place("own")
    run = measure(run_import, own_home, own_url, book)
    again = measure(run_again, own_home, own_url, book)
    seconds = run.value["seconds"]
    return [
        Figure(f"{vendor}: import", seconds, "s", at_most=bar),
        Figure(f"{vendor}: peak memory", run.peak_mb, "MB", at_most=2_000),
        Figure(f"{vendor}: plain bulk load", plain, "s"),
        Figure(f"{vendor}: ratio", seconds / plain, "", at_most=3),
        Figure(f"{vendor}: open items", run.value["open"]),
        Figure(f"{vendor}: positions", run.value["positions"]),
        Figure(f"{vendor}: the same rows again", again.value, "s"),
        Figure(f"{vendor}: peak memory again", again.peak_mb, "MB"),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
