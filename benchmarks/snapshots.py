"""Thirty daily lists of open items: the store equals the ERP's truth every day, and a list cut short is held."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from benchmarks.harness import Figure, arguments, measure, report
from benchmarks.import_book import start


def replay(home: str, days: int) -> dict[str, int]:
    """The sample company's lists of `days` working days into a fresh store: what differed, whether a cut one held."""
    start(home, f"sqlite:///{home}/encours.sqlite3")
    from encours.connectors.sheet.write import write_open_items_snapshot
    from encours.core.sample.company import sample_company
    from encours.core.sample.options import SampleOptions
    from encours.store import audit
    from encours.store.models import Allocation, Import
    from tests.journeys.imports import bring, company, replay_lists, working_days

    book = sample_company(SampleOptions(customers=200, months=12, last_day=date(2026, 10, 31))).book
    actor, entity = company(book.entities), str(book.entities["entity_id"][0])
    *before, last = working_days(date(2026, 10, 1), days + 1)
    differs, imports = replay_lists(actor, entity, book, before, Path(home))
    whole, cut = Path(home) / "whole.csv", Path(home) / "cut.csv"
    write_open_items_snapshot(book, last, whole)
    lines = whole.read_text(encoding="utf-8-sig").splitlines()
    cut.write_text("\n".join(lines[: len(lines) // 2]) + "\n", encoding="utf-8-sig")
    known = Allocation.objects.count()
    held = bring(actor, entity, [cut], known_on=last, scope="snapshot")
    return {
        "lists": len(imports),
        "lines": len(lines) - 1,
        "differing": sum(one.rows.height for one in differs),
        "inferred": Allocation.objects.filter(source__startswith="snapshot:").count(),
        "held": int(held.state == Import.State.HELD and Allocation.objects.count() == known),
        "intact": int(audit.verify().intact),
    }


def main(argv: list[str] | None = None) -> int:
    """Prints what was found on every day."""
    call = arguments("Daily lists of open items into the store", argv)
    with tempfile.TemporaryDirectory(prefix="encours-lists-") as home:
        run = measure(replay, home, call.scaled(30))
    found = run.value
    return report(
        call,
        [
            Figure("lists imported", found["lists"]),
            Figure("open lines of the last one", found["lines"]),
            Figure("settlements inferred between two lists", found["inferred"]),
            Figure("customers and numbers that differ from the truth, all days", found["differing"], at_most=0),
            Figure("the list cut in half was held and changed nothing", found["held"], at_least=1),
            Figure("audit chain intact", found["intact"], at_least=1),
            Figure("wall time", round(run.wall_seconds, 1), "s"),
        ],
    )


if __name__ == "__main__":
    raise SystemExit(main())
