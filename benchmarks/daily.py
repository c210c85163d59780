"""A day's 500 receipts against 200,000 open items, in the application: from the file to the clerk's queue."""

from __future__ import annotations

import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.harness import Figure, arguments, measure, own_peak_mb, report
from benchmarks.matching.generate import generate
from benchmarks.matching.profile import PROFILES
from benchmarks.waiting_book import start
from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from tests.postgres import create_database, server_folder, throwaway_cluster

_VENDORS = ("SQLite", "PostgreSQL")
_OPEN, _DAILY, _DAYS = 200_000, 500, 3
#: Open items for each receipt of the generator's stock mode.
_ITEMS_A_RECEIPT = 2.35


def write_days(folder: Path, items: int) -> list[str]:
    """The book with its open items, and a statement of 500 receipts for each day, as the bank's own CSV."""
    case = generate(PROFILES["standard"], int(items / _ITEMS_A_RECEIPT), "stock", seed=11)
    own = case.book.entities["entity_id"][0]
    money = case.book.receipts.filter((pl.col("entity_id") == own) & (pl.col("amount") > 0)).sample(
        _DAILY * _DAYS, seed=3
    )
    write_book(case.book.replace(receipts=case.book.receipts.clear()), folder / "book")
    for day in range(_DAYS):
        rows = money.slice(day * _DAILY, _DAILY)
        write_book(_of_day(rows), folder / f"day{day}")
    return [str(folder / f"day{day}") for day in range(_DAYS)]


def _of_day(receipts: pl.DataFrame) -> Book:
    return Book.of(receipts=receipts)


def live(home: str, url: str, book: str, days: list[str]) -> dict[str, Any]:
    """Imports the book, then day after day: file in, proposals made, the queue asked for. Seconds of each day."""
    start(home, url)
    from django.core.management import call_command
    from django.test import Client

    from encours.store.models import Entity, Item, Proposal, Role, User
    from encours.store.rights import job
    from encours.usecases.apply_receipts import apply_receipts
    from encours.usecases.import_files import import_now

    call_command("migrate", verbosity=0)
    import_now(job("benchmark"), None, [Path(book)])
    user = User.objects.create_user("clerk", "clerk@example.org")
    for entity in Entity.objects.all():
        Role.objects.create(user=user, entity=entity, kind=Role.Kind.CREDIT_MANAGER)
    client = Client()
    client.force_login(user)
    spent = []
    for day in days:
        began = time.perf_counter()
        import_now(job("benchmark"), None, [Path(day)])
        imported = time.perf_counter()
        apply_receipts(job("benchmark"))
        matched = time.perf_counter()
        page = client.get("/cash/")
        shown = time.perf_counter()
        assert page.status_code == 200
        spent.append((shown - began, imported - began, matched - imported, shown - matched))
    return {
        "open": Item.objects.filter(is_current=True).exclude(open=0).count(),
        "proposals": Proposal.objects.filter(state="open").exclude(decision="none").count(),
        "days": spent,
        "peak_mb": own_peak_mb(),
    }


def main(argv: list[str] | None = None) -> int:
    """Three days in one process: the first loads the compiled search, the later ones are a worker's everyday."""
    call = arguments("A day's receipts in the application", argv, options={"--only": {"choices": list(_VENDORS)}})
    figures: list[Figure] = []
    for vendor in _VENDORS:
        if call.extra["only"] in (None, vendor):
            figures += _of(vendor, call.scaled(_OPEN))
    return report(call, figures)


def _of(vendor: str, items: int) -> list[Figure]:
    if vendor == "PostgreSQL" and server_folder() is None:
        return [Figure("PostgreSQL: not installed", "not measured")]
    with tempfile.TemporaryDirectory(prefix="encours-daily-") as name:
        folder = Path(name)
        days = write_days(folder, items)
        with throwaway_cluster() if vendor == "PostgreSQL" else nullcontext() as server:
            url = create_database(server, "daily") if server else f"sqlite:///{folder / 'daily.sqlite3'}"
            done = measure(live, str(folder / "home"), url, str(folder / "book"), days).value
    first, last = done["days"][0], sorted(done["days"][1:])[0]
    return [
        Figure(f"{vendor}: open items", done["open"]),
        Figure(f"{vendor}: receipts a day", _DAILY),
        Figure(f"{vendor}: open proposals in the end", done["proposals"]),
        Figure(f"{vendor}: from file to queue", round(last[0], 2), "s", at_most=5),
        *(
            Figure(f"{vendor}: of it, {part}", round(last[place], 2), "s")
            for place, part in ((1, "import"), (2, "matching"), (3, "page"))
        ),
        Figure(f"{vendor}: the first day of a process", round(first[0], 2), "s"),
        Figure(f"{vendor}: peak memory", done["peak_mb"], "MB"),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
