"""Server time and queries of the pages at a million items and 20,000 customers, today and on a past day."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.harness import Figure, arguments, measure, report

_ITEMS, _CUSTOMERS = 1_000_000, 20_000
_ENTITY = "123456782"
_ROUNDS = 60  # a p95 of twenty would be its slowest
_PAST_ROUNDS = 3


def book_tables(items: int, customers: int, day: date, seed: int = 7) -> dict[str, pl.DataFrame]:
    """A book of the wanted size: skewed customers, nine items in ten settled by a receipt of their own."""
    random = np.random.default_rng(seed)
    owner = np.minimum((random.pareto(1.2, items) * customers / 12).astype(np.int64), customers - 1)
    age = random.integers(0, 1_095, items)
    term = random.choice([30, 45, 60], items)
    amount = np.round(np.exp(random.normal(11, 1.1, items))).astype(np.int64) + 100
    settled = (random.random(items) < 0.995) & (age > term - 5)
    number = np.arange(items)
    frame = pl.DataFrame({"n": number, "owner": owner, "age": age, "term": term, "amount": amount, "settled": settled})
    frame = frame.with_columns(
        customer_id=pl.format("{}:C{}", pl.lit(_ENTITY), pl.col("owner")),
        item_id=pl.format("{}:FA{}", pl.lit(_ENTITY), pl.col("n")),
        receipt_id=pl.format("{}:R{}", pl.lit(_ENTITY), pl.col("n")),
        issued_on=pl.lit(day) - pl.duration(days="age"),
    ).with_columns(due_on=pl.col("issued_on") + pl.duration(days="term"))
    frame = frame.with_columns(paid_on=pl.min_horizontal("due_on", pl.lit(day)))
    own = {"entity_id": pl.lit(_ENTITY), "currency": pl.lit("EUR")}
    settled_rows = frame.filter(pl.col("settled") | (pl.col("n") % 200 == 0))  # some money finds no item
    return {
        "entities": pl.DataFrame(
            {"entity_id": [_ENTITY], "name": ["Société de mesure"], "country": ["FR"], "currency": ["EUR"]}
        ),
        "customers": pl.DataFrame({"n": np.arange(customers)}).select(
            customer_id=pl.format("{}:C{}", pl.lit(_ENTITY), pl.col("n")),
            entity_id=pl.lit(_ENTITY),
            name=pl.format("Client {} Négoce", pl.col("n")),
            kind=pl.lit("business"),
            legal_id=(pl.col("n") + 300_000_000).cast(pl.String),
            collector=pl.format("Chargé {}", pl.col("n") % 12),
        ),
        "items": frame.select(
            "item_id", "customer_id", "issued_on", "due_on", "amount",
            number=pl.format("FA{}", pl.col("n")), kind=pl.lit("invoice"), **own,
        ),
        "receipts": settled_rows.select(
            "receipt_id", "amount", customer_id=pl.when("settled").then("customer_id"), booked_on="paid_on",
            account=pl.lit("FR7612345987650123456789014"), kind=pl.lit("transfer"), origin=pl.lit("bank"),
            payer_name=pl.format("CLIENT {}", pl.col("owner")), remittance=pl.format("VIR FA{}", pl.col("n")), **own,
        ),
        "allocations": frame.filter("settled").select(
            "receipt_id", "item_id", "amount", allocation_id=pl.format("{}:A{}", pl.lit(_ENTITY), pl.col("n")),
            kind=pl.lit("cash"), allocated_on="paid_on", source=pl.lit("measure"),
        ),
    }  # fmt: skip


def run(database: str | None, home: str, items: int, customers: int) -> dict[str, Any]:
    """Loads the book into a fresh database and walks the pages; page → p95 in ms, queries, today and past."""
    os.environ["ENCOURS_HOME"] = home
    os.environ["DJANGO_SETTINGS_MODULE"] = "encours.web.settings"
    if database:
        os.environ["DATABASE_URL"] = database
    else:
        os.environ.pop("DATABASE_URL", None)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _load(home, items, customers)
    return {"today": _walk(_ROUNDS, customers, ""), "past": _walk(_PAST_ROUNDS, customers, _past_day())}


def _past_day() -> str:
    from encours.usecases import clock

    return str(clock.today() - timedelta(days=200))


def _load(home: str, items: int, customers: int) -> None:
    from encours.connectors.book_folder import write_book
    from encours.core.base.book import Book
    from encours.store.models import Role, User
    from encours.usecases import clock
    from encours.usecases.import_files import import_now
    from encours.usecases.rights import job

    folder = Path(home) / "book"
    write_book(Book.of(**book_tables(items, customers, clock.today())), folder)
    import_now(job("measure"), None, [folder])
    user = User.objects.create(username="m", email="m@example.org", language="fr")
    Role.objects.create(user=user, entity_id=_ENTITY, kind="administrator")


def _addresses(customers: int) -> dict[str, list[str]]:
    """Page -> addresses as people open them: other customers, other searches, other filters each time."""
    steps = [customers // (2 * _ROUNDS) * step for step in range(_ROUNDS)]
    searches = [f"?q=FA{step}" if step % 2 else f"?q=Client {step}" for step in range(37, 37 + _ROUNDS)]
    filters = ["", "?state=overdue", "?sort=-overdue", "?sort=name&page=3", "?state=late_60", "?q=client 19"]
    return {
        "Overview": ["/"],
        "Customers": [f"/customers/{query}" for query in filters],
        "Customer": [f"/customer/{_ENTITY}:C{step}" for step in steps],
        "Receipts": ["/receipts/", "/receipts/?page=2", "/receipts/?state=all", "/receipts/?state=proposed"],
        "search": [f"/search/{query}" for query in searches],
    }


def _walk(rounds: int, customers: int, past: str) -> dict[str, dict[str, float]]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from encours.store.models import User

    client = Client()
    client.force_login(User.objects.get())
    client.get(f"/help/?on={past}&reading=booked")
    found = {}
    for page, addresses in _addresses(customers).items():
        times, cpu, queries = [], [], 0
        client.get(addresses[0])  # templates and statements are compiled once a process
        if past:
            client.get(f"/help/?on={date.fromisoformat(past) - timedelta(days=len(found) + 1)}&reading=booked")
        for step in range(rounds):
            address = addresses[step % len(addresses)]
            with CaptureQueriesContext(connection) as captured:
                start, worked = time.perf_counter(), time.process_time()
                answer = client.get(address)
                times.append((time.perf_counter() - start) * 1_000)
                cpu.append((time.process_time() - worked) * 1_000)
            if answer.status_code not in (200, 302):
                raise RuntimeError(f"{address}: {answer.status_code}")
            queries = max(queries, len(captured))
        p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 3 else max(times)
        found[page] = {"p95_ms": p95, "cpu_ms": statistics.median(cpu), "queries": queries}
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Both databases, or the one that `--database` names."""
    options = {"--database": {"choices": ["sqlite", "postgresql", "both"], "default": "both"}}
    call = arguments("Pages at a million items, 20,000 customers", argv, options=options)
    items, customers = call.scaled(_ITEMS), call.scaled(_CUSTOMERS)
    figures: list[Figure] = [Figure("items", items), Figure("customers", customers)]
    wanted = ("sqlite", "postgresql") if call.extra["database"] == "both" else (call.extra["database"],)
    for name in wanted:
        with ExitStack() as stack:
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="encours-pages-"))
            url = None
            if name == "postgresql":
                from tests.postgres import throwaway_cluster

                url = stack.enter_context(throwaway_cluster())
            found = measure(run, url, home, items, customers).value
        for page, cost in found["today"].items():
            figures.append(Figure(f"{name}: {page}, p95", round(cost["p95_ms"], 1), "ms", at_most=150))
            figures.append(Figure(f"{name}: {page}, CPU", round(cost["cpu_ms"], 1), "ms"))
            figures.append(Figure(f"{name}: {page}, queries", cost["queries"], "", at_most=30))
        for page, cost in found["past"].items():
            figures.append(Figure(f"{name}: {page} on a past day", round(cost["p95_ms"], 1), "ms", at_most=1_500))
    return report(call, figures)


if __name__ == "__main__":
    raise SystemExit(main())
