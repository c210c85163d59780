"""A sample company of a million invoices: book and truth in memory, the money invariants checked after it."""

from __future__ import annotations

from datetime import date

from benchmarks.harness import Figure, arguments, measure, report
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions

#: At three invoices a month and customer, two years of this many customers are a little more than a million invoices.
_CUSTOMERS = 16_000
_INVOICES = 1_000_000


def make(customers: int) -> dict[str, int]:
    """Generates the company and counts what came out."""
    sample = sample_company(SampleOptions(last_day=date(2026, 10, 31), customers=customers), with_journal=False)
    return {"invoices": sample.invoices.height, "receipts": sample.book.receipts.height}


def main(argv: list[str] | None = None) -> int:
    """Prints time and memory of the generator; 1 where a bar is not held."""
    call = arguments("A sample company of a million invoices", argv)
    run = measure(make, max(50, call.scaled(_CUSTOMERS)))
    return report(
        call,
        [
            Figure("wall time", run.wall_seconds, "s", at_most=120),
            Figure("peak memory", run.peak_mb, "MB"),
            Figure("invoices and credit notes", run.value["invoices"], at_least=call.scaled(_INVOICES)),
            Figure("receipts", run.value["receipts"]),
        ],
    )


if __name__ == "__main__":
    raise SystemExit(main())
